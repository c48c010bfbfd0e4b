"""Random expressions of the SQL subset in the dialect of MariaDB and MySQL, over nasty values of every kind.

Types are mixed where the server mixes them; what docs/shop-file.md says to differ is left out.
"""

from __future__ import annotations

import random
from collections.abc import Callable

# MariaDB's precedence, loosest first
OR, XOR, AND, NOT, BETWEEN, COMPARE, ADD, MULTIPLY, SIGN, COLLATE, PRIMARY = range(11)
Sql = tuple[str, int]
Form = Callable[[int], Sql]

LEAVES = {
    "text": ["a", "b", "a", "b", "'ab'", "'Ärger '", "''", "'5'", "'7.5x'", '"x_y"'],
    "whole": ["i", "j", "i", "j", "2", "0", "17", "-3"],
    "decimal": ["n", "m", "n", "m", "1.5", "0.25", "100.00"],
    "double": ["f", "g", "f", "1e0", "2.5e-1"],
    "truth": ["p", "q", "true", "false"],
    "day": ["d", "e", "d", "date '2024-02-29'"],
    "stamp": ["s", "s", "t", "timestamp '2023-12-31 00:00:00'"],
}
JSON_VALUES = ("'y'", "'Y'", "'5'", "'text '", "'two'", "5", "1.5", "'1'")
NUMBERS = ("whole", "decimal", "double")


class Generator:
    """Expressions with as few brackets as the server needs, so that the parsers are compared too."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._mixed = 0

    def expression(self) -> str:
        kind = self._random.choice(
            ("text", "whole", "decimal", "double", "truth", "truth", "day", "stamp", "read", "json")
        )
        if kind in ("read", "json"):
            return self._read(2)[0] if kind == "read" else self._of_json(2)
        return self._make(kind, 3)[0]

    def _pick(self, *choices: str) -> str:
        return self._random.choice(choices)

    def _make(self, kind: str, depth: int) -> Sql:
        if depth <= 0 or self._random.random() < 0.15:
            return self._leaf(kind), PRIMARY
        return self._random.choice(self._forms(kind))(depth - 1)

    def _leaf(self, kind: str) -> str:
        return self._random.choice(LEAVES[kind])

    def _of(self, kind: str, depth: int, level: int = OR) -> str:
        text, own = self._make(kind, depth)
        return text if own >= level and self._random.random() < 0.9 else f"({text})"

    def _number(self, kind: str, depth: int, level: int) -> str:
        """An operand of arithmetic, where a CAST to CHAR is refused."""
        text = self._of(kind, depth, level)
        return text if not (kind == "text" and " as char" in text) else self._leaf("text")

    def _forms(self, kind: str) -> list[Form]:
        own: dict[str, list[Form]] = {
            "text": [self._text, self._text, self._cast_text, self._choice("text")],
            "whole": [self._arithmetic("whole"), self._arithmetic("whole"), self._whole, self._choice("whole")],
            "decimal": [self._arithmetic("decimal"), self._arithmetic("decimal"), self._divide, self._decimal],
            "double": [self._arithmetic("double"), self._double, self._choice("double")],
            "truth": [self._compare, self._compare, self._logic, self._logic, self._test, self._like, self._member],
            "day": [self._day, self._choice("day")],
            "stamp": [self._stamp, self._choice("stamp")],
        }
        return own[kind]

    def _text(self, depth: int) -> Sql:
        value = self._of("text", depth)
        small = self._pick("1", "2", "0", "-1", "-2", "3", "k - 5", "1.5")
        part = self._pick("' '", "'a'", "','", "'ab'", "''", "b")
        other = (
            self._of(self._pick("text", "whole", "day"), depth) if self._random.random() < 0.8 else self._flag(depth)
        )
        return self._pick(
            f"lower({value})", f"upper({value})", f"trim({value})", f"ltrim({value})", f"rtrim({value})",
            f"trim(both {part} from {value})", f"trim(leading {part} from {value})",
            f"trim(trailing {part} from {value})", f"substring({value}, {small})", f"substr({value}, {small}, 2)",
            f"substring({value} from {small} for 3)", f"left({value}, {small})", f"right({value}, {small})",
            f"substring_index({value}, {part}, {self._pick('1', '2', '0', '-1', '-2')})",
            f"replace({value}, {part}, 'Z')", f"concat({value}, {other})", f"concat_ws({part}, {value}, {other})",
        ), PRIMARY  # fmt: skip

    def _cast_text(self, depth: int) -> Sql:
        kind = self._pick("whole", "decimal", "double", "day", "text")
        value = self._of(kind, 0 if kind == "double" else depth) if self._random.random() < 0.9 else self._flag(depth)
        return f"cast({value} as {self._pick('char', 'char(3)')})", PRIMARY

    def _flag(self, depth: int) -> str:
        """A truth value that is none of a BIT column, which as text is a byte."""
        return self._random.choice((self._compare, self._test, self._like, self._member))(depth)[0]

    def _of_json(self, depth: int) -> str:
        """JSON is compared exactly, with literals at least."""
        found, text, value = self._json(), self._of("text", depth), self._pick(*JSON_VALUES)
        return self._pick(
            found, f"{found} = {value}", f"{found} like {value}", f"{found} + 1", f"concat({found}, {text})",
            f"coalesce({found}, {text})", f"{found} is null", f"{found} > {self._leaf('whole')}", f"length({found})",
            f"{found} in ({', '.join(JSON_VALUES)})", f"replace({found}, 'e', 'Z')", "json_extract(js, '$.x') is null",
            f"cast({found} as decimal(9,2))",
        )  # fmt: skip

    def _json(self) -> str:
        path = self._pick(
            "$.x", "$.n", "$.t", "$.z", "$.l", "$.o", "$.l[1]", "$.l[2].k", '$.o."a b"', "$.o.u", "$.l[0]", "$[0]",
            "$[1]", "$.x[0]", "$", "$.X",
        )  # fmt: skip
        return self._pick(f"json_value(js, '{path}')", f"json_unquote(json_extract(js, '{path}'))")

    def _choice(self, kind: str) -> Form:
        def form(depth: int) -> Sql:
            self._mixed += 1
            first, second, other = self._of(kind, depth), self._of(kind, depth), self._pick("text", "whole", "day")
            self._mixed -= 1
            return self._pick(
                f"coalesce({first}, {second})", f"ifnull({first}, {second})", f"nullif({first}, {second})",
                f"if({self._of('truth', depth)}, {first}, {second})",
                f"case when {self._of('truth', depth)} then {first} else {second} end",
                f"case {self._of(other, depth)} when {self._of(other, depth)} then {first} end",
            ), PRIMARY  # fmt: skip

        return form

    def _arithmetic(self, kind: str) -> Form:
        def form(depth: int) -> Sql:
            sign = self._pick("+", "-", "*", "%", "mod")
            level = ADD if sign in "+-" else MULTIPLY
            if kind == "decimal" and sign in ("%", "mod"):  # the server's zero has a sign after a remainder
                return f"{self._of(kind, depth, level)} {sign} {self._of('whole', depth, level + 1)} + 0", ADD
            if self._random.random() < 0.1:
                return f"{self._of(kind, depth, level)} {sign} ({self._compare(depth)[0]})", level
            other = kind if self._random.random() < 0.8 else "whole"
            return f"{self._of(kind, depth, level)} {sign} {self._of(other, depth, level + 1)}", level

        return form

    def _divide(self, depth: int) -> Sql:
        first, second = self._pick("whole", "decimal"), self._pick("whole", "decimal")
        return f"{self._of(first, depth, MULTIPLY)} / {self._of(second, depth, SIGN)}", MULTIPLY

    def _whole(self, depth: int) -> Sql:
        kind = self._pick(*NUMBERS, "text", "truth")
        target = self._pick("signed", "signed integer", "signed" if self._mixed else "unsigned")
        first, second = self._pick("whole", "decimal", "text"), self._pick("whole", "decimal")
        return self._random.choice((
            (f"{self._pick('length', 'char_length')}({self._of('text', depth)})", PRIMARY),
            (f"- {self._of('whole', depth, PRIMARY)}", SIGN),
            (f"cast({self._of(kind, depth)} as {target})", PRIMARY),
            (f"round({self._signed(depth)}, {self._pick('0', '1')})", PRIMARY),
            (f"{self._number(first, depth, MULTIPLY)} div {self._of(second, depth, SIGN)}", MULTIPLY),
        ))  # fmt: skip

    def _signed(self, depth: int) -> str:
        self._mixed += 1
        text = self._of("whole", depth)
        self._mixed -= 1
        return text

    def _decimal(self, depth: int) -> Sql:
        kind, size = self._pick(*NUMBERS, "text", "truth"), self._pick("", "(9,3)", "(5,2)", "(30,10)", "(4)")
        return self._random.choice((
            (f"round({self._of('decimal', depth)}, {self._pick('0', '1', '2', '4', '-2', 'k')})", PRIMARY),
            (f"round({self._of('decimal', depth)})", PRIMARY),
            (f"cast({self._of(kind, depth)} as decimal{size})", PRIMARY),
            (f"- {self._of('decimal', depth, PRIMARY)}", SIGN),
        ))  # fmt: skip

    def _double(self, depth: int) -> Sql:
        kind = self._pick("text", "double", "decimal", "whole")
        return self._random.choice((
            (f"{self._number('text', depth, ADD)} {self._pick('+', '-')} {self._number(kind, depth, MULTIPLY)}", ADD),
            (f"{self._of('double', depth, MULTIPLY)} / {self._number(kind, depth, SIGN)}", MULTIPLY),
            (f"- {self._number(self._pick('double', 'text'), depth, PRIMARY)}", SIGN),
            (f"cast({self._of(kind, depth)} as double)", PRIMARY),
            (f"round({self._of('double', depth)}, {self._pick('0', '1', '-1')})", PRIMARY),
        ))  # fmt: skip

    def _compare(self, depth: int) -> Sql:
        sign = self._pick("=", "<>", "!=", "<", "<=", ">", ">=", "<=>")
        kinds = (
            ("text", "text"), ("text", "text"), ("text", "whole"), ("text", "decimal"), ("whole", "decimal"),
            ("double", "decimal"), ("whole", "whole"), ("day", "day"), ("day", "stamp"), ("truth", "truth"),
            ("truth", "whole"), ("text", "double"),
        )  # fmt: skip
        pair = self._random.choice(kinds)
        left, right = pair if self._random.random() < 0.5 else pair[::-1]
        collate = " collate utf8mb4_bin" if pair == ("text", "text") and self._random.random() < 0.2 else ""
        if left in ("day", "stamp") and self._random.random() < 0.25:
            return f"{self._of(left, depth, ADD)} {sign} '2024-02-29'", COMPARE
        if left == right:
            return (
                f"{self._of(left, depth, PRIMARY if collate else ADD)}{collate} {sign} {self._of(right, depth, ADD)}",
                COMPARE,
            )
        return f"{self._number(left, depth, ADD)} {sign} {self._number(right, depth, ADD)}", COMPARE

    def _logic(self, depth: int) -> Sql:
        kind = self._pick("truth", "truth", "truth", "whole", "text", "decimal")
        form = self._pick("and", "or", "not", "xor", "&&", "||", "!")
        if form == "!":
            return f"!{self._of('truth', depth, PRIMARY)}", SIGN
        if form == "not":
            return f"not {self._number(kind, depth, NOT)}", NOT
        level = {"and": AND, "&&": AND, "xor": XOR}.get(form, OR)
        return f"{self._of('truth', depth, level)} {form} {self._number(kind, depth, level + 1)}", level

    def _test(self, depth: int) -> Sql:
        word = self._pick("is null", "is not null", "is true", "is not false", "is unknown", "is not true")
        kind = self._pick(*LEAVES) if word.endswith("null") else self._pick("truth", "whole", "text")
        return f"{self._of(kind, depth, ADD)} {word}", COMPARE

    def _like(self, depth: int) -> Sql:
        pattern = self._pick(
            "'a%'", "'%B%'", "'_'", "'%ä%'", "'a\\\\%'", "'x!%%' escape '!'", "'%'", "b", "'a.b'", "''", "'%5'", "'_B '"
        )
        kind = self._pick("text", "text", "whole", "decimal")
        collate = " collate utf8mb4_bin" if self._random.random() < 0.2 else ""
        level = PRIMARY if collate else ADD
        return f"{self._of(kind, depth, level)}{collate} {self._pick('like', 'not like')} {pattern}", COMPARE

    def _member(self, depth: int) -> Sql:
        kind, word = self._pick("text", "whole", "decimal", "day"), self._pick("", "not ")
        value = self._of(kind, depth, ADD)
        if self._random.random() < 0.5:
            high = "5" if kind == "text" and self._random.random() < 0.2 else self._of(kind, depth, ADD)
            return f"{value} {word}between {self._of(kind, depth, ADD)} and {high}", BETWEEN
        choices = [self._leaf(kind), *(self._pick(*LEAVES[kind], "null") for _ in range(2))]
        return f"{value} {word}in ({', '.join(choices)})", COMPARE

    def _day(self, _: int) -> Sql:
        return self._pick("cast(s as date)", "cast(d as date)", "cast(t as date)"), PRIMARY

    def _stamp(self, _: int) -> Sql:
        return f"cast({self._pick('d', 's', 't')} as datetime{self._pick('', '(3)', '(6)')})", PRIMARY

    def _read(self, depth: int) -> Sql:
        """Dates from text, in a column that holds what is a date, and what begins like none."""
        return self._pick(
            "cast(w as date)", f"cast(w as datetime{self._pick('', '(3)', '(6)')})", "cast(w as date) is null",
            f"coalesce(cast(w as date), {self._of('day', depth)})", "concat(cast(w as datetime), a)",
        ), PRIMARY  # fmt: skip
