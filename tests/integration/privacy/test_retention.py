"""What the rules of a practice let go, goes; everything else stays."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import text

from shared.domain.errors import Conflict, InvalidInput
from shared.domain.retention import RetentionEvent, RetentionKind
from shared.services.alerts import risk_alerts
from shared.services.lifecycle import deletion
from shared.services.notes import process_notes, signing, unsaved
from shared.services.operations import removals
from shared.services.resources import Resources
from shared.services.retention import holds, rules, sweep
from shared.services.retention.holds import Target
from shared.services.retention.rules import OfPatient
from tests.database import everything
from tests.fakes.speech import FakeTranscriber
from tests.integration.api_client import left_behind
from tests.integration.backups.test_restore_removals import entries_of
from tests.integration.sessions import bench_with, products, promise, row, versions, work
from tests.servers import Office

FAR = date(2100, 1, 1)
YEAR = 365


@pytest.fixture
def session_id(resources: Resources, office: Office) -> UUID:
    return processed(resources, office)


def processed(resources: Resources, office: Office, *, signed: bool = False) -> UUID:
    """A session of two years ago, with process notes and an answered alert."""
    session_id = promise(resources, office)
    work(bench_with(resources, transcriber=FakeTranscriber("i want to die tonight")), session_id)
    process_notes.write(resources, office.caller, session_id, "Mine.", None)
    for alert in risk_alerts.page(resources, office.caller, limit=10).items:
        if alert.acknowledged_at is None:
            risk_alerts.acknowledge(resources, office.caller, alert.id, None)
    if signed:
        signing.sign(resources, office.caller, session_id)
    age(resources, session_id, 2 * YEAR)
    return session_id


def age(resources: Resources, session_id: UUID, days: int) -> None:
    with everything(resources) as db:
        db.execute(
            text("UPDATE sessions SET session_date = now() - :age, created_at = now() - :age WHERE id = :id"),
            {"id": session_id, "age": timedelta(days=days)},
        )


def set_rule(
    resources: Resources,
    office: Office,
    kind: str,
    days: int,
    event: str = "session",
    grace: int = 0,
) -> None:
    rules.set_rule(
        resources, office.caller, RetentionKind(kind), RetentionEvent(event), days=days, grace_days=grace
    )


def run(resources: Resources) -> int:
    return sweep.run_due(resources.database, resources.recordings, resources.vault.keys)


def count(resources: Resources, table: str, session_id: UUID) -> int:
    with everything(resources) as db:
        column = "id" if table == "sessions" else "session_id"
        query = text(f"SELECT count(*) FROM {table} WHERE {column} = :id")
        return int(db.execute(query, {"id": session_id}).scalar_one())


def has(resources: Resources, session_id: UUID) -> set[str]:
    """Which kinds of record the session has."""
    kinds = {
        "recording": any(path.endswith(f"{session_id}/recording") for path in left_behind(resources)),
        "transcript": "transcript" in products(resources, session_id),
        "drafts": bool(versions(resources, session_id)),
        "process_notes": bool(count(resources, "process_notes", session_id)),
        "session": bool(count(resources, "sessions", session_id)),
    }
    return {kind for kind, there in kinds.items() if there}


ALL = {"recording", "transcript", "drafts", "process_notes", "session"}


@pytest.mark.parametrize("kind", sorted(ALL))
def test_each_kind_goes_when_its_time_is_over_and_nothing_else(
    resources: Resources, office: Office, session_id: UUID, kind: str
) -> None:
    young = processed(resources, office)
    age(resources, young, 10)
    set_rule(resources, office, kind, YEAR)
    assert run(resources) == 1
    assert has(resources, session_id) == (set() if kind == "session" else ALL - {kind})
    assert has(resources, young) == ALL
    assert run(resources) == 0
    assert count(resources, "risk_alerts", session_id) == (kind not in ("session", "transcript"))


def test_the_grace_counts_from_when_the_rule_was_set(
    resources: Resources, office: Office, session_id: UUID
) -> None:
    set_rule(resources, office, "recording", YEAR, grace=4)
    assert run(resources) == 0
    shown = sweep.preview(resources, office.caller, days=5).due
    assert [(item.kind, item.session_id) for item in shown] == [("recording", session_id)]
    assert sweep.preview(resources, office.caller, days=3).due == []
    with everything(resources) as db:
        db.execute(text("UPDATE retention_rules SET changed_at = now() - interval '4 days'"))
    assert run(resources) == 1


def test_a_recording_goes_once_its_notes_are_signed(resources: Resources, office: Office) -> None:
    signed, unsigned = processed(resources, office, signed=True), processed(resources, office)
    set_rule(resources, office, "recording", 0, "signed")
    assert run(resources) == 1
    assert has(resources, signed) == ALL - {"recording"}
    assert has(resources, unsigned) == ALL
    with pytest.raises(InvalidInput):
        set_rule(resources, office, "session", 0, "signed")


def test_signed_notes_stay_where_drafts_go(resources: Resources, office: Office) -> None:
    signed = processed(resources, office, signed=True)
    set_rule(resources, office, "drafts", 0)
    run(resources)
    assert len(versions(resources, signed)) == 1


def test_an_edit_that_was_never_saved_goes_with_the_drafts(resources: Resources, office: Office) -> None:
    signed = processed(resources, office, signed=True)
    set_rule(resources, office, "drafts", 0)
    run(resources)
    unsaved.keep(resources, office.caller, signed, "tag", {"summary": "Typed."})
    assert run(resources) == 1, "the unsaved edit alone is something to remove"
    assert "unsaved_edit" not in products(resources, signed)


def test_the_last_session_keeps_those_before_it(
    resources: Resources, office: Office, session_id: UUID
) -> None:
    later = processed(resources, office)
    age(resources, later, 10)
    set_rule(resources, office, "session", YEAR, "last_session")
    assert run(resources) == 0
    age(resources, later, YEAR + 1)
    assert run(resources) == 2


@pytest.mark.parametrize(("age_in_years", "goes"), [(None, False), (19, False), (21, True), (60, True)])
def test_records_of_minors_are_kept_from_when_they_come_of_age(
    resources: Resources, office: Office, session_id: UUID, age_in_years: int | None, goes: bool
) -> None:
    set_rule(resources, office, "session", YEAR, "majority")
    if age_in_years is not None:
        said = OfPatient(birth_year=datetime.now(UTC).year - age_in_years)
        rules.set_patient(resources, office.caller, office.patient_id, said)
    unknown = {} if age_in_years else {RetentionKind.SESSION: 1}
    assert sweep.preview(resources, office.caller, days=0).without_birth_year == unknown
    assert run(resources) == goes


@pytest.mark.parametrize("by", ["hold", "exception"])
def test_holds_and_exceptions_keep_what_is_due_and_the_preview_says_so(
    resources: Resources, office: Office, session_id: UUID, by: str
) -> None:
    for kind in ALL:
        set_rule(resources, office, kind, YEAR)
    if by == "hold":
        target = Target(session_id=session_id)
        holds.place(resources, office.caller, target, matter="A", reason="B", review_on=FAR)
    else:
        rules.set_patient(resources, office.caller, office.patient_id, OfPatient(keep_until=FAR))
    assert run(resources) == 0
    assert has(resources, session_id) == ALL
    shown = sweep.preview(resources, office.caller, days=0).due
    assert {item.kind for item in shown} == ALL
    assert {(item.on_hold, item.kept_until) for item in shown} == {
        (by == "hold", None if by == "hold" else FAR)
    }


def test_what_is_signed_stays_for_its_minimum_whoever_deletes(resources: Resources, office: Office) -> None:
    signed, unsigned = processed(resources, office, signed=True), processed(resources, office)
    set_rule(resources, office, "session", YEAR)
    set_rule(resources, office, "signed_minimum", 7 * YEAR)
    assert run(resources) == 1
    assert has(resources, signed) == ALL
    assert has(resources, unsigned) == set()
    with pytest.raises(Conflict) as refused:
        deletion.delete(resources, office.caller, signed, signed_too=True)
    assert refused.value.code == "minimum_not_over"
    age(resources, signed, 8 * YEAR)
    assert run(resources) == 1


def test_a_batch_is_bounded_and_the_rest_follows(
    resources: Resources, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweep, "BATCH", 2)
    for _ in range(3):
        age(resources, promise_failed(resources, office), YEAR)
    set_rule(resources, office, "session", 1)
    assert [run(resources) for _ in range(3)] == [2, 1, 0]


def promise_failed(resources: Resources, office: Office) -> UUID:
    session_id = promise(resources, office)
    with everything(resources) as db:
        db.execute(text("UPDATE sessions SET status = 'failed' WHERE id = :id"), {"id": session_id})
    return session_id


def test_work_under_way_is_left_alone(resources: Resources, office: Office) -> None:
    session_id = promise(resources, office)
    age(resources, session_id, YEAR)
    for kind in ALL:
        set_rule(resources, office, kind, 1)
    assert run(resources) == 0


@pytest.mark.parametrize("kind", ["recording", "transcript", "drafts"])
def test_what_a_rule_removed_is_removed_again_after_a_restore(
    resources: Resources, office: Office, session_id: UUID, kind: str
) -> None:
    set_rule(resources, office, kind, YEAR)
    run(resources)
    entries = entries_of(resources)
    assert kind in {entry.kind for entry in entries}
    with everything(resources) as db:  # as a backup has it
        for part in ("audio", "transcript", "drafts"):
            db.execute(text(f"UPDATE sessions SET {part}_removed_at = NULL"))
    assert removals.apply_again(resources, entries) == 1
    assert removals.apply_again(resources, entries) == 0
    removals.end_access(resources, keys_too=False)
    set_again = sweep.preview(resources, office.caller, days=366)
    assert set_again.due == [], "rules wait after a restore"
    assert rules.listed(resources, office.caller)[0].suspended_at is not None
    age(resources, processed(resources, office), 3 * YEAR)
    assert run(resources) == 0
    set_rule(resources, office, kind, YEAR)
    assert run(resources) == 1


def test_a_removed_recording_stays_gone_though_the_store_was_away(
    resources: Resources, office: Office, session_id: UUID
) -> None:
    set_rule(resources, office, "recording", YEAR)
    with everything(resources) as db:  # the object is there again, as after an outage
        db.execute(text("UPDATE sessions SET audio_removed_at = now() WHERE id = :id"), {"id": session_id})
        db.execute(
            text("INSERT INTO erasures SELECT id, practice_id, false, now(), now() FROM sessions"),
        )
    assert "recording" in has(resources, session_id)
    assert deletion.erase_due(resources.database, resources.recordings, resources.vault.keys) == 1
    assert "recording" not in has(resources, session_id)
    assert row(resources, session_id).audio_removed_at is not None
