"""What is on hold stays, in whichever way it would be removed, until two administrators lift the hold."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime
from uuid import UUID, uuid4

import pytest
from sqlalchemy import TextClause, text

from shared.db.connection.engine import DatabaseError
from shared.db.queries.privacy import holds as rows
from shared.db.queries.records import patients as pending_patients
from shared.db.tables.privacy.retention import Hold
from shared.domain.errors import Conflict, DomainError, InvalidInput, NotFound
from shared.domain.status import Status
from shared.services import patients
from shared.services.access.caller import ADMINISTRATOR_SCOPES, ON_REQUEST_SCOPES, Caller, Scope
from shared.services.accounts import accounts
from shared.services.lifecycle import cancellation, deletion
from shared.services.notes import process_notes
from shared.services.resources import Resources
from shared.services.retention import holds
from shared.services.retention.holds import HoldRecord, Target
from shared.services.steps import chunk_transcription, transcription
from shared.services.transcripts import off_record
from shared.vault.sealing import Subject
from tests.database import everything
from tests.fakes.speech import FakeSpeechAnalyser
from tests.integration.api_client import Caller as Client
from tests.integration.api_client import app_of
from tests.integration.sessions import audited, bench_with, plan_of, products, promise, row, work
from tests.servers import Office, make_office
from tests.waiting import wait_for

FAR = date(2100, 1, 1)
BY = ("patient", "session")


@pytest.fixture
def administrators(resources: Resources, office: Office) -> tuple[Caller, Caller]:
    practice_id = office.caller.practice_id
    people = [
        accounts.create_therapist(resources, practice_id, name, accounts.ADMINISTRATOR) for name in "AB"
    ]
    one, other = (
        Caller(practice_id, person.id, accounts.ADMINISTRATOR, ADMINISTRATOR_SCOPES, uuid4())
        for person in people
    )
    return one, other


@pytest.fixture
def session_id(resources: Resources, office: Office) -> UUID:
    session_id = promise(resources, office)
    work(bench_with(resources), session_id)
    process_notes.write(resources, office.caller, session_id, "Mine.", None)
    return session_id


def place(resources: Resources, who: Caller, target: Target) -> HoldRecord:
    return holds.place(resources, who, target, matter="A v. B", reason="Subpoena", review_on=FAR)


def lift(resources: Resources, administrators: tuple[Caller, Caller], hold: HoldRecord) -> HoldRecord:
    holds.ask_to_lift(resources, administrators[0], hold.id)
    return holds.confirm_lift(resources, administrators[1], hold.id)


def target_of(by: str, office: Office, session_id: UUID) -> Target:
    return Target(office.patient_id) if by == "patient" else Target(session_id=session_id)


REMOVALS: dict[str, Callable[[Resources, Caller, UUID], object]] = {
    "deletion": lambda resources, who, session_id: deletion.delete(
        resources, who, session_id, signed_too=True
    ),
    "off the record": lambda resources, who, session_id: off_record.cut(
        resources, who, session_id, ((0.1, 0.2),), keep_signed_notes=True
    ),
    "process notes": process_notes.delete,
    "process notes overwritten": lambda resources, who, session_id: process_notes.write(
        resources, who, session_id, "Other.", "*"
    ),
}


@pytest.mark.parametrize("by", BY)
@pytest.mark.parametrize("removal", REMOVALS)
def test_what_is_on_hold_is_removed_in_no_way(
    resources: Resources,
    office: Office,
    administrators: tuple[Caller, Caller],
    session_id: UUID,
    removal: str,
    by: str,
) -> None:
    hold = place(resources, administrators[0], target_of(by, office, session_id))
    with pytest.raises(Conflict, match="two administrators lift") as refused:
        REMOVALS[removal](resources, office.caller, session_id)
    assert refused.value.code == "on_hold"
    assert process_notes.read(resources, office.caller, session_id).text == "Mine."
    assert row(resources, session_id).status == Status.PROCESSED
    lift(resources, administrators, hold)
    REMOVALS[removal](resources, office.caller, session_id)


def test_a_hold_on_one_session_leaves_others_alone(
    resources: Resources, office: Office, administrators: tuple[Caller, Caller], session_id: UUID
) -> None:
    other = promise(resources, office)
    place(resources, administrators[0], Target(session_id=session_id))
    assert deletion.delete(resources, office.caller, other).erased_at is not None


def test_a_patient_on_hold_is_not_deleted(
    resources: Resources, office: Office, administrators: tuple[Caller, Caller]
) -> None:
    hold = place(resources, administrators[0], Target(office.patient_id))
    with pytest.raises(Conflict) as refused:
        patients.delete(resources, office.caller, office.patient_id)
    assert refused.value.code == "on_hold"
    lift(resources, administrators, hold)
    patients.delete(resources, office.caller, office.patient_id)
    with everything(resources) as db:
        found = rows.get(db, hold.id)
        assert found is not None
        assert found.lifted_by == administrators[1].therapist_id
    listed = holds.listed(resources, administrators[0], lifted_too=True)
    assert [(one.id, one.matter) for one in listed] == [(hold.id, None)], (
        "its words went with the patient's key"
    )


@pytest.mark.parametrize("ending", ["cancelled", "consent"])
@pytest.mark.parametrize("held", [True, False])
def test_work_that_ends_keeps_what_was_transcribed_on_hold(
    resources: Resources, office: Office, administrators: tuple[Caller, Caller], ending: str, held: bool
) -> None:
    session_id = promise(resources, office)
    bench = bench_with(resources, analyser=FakeSpeechAnalyser(plan_of(2)))
    transcription.transcribe(bench, session_id)
    chunk_transcription.transcribe_chunk(bench, session_id)
    if held:
        place(resources, administrators[0], Target(office.patient_id))
    if ending == "cancelled":
        cancellation.cancel(resources, office.caller, session_id)
    else:
        patients.change(resources, office.caller, office.patient_id, {"revoked_on": datetime.now(UTC)})
    assert row(resources, session_id).status == Status.CANCELLED
    assert ("chunk" in products(resources, session_id)) is held


def test_a_hold_is_lifted_by_two(
    resources: Resources, office: Office, administrators: tuple[Caller, Caller], session_id: UUID
) -> None:
    one, other = administrators
    hold = place(resources, one, Target(session_id=session_id))
    with pytest.raises(Conflict) as early:
        holds.confirm_lift(resources, other, hold.id)
    assert early.value.code == "lift_not_asked"
    holds.ask_to_lift(resources, one, hold.id)
    assert holds.ask_to_lift(resources, other, hold.id).lift_asked_by == one.therapist_id
    with pytest.raises(Conflict) as alone:
        holds.confirm_lift(resources, one, hold.id)
    assert alone.value.code == "another_administrator"
    with pytest.raises(DatabaseError), resources.database.transaction(one.practice_id) as db:
        rows.lift(db, hold.id, one.therapist_id)  # Postgres knows it too
    assert holds.keep(resources, other, hold.id).lift_asked_by is None
    assert lift(resources, administrators, hold).lifted_at is not None
    for act in (holds.ask_to_lift, holds.confirm_lift, holds.keep):
        with pytest.raises(Conflict) as again:
            act(resources, other, hold.id)
        assert again.value.code == "hold_lifted"
    assert holds.listed(resources, one) == []
    for action in ("hold.place", "hold.lift_asked", "hold.kept", "hold.lift"):
        assert audited(resources, session_id, action), action


def test_two_holds_are_lifted_one_by_one(
    resources: Resources, office: Office, administrators: tuple[Caller, Caller], session_id: UUID
) -> None:
    first = place(resources, administrators[0], Target(office.patient_id))
    place(resources, administrators[0], Target(session_id=session_id))
    lift(resources, administrators, first)
    with pytest.raises(Conflict):
        deletion.delete(resources, office.caller, session_id)


def test_others_practices_records_cannot_be_put_on_hold(
    resources: Resources, office: Office, administrators: tuple[Caller, Caller], session_id: UUID
) -> None:
    stranger = replace(make_office(resources).caller)
    for target in (Target(office.patient_id), Target(session_id=session_id), Target(uuid4())):
        with pytest.raises(NotFound):
            place(resources, stranger, target)
    hold = place(resources, administrators[0], Target(session_id=session_id))
    with pytest.raises(NotFound):
        holds.get(resources, stranger, hold.id)
    with pytest.raises(InvalidInput):
        holds.review(resources, administrators[0], hold.id, date(2020, 1, 1))
    assert holds.review(resources, administrators[0], hold.id, date(2101, 1, 1)).review_on.year == 2101


@pytest.mark.parametrize("by", BY)
def test_a_deletion_waits_for_a_hold_that_is_being_placed(
    resources: Resources, office: Office, session_id: UUID, by: str
) -> None:
    target = target_of(by, office, session_id)
    practice_id = office.caller.practice_id
    waiting = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
    with ThreadPoolExecutor(1) as pool:
        with resources.database.transaction(practice_id) as db:
            assert pending_patients.to_put_on_hold(db, office.patient_id)
            subject = Subject(practice_id, office.patient_id)
            row = Hold(id=uuid4(), practice_id=practice_id, patient_id=office.patient_id)
            row.session_id, row.review_on, row.placed_by = target.session_id, FAR, uuid4()
            row.details = resources.vault.seal(subject, holds.KIND, {})
            rows.add(db, row)
            deleted = pool.submit(deletion.delete, resources, office.caller, session_id)
            wait_for(lambda: count(resources, waiting) > 0 or deleted.done())
        with pytest.raises(Conflict):
            deleted.result()


def count(resources: Resources, query: TextClause) -> int:
    with everything(resources) as db:
        return int(db.execute(query).scalar_one())


def test_a_hold_and_a_deletion_never_pass_each_other_unseen(
    resources: Resources, office: Office, administrators: tuple[Caller, Caller]
) -> None:
    """Whichever commits first decides: either the session is held, or there is none to be held."""
    outcomes = set()
    for number in range(8):
        session_id, start = promise(resources, office), threading.Barrier(2)
        target = Target(session_id=session_id) if number % 2 else Target(office.patient_id)

        def delete(session_id: UUID = session_id, start: threading.Barrier = start) -> str:
            start.wait()
            try:
                deletion.delete(resources, office.caller, session_id)
            except DomainError as error:
                return error.code
            return "deleted"

        def hold(target: Target = target, start: threading.Barrier = start) -> HoldRecord | None:
            start.wait()
            try:
                return place(resources, administrators[0], target)
            except NotFound:
                return None

        with ThreadPoolExecutor(2) as pool:
            deleted, held = pool.submit(delete), pool.submit(hold)
            outcome, placed = deleted.result(), held.result()
        with everything(resources) as db:
            there = db.execute(
                text("SELECT count(*) FROM sessions WHERE id = :id"), {"id": session_id}
            ).scalar_one()
        assert there == (outcome == "on_hold")
        if target.session_id is not None:
            assert (placed is not None) == (outcome == "on_hold")
        outcomes.add(outcome)
        if placed is not None:
            lift(resources, administrators, placed)
    assert outcomes <= {"deleted", "on_hold"}


def test_the_api_places_shows_and_lifts_holds(
    resources: Resources, office: Office, administrators: tuple[Caller, Caller], session_id: UUID
) -> None:
    app = app_of(resources)
    one, other = (
        Client(app.test_client(), accounts.create_key(resources, who.practice_id, who.therapist_id)[1])
        for who in administrators
    )
    asked = {
        "session_id": str(session_id),
        "matter": "A v. B",
        "reason": "Subpoena",
        "review_on": "2100-01-01",
    }
    assert one("POST", "/api/holds", json={**asked, "patient_id": str(office.patient_id)}).status_code == 422
    key = {"Idempotency-Key": "once"}
    made = one("POST", "/api/holds", json=asked, headers=key)
    assert made.status_code == 201
    assert one("POST", "/api/holds", json=asked, headers=key).json == made.json
    path = made.headers["Location"]
    assert made.json["matter"] == "A v. B"
    assert one("GET", path).json == made.json
    therapist = Client(
        app.test_client(),
        accounts.create_key(
            resources,
            office.caller.practice_id,
            office.caller.therapist_id,
            frozenset(Scope) - (ADMINISTRATOR_SCOPES - ON_REQUEST_SCOPES),
        )[1],
    )
    refused = therapist("DELETE", f"/api/sessions/{session_id}")
    assert (refused.status_code, refused.json["code"]) == (409, "on_hold")
    assert therapist("GET", "/api/holds").status_code == 403
    assert one("PATCH", path, json={"review_on": "2100-02-01"}).json["review_on"] == "2100-02-01"
    assert one("POST", f"{path}/lift").status_code == 200
    assert one("POST", f"{path}/lift/confirm").json["code"] == "another_administrator"
    assert other("DELETE", f"{path}/lift").json["lift_asked_by"] is None
    assert other("POST", f"{path}/lift").status_code == 200
    assert one("POST", f"{path}/lift/confirm").json["lifted_at"]
    assert one("GET", "/api/holds").json == []
    assert [hold["id"] for hold in one("GET", "/api/holds?lifted=true").json] == [made.json["id"]]
    assert therapist("DELETE", f"/api/sessions/{session_id}").status_code == 200
