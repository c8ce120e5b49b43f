"""What request threads share is immutable: many threads get what one thread gets."""

import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import pytest

from shared.domain.english import stems
from shared.domain.notes.fields import Form
from shared.domain.verification import grounding
from shared.domain.verification.claims import objection
from shared.domain.verification.objections import acts, facts
from shared.domain.vocabulary.concepts import groups

T = TypeVar("T")
THREADS = 12


@pytest.fixture(autouse=True)
def switching_often() -> Iterator[None]:
    """Let the interpreter change threads in the middle of nearly every call."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def in_threads(work: Callable[[], T]) -> list[T]:
    together = threading.Barrier(THREADS)

    def begin(_: int) -> T:
        together.wait()
        return work()

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(begin, range(THREADS)))


def cold(*cached: object) -> None:
    for function in cached:
        function.cache_clear()  # type: ignore[attr-defined] - lru_cache adds it


def test_stems_are_those_of_one_thread() -> None:
    vocabulary = sorted({word for group in groups() for phrase in group for word in phrase.split()})
    cold(stems.stem)
    alone = [stems.stem(word) for word in vocabulary]
    cold(stems.stem)
    assert all(found == alone for found in in_threads(lambda: [stems.stem(word) for word in vocabulary]))


def test_vocabularies_that_are_compiled_on_first_use_are_those_of_one_thread() -> None:
    cold(stems.stem, grounding._compiled, facts._diagnoses, acts.compiled)
    alone = grounding._compiled(), facts._diagnoses(), acts.compiled()
    cold(stems.stem, grounding._compiled, facts._diagnoses, acts.compiled)
    assert all(
        found == alone
        for found in in_threads(lambda: (grounding._compiled(), facts._diagnoses(), acts.compiled()))
    )


def test_claims_are_judged_as_by_one_thread() -> None:
    claims = [
        (f"The client {verb} about the {thing}.", [f"I {verb} about the {thing} all week"])
        for verb in ("worried", "cried", "argued")
        for thing in ("exams", "children")
    ]

    def judge() -> list[str | None]:
        return [objection(Form.SENTENCE, claim, quotes, quotes) for claim, quotes in claims * 5]

    alone = judge()
    cold(stems.stem, grounding._compiled)
    assert all(found == alone for found in in_threads(judge))
