"""Random expressions of the SQL subset, typed so that PostgreSQL takes every one of them."""

from __future__ import annotations

import random
from collections.abc import Callable

COLLATION = ' COLLATE "C.utf8"'

# PostgreSQL's precedence, loosest first
OR, AND, NOT, IS, COMPARE, LIKE, OTHER, ADD, MULTIPLY, SIGN, CAST, PRIMARY = range(12)
Sql = tuple[str, int]


class Generator:
    """Expressions with as few brackets as PostgreSQL needs, so that the parsers are compared too.

    `/*(*/` and `/*)*/` stand around texts that PostgreSQL would otherwise compare by the database's own collation.
    """

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def expression(self) -> str:
        kind = self._random.choice(("text", "whole", "decimal", "truth", "truth", "day", "stamp"))
        return self._make(kind, 3)[0]

    def _make(self, kind: str, depth: int) -> Sql:
        if depth <= 0 or self._random.random() < 0.15:
            return self._leaf(kind)
        return self._random.choice(self._forms(kind))(depth - 1)

    def _of(self, kind: str, depth: int, level: int) -> str:
        text, own = self._make(kind, depth)
        return text if own >= level and self._random.random() < 0.9 else f"({text})"

    def _leaf(self, kind: str) -> Sql:
        return self._random.choice(LEAVES[kind]), PRIMARY

    def _forms(self, kind: str) -> list[Callable[[int], Sql]]:
        own: dict[str, list[Callable[[int], Sql]]] = {
            "text": [self._text_function, self._text_function, self._join, self._cast_text, self._json,
                     self._choice("text")],
            "whole": [self._arithmetic("whole"), self._arithmetic("whole"), self._whole, self._choice("whole")],
            "decimal": [self._arithmetic("decimal"), self._arithmetic("decimal"), self._decimal,
                        self._choice("decimal")],
            "truth": [self._compare, self._compare, self._logic, self._logic, self._test, self._like, self._member,
                      self._choice("truth")],
            "day": [self._cast_day, self._choice("day")],
            "stamp": [self._cast_stamp, self._choice("stamp")],
        }  # fmt: skip
        return own[kind]

    def _text_function(self, depth: int) -> Sql:
        def of(kind: str) -> str:
            return self._of(kind, depth, OR)

        small = self._random.choice(("1", "2", "0", "-1", "3", "k"))
        literal = self._random.choice(("' '", "'a'", "','", "'ab'", "''", "b"))
        form = self._random.choice((
            f"lower({of('text')})", f"upper({of('text')})", f"trim({of('text')})", f"ltrim({of('text')}, {literal})",
            f"rtrim({of('text')})", f"btrim({of('text')}, {literal})", f"trim(both {literal} from {of('text')})",
            f"trim(leading from {of('text')})", f"substring({of('text')} from {small} for 2)",
            f"substring({of('text')}, {small})", f"split_part({of('text')}, {literal}, {small})",
            f"replace({of('text')}, {literal}, 'Z')", f"/*(*/concat({of('text')}, {of('whole')}, {of('truth')})/*)*/",
        ))  # fmt: skip
        return form, PRIMARY

    def _join(self, depth: int) -> Sql:
        left = self._of("text", depth, OTHER)
        return f"{left} || {self._of(self._random.choice(('text', 'whole', 'decimal', 'day')), depth, ADD)}", OTHER

    def _cast_text(self, depth: int) -> Sql:
        kind = self._random.choice(("whole", "decimal", "truth", "day", "stamp"))
        if self._random.random() < 0.5:
            return f"/*(*/{self._of(kind, depth, PRIMARY)}::text/*)*/", CAST
        target = self._random.choice(("text", "varchar", "varchar(3)"))
        return f"/*(*/cast({self._of(kind, depth, OR)} as {target})/*)*/", PRIMARY

    def _json(self, _: int) -> Sql:
        path = self._random.choice((
            "->> 'x'", "->> 'n'", "->> 't'", "->> 'z'", "->> 'l'", "->> 'o'", "-> 'l' ->> 1", "-> 'l' -> 2 ->> 'k'",
            "-> 'o' ->> 'a b'", "-> 'o' ->> 'u'", "#>> '{l,0}'", "#>> '{o,a b}'", "->> 0", "#>> '{l,2,k}'",
        ))  # fmt: skip
        return f"js {path}", OTHER

    def _choice(self, kind: str) -> Callable[[int], Sql]:
        def form(depth: int) -> Sql:
            first, second = self._of(kind, depth, OR), self._of(kind, depth, OR)
            other = self._random.choice(("text", "whole", "day"))
            return self._random.choice((
                f"coalesce({first}, {second})", f"nullif({first}, {second})",
                f"case when {self._of('truth', depth, OR)} then {first} else {second} end",
                f"case {self._of(other, depth, OR)} when {self._of(other, depth, OR)} then {first} end",
            )), PRIMARY  # fmt: skip

        return form

    def _arithmetic(self, kind: str) -> Callable[[int], Sql]:
        def form(depth: int) -> Sql:
            sign = self._random.choice(("+", "-", "*", "/", "%"))
            level = ADD if sign in "+-" else MULTIPLY
            other = kind if self._random.random() < 0.7 else "whole"
            return f"{self._of(kind, depth, level)} {sign} {self._of(other, depth, level + 1)}", level

        return form

    def _whole(self, depth: int) -> Sql:
        return self._random.choice((
            (f"length({self._of('text', depth, OR)})", PRIMARY), (f"- {self._of('whole', depth, PRIMARY)}", SIGN),
            (f"cast({self._of('decimal', depth, OR)} as bigint)", PRIMARY),
            (f"cast({self._of('text', depth, OR)} as bigint)", PRIMARY),
            (f"{self._of('whole', depth, PRIMARY)}::int", CAST),
        ))  # fmt: skip

    def _decimal(self, depth: int) -> Sql:
        digits = self._random.choice(("0", "1", "2", "-2"))
        return self._random.choice((
            (f"round({self._of('decimal', depth, OR)}, {digits})", PRIMARY),
            (f"round({self._of('decimal', depth, OR)})", PRIMARY),
            (f"cast({self._of('whole', depth, OR)} as numeric(9,3))", PRIMARY),
            (f"cast({self._of('text', depth, OR)} as numeric)", PRIMARY),
            (f"{self._of('decimal', depth, PRIMARY)}::numeric(8,1)", CAST),
            (f"- {self._of('decimal', depth, PRIMARY)}", SIGN),
        ))  # fmt: skip

    def _compare(self, depth: int) -> Sql:
        sign = self._random.choice(("=", "<>", "<", "<=", ">", ">=", "is distinct from", "is not distinct from"))
        kinds = (
            ("text", "text"),
            ("whole", "decimal"),
            ("whole", "whole"),
            ("day", "day"),
            ("day", "stamp"),
            ("truth", "truth"),
        )
        left, right = self._random.choice(kinds)
        level = IS if sign.startswith("is") else COMPARE
        first = self._of(left, depth, level + 1)
        if left == right and self._random.random() < 0.25:
            return f"{first} {sign} {self._random.choice(QUOTED[left])}", level
        return f"{first} {sign} {self._of(right, depth, level + 1)}", level

    def _logic(self, depth: int) -> Sql:
        form = self._random.choice(("and", "or", "not"))
        if form == "not":
            return f"not {self._of('truth', depth, NOT)}", NOT
        level = AND if form == "and" else OR
        return f"{self._of('truth', depth, level)} {form} {self._of('truth', depth, level + 1)}", level

    def _test(self, depth: int) -> Sql:
        word = self._random.choice(("is null", "is not null", "is true", "is not false", "is unknown"))
        kind = self._random.choice(tuple(LEAVES)) if word.endswith("null") else "truth"
        return f"{self._of(kind, depth, COMPARE)} {word}", IS

    def _like(self, depth: int) -> Sql:
        word = self._random.choice(("like", "not like", "ilike", "not ilike"))
        pattern = self._random.choice(
            ("'a%'", "'%B%'", "'_'", "'%ä%'", "'a\\%'", "'x!%%' escape '!'", "'%'", "b", "'a.b'", "''")
        )
        return f"{self._of('text', depth, OTHER)} {word} {pattern}", LIKE

    def _member(self, depth: int) -> Sql:
        kind = self._random.choice(("text", "whole", "decimal", "day"))
        value, word = self._of(kind, depth, OTHER), self._random.choice(("", "not "))
        if self._random.random() < 0.5:
            low, high = self._of(kind, depth, OTHER), self._of(kind, depth, OTHER)
            return f"{value} {word}between {low} and {high}", LIKE
        choices = [self._leaf(kind)[0], *(self._random.choice((*LEAVES[kind], "null")) for _ in range(2))]
        return f"{value} {word}in ({', '.join(choices)})", LIKE

    def _cast_day(self, depth: int) -> Sql:
        """From text only leaves: PostgreSQL reads far more of what joined texts might be than ISO."""
        kind = self._random.choice(("stamp", "text"))
        return f"cast({self._of(kind, depth if kind == 'stamp' else 0, OR)} as date)", PRIMARY

    def _cast_stamp(self, depth: int) -> Sql:
        kind = self._random.choice(("day", "text", "stamp"))
        return f"cast({self._of(kind, 0 if kind == 'text' else depth, OR)} as timestamp)", PRIMARY


LITERALS = {
    "ab": ("text", "'ab'"),
    "sigma": ("text", "'Σ x'"),
    "empty": ("text", "''"),
    "five": ("text", "'5'"),
    "two": ("bigint", "2"),
    "nought": ("bigint", "0"),
    "more": ("bigint", "17"),
    "half": ("numeric", "1.5"),
    "quarter": ("numeric", "0.25"),
    "hundred": ("numeric", "100.00"),
    "leap": ("date", "(date '2024-02-29')"),
    "eve": ("timestamp", "(timestamp '2023-12-31 00:00:00')"),
}
"""Literals stand in columns for PostgreSQL, else it computes with them before it looks at any row."""
LEAVES = {
    "text": ["a", "b", "a", "b", "{ab}", "{sigma}", "{empty}", "{five}"],
    "whole": ["i", "j", "i", "j", "{two}", "{nought}", "{more}"],
    "decimal": ["n", "m", "n", "m", "{half}", "{quarter}", "{hundred}"],
    "truth": ["p", "q"],
    "day": ["d", "e", "d", "{leap}"],
    "stamp": ["s", "s", "{eve}"],
}
QUOTED = {
    "text": ["'ab'", "''"],
    "whole": ["'5'", "' -7 '"],
    "decimal": ["'1.50'"],
    "day": ["'2024-02-29'"],
    "truth": ["'t'", "'no'"],
}


def with_literals(template: str) -> str:
    """The expression as a shop file would have it."""
    for name, (_, literal) in LITERALS.items():
        template = template.replace("{" + name + "}", literal)
    return template.replace("/*(*/", "").replace("/*)*/", "")


def for_postgres(template: str) -> str:
    """The same for PostgreSQL: literals are columns, and texts compare by code point."""
    for name in LITERALS:
        template = template.replace("{" + name + "}", f"c_{name}")
    return template.replace("/*(*/", "(").replace("/*)*/", f"{COLLATION})")
