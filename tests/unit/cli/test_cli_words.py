"""Errors of the API that reach a person at a terminal speak of commands, not of HTTP."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.http.words import PHRASES, duration, in_our_words

ROOT = Path(__file__).parents[3]
HTTP = re.compile(
    r"\b(?:GET|POST|PUT|PATCH|DELETE) [/.]|\?\w+=|If-Match|Retry-After|errors (?:says|names)|Bearer"
)
# What no command can cause: protocols that the command line does not speak.
# A command never sends `If-None-Match` with a change, nor what the others complain of.
UNREACHABLE = (
    "api/http/preconditions.py",
    "api/http/problems.py",
    "api/resources/health.py",
    "api/openapi/",
)


def sentences() -> Iterator[tuple[str, str]]:
    """Every text that an error is raised with, and where."""
    for floor in ("api", "shared/services", "shared/http"):
        for path in sorted((ROOT / floor).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Call) and re.search(r"[A-Z]", getattr(node.func, "id", "")):
                    parts = [
                        one.value for a in node.args for one in ast.walk(a) if isinstance(one, ast.Constant)
                    ]
                    yield str(path.relative_to(ROOT)), " ".join(p for p in parts if isinstance(p, str))


def test_no_error_that_a_command_can_cause_speaks_of_http() -> None:
    found = [(where, text) for where, text in sentences() if HTTP.search(text)]
    assert len(found) >= 8
    untold = [
        (where, text)
        for where, text in found
        if HTTP.search(in_our_words(text, 60)) and not where.startswith(UNREACHABLE)
    ]
    assert untold == [], "give these a phrase in cli/http/words.py, or name their module in UNREACHABLE"


def test_every_phrase_stands_in_the_source_of_the_api() -> None:
    told = [text for _, text in sentences()]
    assert [phrase for phrase, _ in PHRASES if not any(phrase in text for text in told)] == []


@pytest.mark.parametrize(
    ("seconds", "said"), [(1, "1 s"), (119.2, "120 s"), (121, "3 min"), (7200, "2 h"), (80_000, "23 h")]
)
def test_a_pause_is_said_in_the_unit_that_people_use(seconds: float, said: str) -> None:
    assert duration(seconds) == said
