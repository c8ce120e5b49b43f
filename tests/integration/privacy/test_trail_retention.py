"""Old lines of the audit trail go by a rule, and what is left stays provable."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.orm import Session as DbSession

from shared.db.connection.engine import DatabaseError
from shared.db.queries.privacy import audit
from shared.domain.errors import InvalidInput
from shared.domain.retention import LEAST_TRAIL_DAYS, RetentionEvent, RetentionKind
from shared.services.audit_trail import chaining, verification
from shared.services.audit_trail.anchors import Anchor
from shared.services.audit_trail.verification import Kind, Verdict
from shared.services.resources import Resources
from shared.services.retention import holds, rules, sweep, trail
from shared.services.retention.holds import Target
from shared.vault import identity
from tests.database import everything
from tests.integration.privacy.test_audit_chain import chain, ids, tamper, write
from tests.integration.sessions import promise
from tests.servers import Office

Old = Callable[..., None]
YEARS_AGO = datetime.now(UTC) - timedelta(days=LEAST_TRAIL_DAYS + 400)


@pytest.fixture
def old(resources: Resources, office: Office, monkeypatch: pytest.MonkeyPatch) -> Old:
    """Writes lines and chains them as if it were seven years ago."""

    def lines(count: int = 3, subject_id: UUID | None = None, at: datetime = YEARS_AGO) -> None:
        practice_id = office.caller.practice_id
        before = set(ids(resources, practice_id))
        with resources.database.transaction(practice_id) as db:
            for _ in range(count):
                audit.record(
                    db, practice_id=practice_id, actor="worker:a", action="notes.read", subject_id=subject_id
                )
        fresh = sorted(set(ids(resources, practice_id)) - before)
        tamper(resources, "UPDATE audit_events SET at = :at WHERE id = ANY(:ids)", at=at, ids=fresh)
        with monkeypatch.context() as patch:
            patch.setattr(chaining.clock, "now", lambda _: at)
            chain(resources)

    return lines


def secret(resources: Resources) -> bytes:
    return identity.chain_key(resources.vault.keys.folder, make=True)


def verdict(resources: Resources, office: Office, *anchors: Anchor) -> Verdict:
    return next(
        verification.verify(resources.database, secret(resources), anchors, office.caller.practice_id)
    )


def set_rule(resources: Resources, office: Office, days: int = LEAST_TRAIL_DAYS) -> None:
    rules.set_rule(resources, office.caller, RetentionKind.TRAIL, RetentionEvent.WRITTEN, days, 0)


def head_of(resources: Resources, office: Office, number: int) -> Anchor:
    with everything(resources) as db:
        query = text("SELECT head FROM audit_batches WHERE practice_id = :one AND number = :number")
        head = db.scalars(query, {"one": office.caller.practice_id, "number": number}).one()
    return Anchor(office.caller.practice_id, number, bytes(head), "")


def test_old_lines_go_and_verification_says_so(resources: Resources, office: Office, old: Old) -> None:
    old()
    old()
    write(resources, office.caller.practice_id, 2)
    chain(resources)
    anchored = [head_of(resources, office, number) for number in (1, 2, 3)]
    before = ids(resources, office.caller.practice_id)
    assert trail.run_due(resources.database, secret(resources)) == 0
    set_rule(resources, office)
    assert trail.run_due(resources.database, secret(resources)) == 6
    assert ids(resources, office.caller.practice_id)[: len(before) - 6] == before[6:]
    chain(resources)
    found = verdict(resources, office, *anchored)
    assert (found.breaks, found.removed_lines) == ([], 6)
    assert found.removed_before == YEARS_AGO
    assert trail.run_due(resources.database, secret(resources)) == 0


def test_lines_that_many_rows_let_go_are_removed_at_once_and_in_small_transactions(
    resources: Resources, office: Office, old: Old, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(5):
        old()
    write(resources, office.caller.practice_id)
    chain(resources)
    set_rule(resources, office)
    steps: list[int] = []
    removing = trail.rows.remove_what_may_go

    def one_batch(db: DbSession, *, limit: int) -> int:
        steps.append(removing(db, limit=1))
        return steps[-1]

    monkeypatch.setattr(trail.rows, "remove_what_may_go", one_batch)
    assert trail.run_due(resources.database, secret(resources)) == 15
    assert steps == [3, 3, 3, 3, 3, 0]


def test_no_rule_is_shorter_than_six_years_and_postgres_holds_to_it(
    resources: Resources, office: Office
) -> None:
    for days, event in (
        (LEAST_TRAIL_DAYS - 1, RetentionEvent.WRITTEN),
        (LEAST_TRAIL_DAYS, RetentionEvent.SESSION),
    ):
        with pytest.raises(InvalidInput):
            rules.set_rule(resources, office.caller, RetentionKind.TRAIL, event, days, 0)
    with pytest.raises(InvalidInput):
        rules.set_rule(resources, office.caller, RetentionKind.DRAFTS, RetentionEvent.WRITTEN, 9999, 0)
    write(resources, office.caller.practice_id)
    with pytest.raises(DatabaseError), resources.database.operating() as db:
        db.execute(text("DELETE FROM audit_events"))
    with pytest.raises(ProgrammingError, match="six years"), everything(resources) as db:
        db.execute(text("DELETE FROM audit_events"))


def test_a_rule_waits_for_its_grace(resources: Resources, office: Office, old: Old) -> None:
    old()
    write(resources, office.caller.practice_id)
    chain(resources)
    rules.set_rule(resources, office.caller, RetentionKind.TRAIL, RetentionEvent.WRITTEN, LEAST_TRAIL_DAYS, 5)
    assert trail.run_due(resources.database, secret(resources)) == 0
    due = sweep.preview(resources, office.caller, days=6).trail
    assert due == trail.Due(3, YEARS_AGO, is_blocked=False)


def test_a_hold_keeps_lines_about_its_patient_and_all_after_them(
    resources: Resources, office: Office, old: Old
) -> None:
    session_id = promise(resources, office)
    old()
    old(subject_id=session_id)
    old()
    write(resources, office.caller.practice_id)
    chain(resources)
    set_rule(resources, office)
    target = Target(office.patient_id)
    holds.place(resources, office.caller, target, matter="A", reason="B", review_on=date(2100, 1, 1))
    assert sweep.preview(resources, office.caller, days=0).trail == trail.Due(3, YEARS_AGO, is_blocked=True)
    removed = trail.run_due(resources.database, secret(resources))
    removed += trail.run_due(resources.database, secret(resources))
    assert removed == 3
    with everything(resources) as db:
        db.execute(text("UPDATE holds SET lifted_at = now()"))
    assert trail.run_due(resources.database, secret(resources)) == 6
    assert verdict(resources, office).breaks == []


def test_an_exception_for_a_patient_keeps_lines_too(resources: Resources, office: Office, old: Old) -> None:
    old(subject_id=office.patient_id)
    write(resources, office.caller.practice_id)
    chain(resources)
    set_rule(resources, office)
    kept = rules.OfPatient(None, date(2100, 1, 1))
    rules.set_patient(resources, office.caller, office.patient_id, kept)
    assert trail.run_due(resources.database, secret(resources)) == 0


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ("UPDATE audit_removals SET lines = lines + 1", Kind.REMOVAL_CHANGED),
        ("UPDATE audit_removals SET upto = now()", Kind.REMOVED_EARLY),
        ("UPDATE audit_removals SET number = number + 1", Kind.REMOVAL_CHANGED),
        ("DELETE FROM audit_removals", Kind.BATCH_REMOVED),
        ("DELETE FROM audit_batches WHERE number = 3", Kind.BATCH_REMOVED),
        ("UPDATE audit_removals SET head = 'x'", Kind.REMOVAL_CHANGED),
    ],
)
def test_a_removal_that_the_service_did_not_write_is_found(
    resources: Resources, office: Office, old: Old, change: str, kind: Kind
) -> None:
    old()
    old()
    for _ in range(2):
        write(resources, office.caller.practice_id)
        chain(resources)
    set_rule(resources, office)
    assert trail.run_due(resources.database, secret(resources)) == 6
    assert verdict(resources, office).breaks == []
    tamper(resources, change)
    assert kind in [one.kind for one in verdict(resources, office).breaks]


def test_what_was_let_go_is_removed_also_if_a_dispatcher_died_in_between(
    resources: Resources, office: Office, old: Old, monkeypatch: pytest.MonkeyPatch
) -> None:
    old()
    write(resources, office.caller.practice_id)
    chain(resources)
    set_rule(resources, office)
    with monkeypatch.context() as patch:
        patch.setattr(trail.rows, "remove_what_may_go", lambda *_, **__: 0)
        trail.run_due(resources.database, secret(resources))
    assert verdict(resources, office).breaks == []
    assert trail.run_due(resources.database, secret(resources)) == 3
    assert verdict(resources, office).breaks == []
