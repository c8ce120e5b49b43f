"""What a deletion leaves in rows: its tombstone, and the order to remove what is not in Postgres."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select, text

from shared.db.queries.privacy import deletions
from shared.db.queries.privacy.deletions import Remains
from shared.db.tables.core import TherapySession
from shared.db.tables.lifecycle import Erasure, Tombstone
from shared.services.resources import Resources
from tests.database import everything
from tests.integration.sessions import bench_with, promise, work
from tests.servers import Office

AGAIN = 60.0


@pytest.fixture
def session_id(resources: Resources, office: Office) -> UUID:
    return promise(resources, office)


def order(resources: Resources, office: Office, due: float, last: float, *, whole: bool = True) -> Remains:
    remains = Remains(uuid4(), office.caller.practice_id, whole)
    with everything(resources) as db:
        deletions.schedule(db, remains, due_seconds=due, last_seconds=last)
    return remains


def taken(resources: Resources, limit: int = 9) -> list[Remains]:
    with everything(resources) as db:
        return list(deletions.take_due(db, again_seconds=AGAIN, limit=limit))


def seconds_to(resources: Resources, remains: Remains) -> tuple[int, int]:
    """How long it is until the next and the last attempt."""
    with everything(resources) as db:
        found = db.execute(
            select(Erasure.due_at - func.now(), Erasure.last_at - func.now()).where(
                Erasure.session_id == remains.session_id
            )
        ).one()
    return round(found[0] / timedelta(seconds=10)) * 10, round(found[1] / timedelta(seconds=10)) * 10


def test_what_is_due_is_taken_once_the_longest_due_first_and_put_off(
    resources: Resources, office: Office
) -> None:
    later, first = order(resources, office, -10, 900), order(resources, office, -20, 900, whole=False)
    waits = order(resources, office, 300, 900)
    assert taken(resources, limit=1) == [first]
    assert taken(resources) == [later]
    assert taken(resources) == []
    assert [seconds_to(resources, one) for one in (first, later, waits)] == [
        (60, 900),
        (60, 900),
        (300, 900),
    ]


def test_two_who_look_at_once_never_take_the_same(resources: Resources, office: Office) -> None:
    one, other = order(resources, office, -20, 900), order(resources, office, -10, 900)
    with everything(resources) as db:
        assert deletions.take_due(db, again_seconds=AGAIN, limit=1) == [one]
        assert taken(resources) == [other]


def test_an_order_that_is_given_again_counts_as_it_was_given_last(
    resources: Resources, office: Office
) -> None:
    before = order(resources, office, 100, 200, whole=False)
    again = Remains(before.session_id, before.practice_id, whole=True)
    with everything(resources) as db:
        deletions.schedule(db, again, due_seconds=-1, last_seconds=600)
    assert seconds_to(resources, again) == (0, 600)
    assert taken(resources) == [again]


def test_objects_are_removed_once_more_at_the_last_time_and_then_forgotten(
    resources: Resources, office: Office
) -> None:
    early, late = order(resources, office, -1, 300), order(resources, office, -1, -1)
    with everything(resources) as db:
        deletions.settle(db, early.session_id)
        deletions.settle(db, late.session_id)
        left = db.scalars(select(Erasure.session_id)).all()
    assert left == [early.session_id]
    assert seconds_to(resources, early) == (300, 300)


def test_a_tombstone_says_what_was_there_and_is_marked_once(
    resources: Resources, office: Office, session_id: UUID
) -> None:
    signed = [{"version": 1}]
    with everything(resources) as db:
        row = db.get_one(TherapySession, session_id)
        deletions.leave_tombstone(db, row, {"notes": 2}, "therapist:x", signed)
    with everything(resources) as db:
        found = deletions.tombstone_of(db, office.caller.therapist_id, session_id)
        assert found
        assert (found.practice_id, found.therapist_id, found.patient_id) == (
            office.caller.practice_id,
            office.caller.therapist_id,
            office.patient_id,
        )
        assert (found.removed, found.signed, found.requested_by) == ({"notes": 2}, signed, "therapist:x")
        assert found.erased_at is None
        assert deletions.tombstone_of(db, uuid4(), session_id) is None
        assert deletions.tombstone_of(db, office.caller.therapist_id, uuid4()) is None
    marks = []
    for _ in range(2):
        with everything(resources) as db:
            deletions.mark_erased(db, session_id)
        with everything(resources) as db:
            marks.append(db.scalar(select(Tombstone.erased_at).where(Tombstone.session_id == session_id)))
    assert marks[0] is not None
    assert marks[0] == marks[1]


def test_rows_are_counted_by_kind_and_then_gone(
    resources: Resources, office: Office, session_id: UUID
) -> None:
    work(bench_with(resources), session_id)
    with everything(resources) as db:
        assert deletions.count_rows(db, session_id) == {
            "outputs": 2,
            "process_notes": 0,
            "notes": 1,
            "steps": 6,
            "events": 5,
            "risk_alerts": 0,
        }
        deletions.remove_rows(db, session_id)
        assert set(deletions.count_rows(db, session_id).values()) == {0}
        assert db.scalar(text("SELECT count(*) FROM sessions")) == 0
