"""What late workers, interleavings and repeated requests must never do."""

import threading
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from shared.db.queries.records import sessions
from shared.db.queries.work import step_claims
from shared.db.tables.core import TherapySession
from shared.domain.errors import PermanentStepError, Unavailable
from shared.domain.status import StepState
from shared.pipeline import TRANSCRIBE_CHUNK
from shared.services import patients
from shared.services.engines import engine_choice
from shared.services.jobs import leases
from shared.services.jobs.heartbeat import Heartbeat, LeaseLost
from shared.services.resources import Resources
from shared.services.sessions import reading as sessions_service
from shared.services.steps import transcription
from shared.services.uploads import accepting, registration
from tests.database import everything
from tests.fakes.speech import FakeSpeechAnalyser
from tests.integration.api_client import app_of, caller_of, left_behind
from tests.integration.pipeline.test_leases import claim, lapse, save_as
from tests.integration.sessions import bench_with, plan_of, products, promise, row, step
from tests.integration.uploads.test_idempotency import send
from tests.servers import Office

CONSENT = {"method": "written", "given_on": "2026-01-05"}


def test_a_late_worker_saves_nothing_while_another_is_at_work(resources: Resources, office: Office) -> None:
    session_id = promise(resources, office)
    late = claim(resources, session_id, "late")
    assert late
    lapse(resources, session_id)
    assert claim(resources, session_id, "other")
    with pytest.raises(LeaseLost):
        save_as(resources, late, b"the late one's")
    assert products(resources, session_id) == []
    assert step(resources, session_id, "transcribe").state == StepState.RUNNING


def test_a_late_worker_does_not_extend_anothers_lease(resources: Resources, office: Office) -> None:
    session_id = promise(resources, office)
    late = claim(resources, session_id, "late")
    assert late
    lapse(resources, session_id)
    assert claim(resources, session_id, "other")
    with pytest.raises(LeaseLost), Heartbeat(resources.database, late, 60) as heartbeat:
        heartbeat.confirm()


def test_a_heart_that_beats_past_the_deadline_keeps_nothing(resources: Resources, office: Office) -> None:
    session_id = promise(resources, office)
    lease = claim(resources, session_id)
    assert lease
    lapse(resources, session_id, "deadline_at")
    with pytest.raises(LeaseLost), Heartbeat(resources.database, lease, 60) as heartbeat:
        heartbeat.confirm()


def test_the_end_of_a_step_is_tried_again_while_postgres_is_away(
    resources: Resources, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    session_id = promise(resources, office)
    lease = claim(resources, session_id)
    assert lease
    real, failures = step_claims.finish, [1, 1]

    def finish(*rest: Any) -> Any:
        if failures:
            failures.pop()
            raise Unavailable("Away.", "database_unavailable")
        return real(*rest)

    monkeypatch.setattr(step_claims, "finish", finish)
    monkeypatch.setattr(leases, "FINISH_PAUSE_SECONDS", 0.01)
    save_as(resources, lease, b"once")
    assert products(resources, session_id) == ["transcript"]


def test_a_retry_waits_for_no_pause_of_before(resources: Resources, office: Office) -> None:
    session_id = promise(resources, office)
    bench = bench_with(resources, analyser=FakeSpeechAnalyser(plan_of(2)))
    transcription.transcribe(bench, session_id)
    with everything(resources) as db:  # one chunk was put off for ten minutes, the other fails for good
        db.execute(
            text(
                "UPDATE steps SET not_before = now() + interval '10 minutes' "
                "WHERE name = 'transcribe_chunk' AND part = 2"
            )
        )
    lease = leases.claim_at(bench, session_id, TRANSCRIBE_CHUNK)
    assert lease

    def broken(*_: object) -> None:
        raise PermanentStepError("No.", "engine_refused")

    leases.under(resources.database, lease, 60, broken)
    assert row(resources, session_id).status == "failed"
    sessions_service.retry(resources, office.caller, session_id)
    with everything(resources) as db:
        assert sessions.ready_work(db, session_id) == {"transcribe_chunk": 2}


def test_nobody_is_told_of_what_is_not_promised_yet(
    resources: Resources, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = []

    def publish(session_id: UUID, *_: object, **__: object) -> bool:
        with everything(resources) as db:
            there.append(db.get(TherapySession, session_id) is not None)
        return True

    monkeypatch.setattr(resources.queue, "publish", publish)
    assert caller_of(app_of(resources), resources, office).upload(office.patient_id).status_code == 202
    assert there == [True]


def test_what_may_have_been_promised_is_kept(
    resources: Resources, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(accepting, "is_promised", lambda *_: None)

    def away(*_: object, **__: object) -> None:
        raise Unavailable("Away.", "database_unavailable")

    monkeypatch.setattr(accepting, "promise", away)
    answer = caller_of(app_of(resources), resources, office).upload(office.patient_id)
    assert (answer.status_code, answer.json["code"]) == (503, "outcome_unknown")
    assert len(left_behind(resources)) == 2


def test_an_upload_that_fails_before_it_is_registered_has_a_known_outcome(
    resources: Resources, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(accepting, "is_promised", lambda *_: None)

    def away(*_: object, **__: object) -> None:
        raise Unavailable("Away.", "database_unavailable")

    monkeypatch.setattr(engine_choice, "check", away)
    answer = caller_of(app_of(resources), resources, office).upload(office.patient_id)
    assert (answer.status_code, answer.json["code"]) == (503, "database_unavailable")
    assert not left_behind(resources)


def test_a_consent_that_is_revoked_during_the_promise_ends_the_session(
    resources: Resources, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The promise has read the consent and not committed; the revocation comes at that moment."""
    revoked = threading.Event()

    def revoke() -> None:
        with everything(resources) as db:
            now = db.execute(text("SELECT now()")).scalar_one()
        patients.change(resources, office.caller, office.patient_id, {"revoked_on": now})
        revoked.set()

    thread = threading.Thread(target=revoke)
    real = sessions.add

    def add(*rest: Any) -> Any:
        thread.start()
        revoked.wait(1.5)  # it must wait for our commit
        return real(*rest)

    monkeypatch.setattr(registration.sessions, "add", add)
    answer = caller_of(app_of(resources), resources, office).upload(office.patient_id)
    thread.join()
    assert answer.status_code == 202
    assert row(resources, UUID(answer.json["id"])).status == "cancelled"


def test_a_key_does_not_serve_another_patient(resources: Resources, office: Office) -> None:
    call = caller_of(app_of(resources), resources, office)
    other = call("POST", "/api/patients", json={"name": "B", "consent": CONSENT}).json["id"]
    assert send(call, office.patient_id).status_code == 202
    answer = send(call, UUID(other))
    assert (answer.status_code, answer.json["code"]) == (422, "idempotency_key_reused")
