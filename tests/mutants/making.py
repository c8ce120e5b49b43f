"""Mutants of a module: small faults, made by the operators of cosmic-ray, by leaving out, and in queries."""

import ast
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass

from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator, operator_names

from tests.mutants import conditions, dropping

# From identity to equality: the same answer for what we compare so (None, members of an enum).
SAME_ANSWER = re.compile(r"Comparison\w+_(?:Is_Eq|IsNot_NotEq)$")


@dataclass(frozen=True)
class Mutant:
    """One fault: ``operator`` applied to the place ``occurrence``, which is at ``line`` and ``column``."""

    operator: str
    occurrence: int
    line: int
    column: int

    @property
    def is_condition(self) -> bool:
        """Whether a condition of a query no longer holds."""
        return self.operator in (conditions.CONDITION, conditions.SQL_CONDITION)

    def of(self, source: str) -> str:
        """The source with this fault."""
        if self.operator in (dropping.STATEMENT, dropping.ELEMENT):
            return dropping.without(source, dropping.Place(self.operator, self.line, self.column))
        if self.is_condition:
            return conditions.without(source, self.line, self.column)
        mutated = mutate_code(source, get_operator(self.operator)(), self.occurrence)
        assert mutated is not None
        return str(mutated)


def mutants_of(source: str) -> list[Mutant]:
    """Every mutant that changes what happens, and not only what mypy sees."""
    skipped = set(_declarations(source))
    return [one for one in _every(source) if (one.line, one.column) not in skipped]


def sample(mutants: list[Mutant], most: int, seed: str) -> list[Mutant]:
    """At most so many of them, and as many conditions of queries, the same for the same seed."""
    kinds = ([one for one in mutants if one.is_condition is wanted] for wanted in (False, True))
    return [one for kind in kinds for one in _sample(kind, most, seed)]


def _sample(mutants: list[Mutant], most: int, seed: str) -> list[Mutant]:
    """One a place, in the order of their lines."""
    places: dict[tuple[int, int], list[Mutant]] = {}
    for mutant in mutants:
        places.setdefault((mutant.line, mutant.column), []).append(mutant)
    drawn = random.Random(seed)
    chosen = sorted(places) if len(places) <= most else sorted(drawn.sample(sorted(places), most))
    return [drawn.choice(places[place]) for place in chosen]


def _every(source: str) -> Iterator[Mutant]:
    yield from (Mutant(one.kind, 0, one.line, one.column) for one in dropping.places(source))
    yield from (Mutant(one.kind, 0, one.line, one.column) for one in conditions.places(source))
    nodes = list(ast_nodes(get_ast(source)))
    for name in operator_names():
        operator_class = get_operator(name)
        if operator_class.arguments() or SAME_ANSWER.search(name):
            continue  # the former must be told what to replace
        positions = (begin for node in nodes for begin, _ in operator_class().mutation_positions(node))
        for occurrence, begin in enumerate(positions):
            yield Mutant(name, occurrence, *begin)


def _declarations(source: str) -> Iterator[tuple[int, int]]:
    """Every place inside an annotation, a decorator of a class or ``__all__``: mypy holds to these."""
    for node in ast.walk(ast.parse(source)):
        decorators = node.decorator_list if isinstance(node, ast.ClassDef) else []
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            decorators = [node.value]
        for whole in (getattr(node, "annotation", None), getattr(node, "returns", None), *decorators):
            if isinstance(whole, ast.expr):
                yield from _columns(whole)


def _columns(whole: ast.expr) -> Iterator[tuple[int, int]]:
    last_line, last = whole.end_lineno or whole.lineno, whole.end_col_offset or 0
    for line in range(whole.lineno, last_line + 1):
        begin = whole.col_offset if line == whole.lineno else 0
        yield from ((line, column) for column in range(begin, last if line == last_line else 200))
