"""What can be asked on the command line, and the exit codes.

0 done, or all is up; 1 a part did not come up; 2 a mistake on the command line; 3 `status`: something is not up;
4 a port is taken; 5 a program of the operating system is missing.
"""

from __future__ import annotations

import argparse
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from deploy.local import lifecycle
from deploy.local.errors import StackError, UsageError
from deploy.local.lifecycle import State
from deploy.local.packages import PACKAGES, ensure
from deploy.local.parts import NAMES, parts, with_needs
from deploy.local.parts.part import Part
from deploy.local.stack import DEFAULT_HOME, Stack, environment_lines, open_stack, remembered_port_base

NOT_ALL_UP = 3

Command = Callable[[Stack, argparse.Namespace], int]


def main(arguments: Sequence[str]) -> int:
    options = parser().parse_args(arguments)
    try:
        require_linux()
        stack = open_stack(options.home, options.port_base)
        command: Command = options.command
        return command(stack, options)
    except (StackError, OSError) as error:
        print(f"\n{error}", file=sys.stderr)
        return getattr(error, "exit_code", StackError.exit_code)
    except KeyboardInterrupt:
        print("\ninterrupted; what was started keeps running: see `status`, `down`", file=sys.stderr)
        return 128 + signal.SIGINT


def require_linux() -> None:
    if not Path("/proc/self/stat").exists():
        raise StackError(
            "the local stack tells its processes by /proc, so it runs on Linux; elsewhere: docker compose up"
        )


def parser() -> argparse.ArgumentParser:
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--home", type=Path, default=DEFAULT_HOME, help="folder of data, logs and pids (%(default)s)")
    common.add_argument("--port-base", type=int, help="ports start here (the stack's last one, or 19000)")
    some = argparse.ArgumentParser(add_help=False, parents=[common])
    some.add_argument("--only", metavar="PART,...", type=part_names, help=f"of {','.join(NAMES)}; and what they need")
    one = argparse.ArgumentParser(add_help=False, parents=[common])
    one.add_argument("part", choices=NAMES)
    top = argparse.ArgumentParser(prog="python3 -m deploy.local", description=__doc__.replace("\n", " "))
    commands = top.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, parent: argparse.ArgumentParser, command: Command, text: str) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, parents=[parent], help=text, description=text)
        sub.set_defaults(command=command)
        return sub

    add("up", some, do_up, "start what is not running and wait until it is healthy")
    add("down", some, do_down, "stop what this stack started")
    add("status", common, do_status, "one line for each part; exit code 3 when one is not up")
    logs = add("logs", common, do_logs, "the last lines of the logs")
    logs.add_argument("part", choices=NAMES, nargs="?", help="of this part only")
    logs.add_argument("-n", "--lines", type=int, default=20, help="how many (%(default)s)")
    logs.add_argument("-f", "--follow", action="store_true", help="go on until Ctrl-C")
    add("env", common, do_env, "the addresses as KEY=VALUE lines, as in <home>/env")
    add("packages", common, do_packages, "install the programs of the operating system that are missing, or name them")
    add("start", one, do_start, "start one part and what it needs")
    add("stop", one, do_stop, "stop one part")
    add("restart", one, do_restart, "stop one part and start it again")
    add("kill", one, do_kill, "end one part by SIGKILL, as a crash would")
    return top


def part_names(text: str) -> set[str]:
    names = {name.strip() for name in text.split(",") if name.strip()}
    if unknown := sorted(names - set(NAMES)):
        raise argparse.ArgumentTypeError(f"no such part: {', '.join(unknown)}; there are {', '.join(NAMES)}")
    return names


def chosen(stack: Stack, names: set[str] | None) -> dict[str, Part]:
    known = parts(stack)
    wanted = with_needs(names, known) if names else set(known)
    return {name: part for name, part in known.items() if name in wanted}


def start(stack: Stack, names: set[str] | None) -> int:
    with lifecycle.exclusive(stack):
        require_same_ports(stack)
        lifecycle.up(stack, chosen(stack, names), lifecycle.printer())
    return 0


def require_same_ports(stack: Stack) -> None:
    """Raises UsageError when parts of this home run on other ports: half a stack would talk to nobody."""
    before = remembered_port_base(stack.home)
    running = [name for name in NAMES if lifecycle.is_running(stack, name)]
    if running and before != stack.port_base:
        raise UsageError(
            f"{', '.join(running)} of {stack.home} run on ports from {before}, not from {stack.port_base}. "
            f"Take the stack down first, or use another --home beside it"
        )


def do_up(stack: Stack, options: argparse.Namespace) -> int:
    return start(stack, options.only)


def do_start(stack: Stack, options: argparse.Namespace) -> int:
    return start(stack, {options.part})


def do_down(stack: Stack, options: argparse.Namespace) -> int:
    known = parts(stack)
    stopped = {name: part for name, part in known.items() if not options.only or name in options.only}
    with lifecycle.exclusive(stack):
        lifecycle.down(stack, stopped, lifecycle.printer())
    return 0


def end(stack: Stack, name: str, how: signal.Signals | None = None) -> int:
    part = parts(stack)[name]
    with lifecycle.exclusive(stack):
        lifecycle.take_down(stack, part, how or part.stop_signal, lifecycle.printer())
    return 0


def do_stop(stack: Stack, options: argparse.Namespace) -> int:
    return end(stack, options.part)


def do_kill(stack: Stack, options: argparse.Namespace) -> int:
    return end(stack, options.part, signal.SIGKILL)


def do_restart(stack: Stack, options: argparse.Namespace) -> int:
    end(stack, options.part)
    return start(stack, {options.part})


def do_status(stack: Stack, _options: argparse.Namespace) -> int:
    looks = [lifecycle.look(stack, part) for part in parts(stack).values()]
    print(f"{stack.home}")
    for seen in looks:
        where = f"127.0.0.1:{seen.part.ports[0]}"
        pid = f"pid {seen.pid}" if seen.pid else ""
        print(f"{seen.part.name:<10}{seen.state.value:<11}{where:<17}{pid:<13}{seen.reason}".rstrip())
    return 0 if all(seen.state is State.UP for seen in looks) else NOT_ALL_UP


def do_logs(stack: Stack, options: argparse.Namespace) -> int:
    names = [options.part] if options.part else NAMES
    logs = [str(log) for name in names if (log := stack.log(name)).exists()]
    if not logs:
        raise StackError(f"there are no logs in {stack.logs}: nothing was started yet")
    follow = ["-F"] if options.follow else []
    return subprocess.run(["tail", "-n", str(options.lines), *follow, *logs], check=False).returncode


def do_env(stack: Stack, _options: argparse.Namespace) -> int:
    print(environment_lines(stack), end="")
    return 0


def do_packages(_stack: Stack, _options: argparse.Namespace) -> int:
    ensure(PACKAGES, lifecycle.printer())
    return 0
