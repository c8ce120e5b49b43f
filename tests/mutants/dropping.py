"""Faults that cosmic-ray does not make: a statement that is left out, an element that a table lacks."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass

STATEMENT, ELEMENT = "leave out a statement", "leave out an element"


@dataclass(frozen=True)
class Place:
    """What can be left out, and where it begins."""

    kind: str
    line: int
    column: int


def places(source: str) -> Iterator[Place]:
    """Every call or raise that stands alone, and every element of a literal with several."""
    for node in ast.walk(ast.parse(source)):
        for body in _bodies(node):
            for statement in body:
                if _is_left_out(statement):
                    yield Place(STATEMENT, statement.lineno, statement.col_offset)
        for element in _elements(node):
            yield Place(ELEMENT, element.lineno, element.col_offset)


def without(source: str, place: Place) -> str:
    """The source without what is at ``place``."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        for body in _bodies(node):
            for position, statement in enumerate(body):
                at = (statement.lineno, statement.col_offset)
                if place.kind == STATEMENT and _is_left_out(statement) and at == (place.line, place.column):
                    body[position] = ast.Pass()
        found = [
            i
            for i, one in enumerate(_elements(node))
            if (one.lineno, one.col_offset) == (place.line, place.column)
        ]
        if place.kind == ELEMENT and found:
            if isinstance(node, ast.Dict):
                del node.keys[found[0]]
                del node.values[found[0]]
            else:
                del node.elts[found[0]]  # type: ignore[attr-defined]
    return ast.unparse(ast.fix_missing_locations(tree))


def _bodies(node: ast.AST) -> Iterator[list[ast.stmt]]:
    for name in ("body", "orelse", "finalbody"):
        body = getattr(node, name, None)
        if isinstance(body, list) and not isinstance(node, ast.Module | ast.ClassDef):
            yield body


def _is_left_out(statement: ast.stmt) -> bool:
    """Not a docstring, and not what is only written to the log."""
    if isinstance(statement, ast.Raise):
        return True
    if not (isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call)):
        return False
    called = statement.value.func
    return not (isinstance(called, ast.Attribute) and getattr(called.value, "id", "") == "log")


def _elements(node: ast.AST) -> list[ast.expr]:
    if isinstance(node, ast.Dict):
        keys = node.keys
        return [key for key in keys if key is not None] if len(keys) > 1 and None not in keys else []
    if isinstance(node, ast.Set | ast.List | ast.Tuple) and isinstance(
        getattr(node, "ctx", ast.Load()), ast.Load
    ):
        return list(node.elts) if len(node.elts) > 1 else []
    return []
