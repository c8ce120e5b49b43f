"""What the wrapper of a creating view makes of its answer, with the service of tickets replaced."""

from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask, Response, g

from api import idempotency
from shared.services import idempotency as service


@pytest.fixture
def noted(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int | None]]:
    """What the service was told, in order."""
    told: list[tuple[str, int | None]] = []
    monkeypatch.setattr(idempotency, "resources", lambda: None)
    monkeypatch.setattr(idempotency, "caller", lambda: g.caller)
    monkeypatch.setattr(service, "answered", lambda _, __, status: told.append(("answered", status)))
    monkeypatch.setattr(service, "release", lambda *_: told.append(("released", None)))
    return told


def first(status_of_ticket: int | None, answer: object, *, ticket: bool = True) -> object:
    """``answer`` as the wrapper gives it on, of a view whose ticket was completed with this status."""

    def view() -> object:
        if isinstance(answer, Exception):
            raise answer
        return answer

    with Flask(__name__).test_request_context("/things"):
        g.caller = SimpleNamespace(ticket=SimpleNamespace(status=status_of_ticket) if ticket else None)
        return idempotency._first(view)


def test_an_answer_of_the_promised_status_is_kept_as_it_was(noted: list[tuple[str, int | None]]) -> None:
    answer = Response(status=202)
    assert first(202, answer) is answer
    assert noted == []


def test_an_answer_of_another_status_is_told(noted: list[tuple[str, int | None]]) -> None:
    answer = Response(status=201)
    assert first(202, answer) is answer
    assert noted == [("answered", 201)]


def test_a_view_that_fails_leaves_its_key_free(noted: list[tuple[str, int | None]]) -> None:
    with pytest.raises(KeyError):
        first(202, KeyError())
    assert noted == [("released", None)]


@pytest.mark.parametrize(("status", "ticket"), [(None, True), (202, False)])
def test_a_view_without_a_ticket_or_that_completes_none_is_a_bug(
    noted: list[tuple[str, int | None]], status: int | None, ticket: bool
) -> None:
    with pytest.raises(RuntimeError):
        first(status, Response(), ticket=ticket)
    assert noted == []


def test_a_view_keeps_its_name_and_the_document_says_what_a_key_is() -> None:
    def create_thing() -> None: ...

    assert idempotency.idempotent(lambda _: Response())(create_thing).__name__ == "create_thing"
    schema: Any = idempotency.PARAMETER["schema"]
    assert (schema["minLength"], schema["maxLength"]) == (1, idempotency.MAX_KEY_LENGTH)
