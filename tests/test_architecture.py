"""The house keeps its own rules: imports go one way, files and functions stay short."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
LINES_A_FILE, LINES_A_FUNCTION = 300, 40


def _sources() -> list[Path]:
    return sorted(path for top in ("connector", "deploy") for path in (ROOT / top).rglob("*.py"))


def test_imports_go_one_way() -> None:
    """Every import contract of pyproject.toml is kept."""
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout


def test_files_are_short() -> None:
    """No file has more than 300 lines."""
    long = [f"{path.relative_to(ROOT)}: {count}" for path in _sources() if (count := _lines(path)) > LINES_A_FILE]
    assert long == []


def test_functions_are_short() -> None:
    """No function has more than 40 lines; schema migrations are lists and may."""
    long = [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}: {length}"
        for path in _sources()
        if "migrations" not in path.parts
        for node in _functions(path)
        if (length := (node.end_lineno or node.lineno) - node.lineno + 1) > LINES_A_FUNCTION
    ]
    assert long == []


def _lines(path: Path) -> int:
    return len(path.read_text().splitlines())


def _functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node
