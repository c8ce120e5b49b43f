"""Faults in queries that cosmic-ray does not make: one condition of a statement no longer holds."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

CONDITION, SQL_CONDITION = "leave out a condition", "leave out a condition of SQL"

# What ends a condition in a statement of SQL. Behind WHERE and ON stands one even without AND.
_TOKEN = re.compile(
    r"""IS\s+(?:NOT\s+)?DISTINCT\s+FROM|'[^'\n]*'|\{[^{}]*\}|["(),;]|\b(?:AND|OR|BETWEEN|WHERE|ON|SELECT|FROM|SET|WHEN"""
    r"""|THEN|ELSE|END|ORDER|GROUP|LIMIT|RETURNING|FOR|UNION|HAVING|JOIN|LEFT|CROSS|UPDATE|INSERT|DELETE|VALUES"""
    r"""|DO|AS|WITH|USING)\b"""
)
_ALONE = frozenset({"WHERE", "ON"})
_IS_SQL = re.compile(r"\b(?:WHERE|AND|OR)\s")
_COMPARES = re.compile(r"[=<>{]|\b(?:IS|IN|EXISTS|ANY|NOT|BETWEEN)\b")


@dataclass(frozen=True)
class Place:
    """A condition: the characters of the source that it takes, and what stands there in a fault."""

    kind: str
    begin: int
    end: int
    instead: str
    line: int
    column: int


def without(source: str, line: int, column: int) -> str:
    """The source in which the condition at this place always holds (or, one of alternatives, never)."""
    place = next(one for one in places(source) if (one.line, one.column) == (line, column))
    return source[: place.begin] + place.instead + source[place.end :]


def places(source: str) -> Iterator[Place]:
    """Each argument of ``where`` and ``and_``, and each condition of a statement that is written out."""
    lines = source.splitlines(keepends=True)
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))

    def at(line: int, column: int) -> int:
        return starts[line - 1] + len(lines[line - 1].encode()[:column].decode())

    def span(node: ast.expr) -> tuple[int, int]:
        last, end = node.end_lineno or node.lineno, node.end_col_offset or 0
        return at(node.lineno, node.col_offset), at(last, end)

    tree = ast.parse(source)
    texts = {id(one.value) for one in ast.walk(tree) if isinstance(one, ast.Expr)}  # docstrings
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            texts |= {id(part) for part in node.values}
        if isinstance(node, ast.Call) and _name(node) in ("where", "and_"):
            for argument in node.args if len(node.args) > 1 or _name(node) == "where" else []:
                begin, end = span(argument)
                yield Place(CONDITION, begin, end, "*()", argument.lineno, argument.col_offset)
        elif _is_text(node) and id(node) not in texts:
            begin, end = span(node)  # type: ignore[arg-type]  # is an expression, by what was looked for
            for first, last, holds in _conditions(source[begin:end]):
                line = source.count("\n", 0, begin + first) + 1
                words = source[begin + first : begin + last]
                instead = f"({words} OR true)" if holds else f"({words} AND false)"
                column = begin + first - starts[line - 1]
                yield Place(SQL_CONDITION, begin + first, begin + last, instead, line, column)


def _name(call: ast.Call) -> str:
    return getattr(call.func, "attr", None) or getattr(call.func, "id", "")


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))


@dataclass
class _Group:
    """Conditions side by side, between two words that end them."""

    opener: str
    start: int
    found: list[tuple[int, int]] = field(default_factory=list)
    joints: list[str] = field(default_factory=list)
    is_between: bool = False


def _conditions(text: str) -> Iterator[tuple[int, int, bool]]:
    """Begin and end of each condition, and whether it is one of several that must all hold."""
    if not _IS_SQL.search(text):
        return
    groups = [_Group("", len(text) - len(text.lstrip("rf'\"")))]
    for token in _TOKEN.finditer(text):
        word, group = token[0], groups[-1]
        if word == "(":
            groups.append(_Group("(", token.end()))
        elif word == ")":
            yield from _closed(text, group, token.start())
            if len(groups) > 1:
                groups.pop()
        elif word == "BETWEEN":
            group.is_between = True
        elif word == "AND" and group.is_between:
            group.is_between = False
        elif word in ("AND", "OR"):
            group.found.append((group.start, token.start()))
            group.joints.append(word)
            group.start = token.end()
        elif len(word) == 1 or word.isalpha():
            yield from _closed(text, group, token.start())
            groups[-1] = _Group(word, token.end())
    yield from _closed(text, groups[-1], len(text.rstrip("'\"")))


def _closed(text: str, group: _Group, end: int) -> Iterator[tuple[int, int, bool]]:
    found = [*group.found, (group.start, end)]
    if not group.joints and group.opener not in _ALONE:
        return
    for position, (first, last) in enumerate(found):
        words = text[first:last]
        around = group.joints[max(position - 1, 0) : position + 1]
        if words.strip() and words.count("(") == words.count(")") and _COMPARES.search(words):
            first += len(words) - len(words.lstrip())
            yield first, first + len(words.strip()), not around or "AND" in around
