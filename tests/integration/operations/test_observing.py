"""What operators see: metrics, histories, signs of life."""

import re
from dataclasses import replace
from uuid import UUID

import pytest
from sqlalchemy import func, update

from api.metrics.prometheus import text_of
from serving.app import create_app
from shared.db.connection.engine import Database
from shared.db.queries.work import heartbeats
from shared.db.tables.core import StepRow
from shared.db.tables.operations import SignOfLife
from shared.domain.errors import RetryableStepError
from shared.domain.values import ExtractionRequest, JsonObject, TranscriberCapabilities, Transcript
from shared.pipeline import TRANSCRIBE
from shared.services.accounts import accounts
from shared.services.jobs import dispatching, leases
from shared.services.lifecycle import cancellation
from shared.services.operations import metrics
from shared.services.resources import Resources
from shared.services.sessions.history import of_any, of_own
from tests.database import everything
from tests.fakes.notes import FakeExtractor
from tests.fakes.speech import FakeTranscriber
from tests.integration.pipeline.test_leases import lapse
from tests.integration.sessions import bench_with, promise, work
from tests.servers import Office, make_office
from workers import health


def scrape(resources: Resources) -> dict[str, float]:
    """Every sample of a scrape by its name and labels."""
    lines = text_of(metrics.observe(resources)).decode().splitlines()
    return {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in lines if line[0] != "#"}


def test_a_scrape_tells_what_waits_and_what_is_at_work(resources: Resources, office: Office) -> None:
    first, _ = promise(resources, office), promise(resources, office)
    leases.claim(resources.database, first, TRANSCRIBE, lease_seconds=60, worker="w")
    seen = scrape(resources)
    assert seen['sessionscribe_sessions{status="transcribing"}'] == 1
    assert seen['sessionscribe_sessions{status="pending"}'] == 1
    assert seen['sessionscribe_sessions{status="failed"}'] == 0
    assert seen['sessionscribe_claimable{queue="transcribe"}'] == 1
    assert seen['sessionscribe_running{step="transcribe"}'] == 1
    assert 0 < seen["sessionscribe_oldest_unfinished_seconds"] < 60
    assert 0 < seen['sessionscribe_oldest_waiting_seconds{queue="transcribe"}'] < 60
    assert seen["sessionscribe_sessions_accepted_total"] == 2
    assert seen['sessionscribe_part_up{part="storage"}'] == 1


def test_what_ended_is_counted_with_how_long_it_took(resources: Resources, office: Office) -> None:
    for _ in range(2):
        work(bench_with(resources), promise(resources, office))
    seen = scrape(resources)
    assert seen['sessionscribe_sessions_ended_total{code="",status="processed"}'] == 2
    assert seen['sessionscribe_step_seconds_count{outcome="done",step="transcribe_chunk"}'] == 6
    assert seen['sessionscribe_step_seconds_count{outcome="fanned_out",step="transcribe"}'] == 2
    assert seen['sessionscribe_step_seconds_bucket{le="+Inf",outcome="done",step="persist"}'] == 2
    assert seen["sessionscribe_time_to_notes_seconds_count"] == 2
    assert seen["sessionscribe_time_to_notes_seconds_sum"] > 0


def test_what_engines_took_is_counted_once_in_dollars_seconds_and_tokens(
    resources: Resources, office: Office
) -> None:
    class PaidExtractor(FakeExtractor):
        def extract(self, transcript: Transcript, request: ExtractionRequest) -> JsonObject:
            made_by = {
                "engine": "openai",
                "engine_version": "1",
                "input_tokens": 9000,
                "output_tokens": 700,
                "cost_usd": 0.0125,
            }
            return {**super().extract(transcript, request), "provenance": made_by}

    class PaidTranscriber(FakeTranscriber):
        @property
        def capabilities(self) -> TranscriberCapabilities:
            return replace(super().capabilities, cost_per_minute=0.6)

    session_id = promise(resources, office)
    bench = bench_with(resources, transcriber=PaidTranscriber(), extractor=PaidExtractor())
    work(bench, session_id)
    work(bench, session_id)  # messages that come again change nothing
    seen = scrape(resources)
    engine = "fake-1"
    audio = seen[f'sessionscribe_engine_audio_seconds_total{{engine="{engine}"}}']
    assert audio > 0
    assert seen[f'sessionscribe_engine_calls_total{{engine="{engine}"}}'] == 3
    assert seen[f'sessionscribe_engine_usd_total{{engine="{engine}"}}'] == pytest.approx(
        audio / 100, abs=1e-3
    )
    assert seen['sessionscribe_engine_usd_total{engine="openai"}'] == 0.0125
    assert seen['sessionscribe_engine_tokens_total{direction="input",engine="openai"}'] == 9000
    assert seen['sessionscribe_engine_tokens_total{direction="output",engine="openai"}'] == 700


def test_attempts_that_end_badly_are_counted_by_their_code(resources: Resources, office: Office) -> None:
    busy = RetryableStepError("The engine is busy.", "engine_rate_limited")
    work(bench_with(resources, extractor=FakeExtractor([busy])), promise(resources, office))
    seen = scrape(resources)
    assert seen['sessionscribe_attempts_failed_total{code="engine_rate_limited",step="extract_notes"}'] == 1


def test_leases_lost_and_messages_sent_again_are_counted(resources: Resources, office: Office) -> None:
    session_id = promise(resources, office)
    leases.claim(resources.database, session_id, TRANSCRIBE, lease_seconds=60, worker="w")
    lapse(resources, session_id)
    dispatching.dispatch_due(resources.database, resources.queue, redispatch_seconds=30)
    leases.claim(resources.database, session_id, TRANSCRIBE, lease_seconds=60, worker="other")
    seen = scrape(resources)
    assert seen['sessionscribe_leases_lost_total{step="transcribe"}'] == 1
    assert seen["sessionscribe_dispatches_repeated_total"] == 1


def test_what_is_undone_is_not_counted(resources: Resources, office: Office) -> None:
    promise(resources, office)
    with pytest.raises(RuntimeError), resources.database.transaction(office.caller.practice_id) as db:
        metrics.counters.add(db, "session.accepted", office.caller.practice_id)
        raise RuntimeError
    assert scrape(resources)["sessionscribe_sessions_accepted_total"] == 1


def test_a_scrape_tells_that_postgres_is_away(resources: Resources) -> None:
    away = replace(resources, database=Database("postgresql://127.0.0.1:1/none"))
    seen = scrape(away)
    assert seen['sessionscribe_part_up{part="database"}'] == 0
    assert seen['sessionscribe_part_up{part="broker"}'] == 1
    assert not [name for name in seen if name.startswith("sessionscribe_sessions")]


def test_no_label_names_a_session_a_practice_or_a_person(resources: Resources, office: Office) -> None:
    work(bench_with(resources, transcriber=FakeTranscriber("my brother")), promise(resources, office))
    text = text_of(metrics.observe(resources)).decode()
    assert not re.search(r"[0-9a-f]{8}-[0-9a-f]{4}", text)
    assert "brother" not in text


@pytest.mark.parametrize("presented", [None, "Bearer wrong", "Basic secret-token", "Bearer "])
def test_metrics_are_for_whoever_has_the_token(resources: Resources, presented: str | None) -> None:
    settings = replace(resources.settings, metrics_token="secret-token")
    client = create_app(replace(resources, settings=settings)).test_client()
    refused = client.get("/metrics", headers={"Authorization": presented} if presented else {})
    assert (refused.status_code, refused.json["code"]) == (401, "not_authenticated")
    given = client.get("/metrics", headers={"Authorization": "Bearer secret-token"})
    assert (given.status_code, given.mimetype) == (200, "text/plain")
    assert "sessionscribe_sessions{" in given.text


def test_without_a_token_nobody_gets_metrics(resources: Resources) -> None:
    answer = create_app(resources).test_client().get("/metrics", headers={"Authorization": "Bearer None"})
    assert answer.status_code == 401


def test_a_history_tells_each_attempt_with_its_worker_and_outcome(
    resources: Resources, office: Office
) -> None:
    session_id = promise(resources, office)
    busy = RetryableStepError("The engine is busy.", "engine_rate_limited")
    lost = leases.claim(resources.database, session_id, TRANSCRIBE, lease_seconds=60, worker="lost")
    lapse(resources, session_id)
    work(bench_with(resources, extractor=FakeExtractor([busy])), session_id)
    assert lost is not None
    with pytest.raises(leases.LeaseLost):
        leases.finish(resources.database, lost, lambda _: None)
    told = of_own(resources, office.caller, session_id)
    found = [(a.step, a.part, a.attempt, a.worker, a.outcome, a.code) for a in told.attempts]
    assert found[0] == ("transcribe", 0, 1, "lost", "fenced", None)
    assert found[1] == ("transcribe", 0, 2, "worker-1", "fanned_out", None)
    assert ("transcribe_chunk", 3, 1, "worker-1", "done", None) in found
    assert found[-1] == ("extract_notes", 0, 1, "worker-1", "postponed", "engine_rate_limited")
    assert all(a.duration_seconds is not None and a.duration_seconds >= 0 for a in told.attempts)
    assert [change.status for change in told.changes][:2] == ["pending", "transcribing"]


def test_a_history_shows_who_is_at_work_and_who_was_lost(resources: Resources, office: Office) -> None:
    session_id = promise(resources, office)
    leases.claim(resources.database, session_id, TRANSCRIBE, lease_seconds=60, worker="lost")
    lapse(resources, session_id)
    leases.claim(resources.database, session_id, TRANSCRIBE, lease_seconds=60, worker="other")
    attempts = of_own(resources, office.caller, session_id).attempts
    assert [(a.worker, a.outcome, a.ended_at) for a in attempts] == [
        ("lost", "lost", None),
        ("other", "running", None),
    ]


def test_a_history_ends_with_what_the_dispatcher_gave_up(resources: Resources, office: Office) -> None:
    session_id = promise(resources, office)
    for _ in range(TRANSCRIBE.max_attempts):
        leases.claim(resources.database, session_id, TRANSCRIBE, lease_seconds=60, worker="w")
        lapse(resources, session_id)
    dispatching.fail_exhausted(resources.database)
    last = of_own(resources, office.caller, session_id).attempts[-1]
    assert (last.attempt, last.outcome, last.code) == (TRANSCRIBE.max_attempts, "failed", "worker_lost")


def test_an_administrator_sees_the_history_of_a_cancelled_session_and_no_content(
    resources: Resources, office: Office
) -> None:
    session_id = promise(resources, office)
    cancellation.cancel(resources, office.caller, session_id)
    practice_id = office.caller.practice_id
    person = accounts.create_therapist(resources, practice_id, "Office", accounts.ADMINISTRATOR)
    _, secret = accounts.create_key(resources, practice_id, person.id)
    client = create_app(resources).test_client()
    path = f"/api/operations/sessions/{session_id}/history"
    answer = client.get(path, headers={"Authorization": f"Bearer {secret}"})
    assert answer.status_code == 200
    assert [change["status"] for change in answer.json["changes"]] == ["pending", "cancelled"]
    stranger = make_office(resources)
    with pytest.raises(Exception, match="no such session"):
        of_any(resources, stranger.caller, session_id)


def give(resources: Resources, process: str, kind: str = heartbeats.WORKER) -> None:
    with resources.database.operating() as db:
        heartbeats.give(db, process, kind)


def age(resources: Resources, process: str, seconds: float) -> None:
    with everything(resources) as db:
        past = func.now() - func.make_interval(0, 0, 0, 0, 0, 0, seconds)
        db.execute(update(SignOfLife).where(SignOfLife.process == process).values(seen_at=past))


def test_processes_with_a_fresh_sign_of_life_are_counted(resources: Resources) -> None:
    for process in ("worker-1@a", "worker-2@a", "worker-1@b"):
        give(resources, process)
    age(resources, "worker-1@b", 120)
    seen = scrape(resources)
    assert seen['sessionscribe_processes{kind="worker"}'] == 2
    assert seen['sessionscribe_sign_of_life_age_seconds{kind="worker"}'] < 60


def test_a_dispatcher_is_well_while_its_signs_are_fresh(resources: Resources) -> None:
    process = health.process_of("dispatcher")
    assert not health.verdict(resources.settings, process)[0]
    give(resources, process, heartbeats.DISPATCHER)
    assert health.verdict(resources.settings, process)[0]
    age(resources, process, 120)
    assert not health.verdict(resources.settings, process)[0]


def test_a_worker_that_does_not_answer_is_not_well_though_its_last_sign_is_fresh(
    resources: Resources,
) -> None:
    give(resources, "worker-9@nowhere")
    well, why = health.verdict(resources.settings, "worker-9@nowhere")
    assert not well
    assert "does not answer" in why


def test_outages_of_redis_or_postgres_are_not_held_against_a_worker(resources: Resources) -> None:
    give(resources, "worker-9@nowhere")
    without_redis = replace(resources.settings, redis_url="redis://127.0.0.1:1/0")
    assert health.verdict(without_redis, "worker-9@nowhere")[0]
    age(resources, "worker-9@nowhere", 120)
    assert not health.verdict(without_redis, "worker-9@nowhere")[0]
    without_both = replace(without_redis, database_url="postgresql://127.0.0.1:1/none")
    assert health.verdict(without_both, "worker-9@nowhere")[0]


def test_a_step_that_is_postponed_is_not_told_as_waiting(resources: Resources, office: Office) -> None:
    session_id: UUID = promise(resources, office)
    with everything(resources) as db:
        later = func.now() + func.make_interval(0, 0, 0, 0, 1)
        db.execute(update(StepRow).where(StepRow.session_id == session_id).values(not_before=later))
    seen = scrape(resources)
    assert seen['sessionscribe_claimable{queue="transcribe"}'] == 0
    assert seen['sessionscribe_oldest_waiting_seconds{queue="transcribe"}'] == 0
    assert seen["sessionscribe_oldest_unfinished_seconds"] > 0
