"""Answers that take long end with the key that they began with, within five seconds."""

import threading
import time
from collections.abc import Callable
from uuid import UUID

import pytest
from sqlalchemy import text

from api.http import prefer_wait
from shared.services.resources import Resources
from tests.database import everything
from tests.integration.api_client import Caller
from tests.integration.sessions import promise
from tests.servers import Office
from tests.waiting import wait_for

ENDS = {
    "revoked": "UPDATE api_keys SET revoked_at = now()",
    "expired": "UPDATE api_keys SET expires_at = now()",
    "disabled": "UPDATE therapists SET disabled_at = now()",
}


@pytest.fixture
def session_id(resources: Resources, office: Office) -> UUID:
    return promise(resources, office)


def seconds_until_the_end(
    resources: Resources, how: str, take: Callable[[], object], has_begun: Callable[[], bool] = lambda: True
) -> float:
    """How long ``take`` goes on after the key has ended."""
    thread = threading.Thread(target=take)
    thread.start()
    wait_for(has_begun)
    with everything(resources) as db:
        db.execute(text(ENDS[how]))
    ended_at = time.monotonic()
    thread.join(timeout=20)
    assert not thread.is_alive()
    return time.monotonic() - ended_at


@pytest.mark.parametrize("how", ENDS)
def test_an_event_stream_ends(call: Caller, resources: Resources, session_id: UUID, how: str) -> None:
    answer = call("GET", f"/api/sessions/{session_id}/events", buffered=False)
    parts = answer.iter_encoded()
    assert next(parts)
    assert seconds_until_the_end(resources, how, lambda: list(parts)) < 5
    answer.close()
    assert call("GET", f"/api/sessions/{session_id}/events").status_code == 401


def test_a_long_poll_is_refused(call: Caller, resources: Resources, session_id: UUID) -> None:
    statuses: list[int] = []

    def wait() -> None:
        answer = call("GET", f"/api/sessions/{session_id}", headers={"Prefer": "wait=60"})
        statuses.append(answer.status_code)

    places = prefer_wait._places._value
    waits = lambda: prefer_wait._places._value < places  # noqa: E731 - said where it is used
    assert seconds_until_the_end(resources, "revoked", wait, waits) < 5
    assert statuses == [401]
