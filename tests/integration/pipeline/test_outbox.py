"""What tells webhooks is written with what it tells, for who subscribes, and for nobody else."""

from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from shared.db.queries.records import sessions
from shared.db.queries.work import outbox
from shared.db.tables.webhooks import WebhookDelivery, WebhookEndpoint
from shared.domain.errors import PermanentStepError
from shared.domain.status import Status
from shared.domain.webhooks import SUBSCRIBABLE, USUAL, DeliveryState, EventType, PauseReason
from shared.services.lifecycle import cancellation, deletion
from shared.services.resources import Resources
from shared.vault.sealing import Sealed
from tests.database import everything
from tests.fakes.speech import FakeTranscriber
from tests.integration.sessions import bench_with, promise, work
from tests.servers import Office, make_office

Told = list[tuple[EventType, UUID | None, dict[str, str | int]]]


def subscribe(
    resources: Resources,
    office: Office,
    events: frozenset[EventType] = SUBSCRIBABLE,
    pause: PauseReason | None = None,
) -> UUID:
    """An endpoint of the office, as far as the outbox looks at one."""
    endpoint = WebhookEndpoint(
        id=uuid4(),
        practice_id=office.caller.practice_id,
        url=Sealed(b"u"),
        label=Sealed(b"l"),
        secret=Sealed(b"s"),
        events=sorted(events),
        pause=pause,
        paused_at=datetime.now(UTC) if pause else None,
    )
    with resources.database.transaction(office.caller.practice_id) as db:
        db.add(endpoint)
    return endpoint.id


def told(resources: Resources, endpoint_id: UUID) -> Told:
    query = select(WebhookDelivery).where(WebhookDelivery.endpoint_id == endpoint_id)
    with everything(resources) as db:
        rows = db.scalars(query.order_by(WebhookDelivery.created_at)).all()
    assert {row.state for row in rows} <= {DeliveryState.WAITING}
    return [(row.type, row.session_id, row.facts) for row in rows]


def test_a_processed_session_is_told_once(resources: Resources, office: Office) -> None:
    endpoint = subscribe(resources, office)
    session_id = promise(resources, office)
    work(bench_with(resources), session_id)
    work(bench_with(resources), session_id)
    assert told(resources, endpoint) == [(EventType.PROCESSED, session_id, {})]


def test_a_failed_session_is_told_with_its_code(resources: Resources, office: Office) -> None:
    endpoint = subscribe(resources, office)
    session_id = promise(resources, office)
    deaf = FakeTranscriber(errors=[PermanentStepError("It cannot be heard.", "inaudible")])
    work(bench_with(resources, transcriber=deaf), session_id)
    assert told(resources, endpoint) == [(EventType.FAILED, session_id, {"code": "inaudible"})]


def test_a_cancelled_and_a_deleted_session_are_told(resources: Resources, office: Office) -> None:
    endpoint = subscribe(resources, office)
    session_id = promise(resources, office)
    for _ in range(2):
        cancellation.cancel(resources, office.caller, session_id)
    for _ in range(2):
        deletion.delete(resources, office.caller, session_id)
    assert told(resources, endpoint) == [
        (EventType.CANCELLED, session_id, {}),
        (EventType.DELETED, session_id, {}),
    ]


def test_what_is_undone_is_not_told(resources: Resources, office: Office) -> None:
    endpoint = subscribe(resources, office)
    session_id = promise(resources, office)
    with pytest.raises(ZeroDivisionError), resources.database.transaction(office.caller.practice_id) as db:
        sessions.move(db, session_id, Status.FAILED, error_code="x")
        raise ZeroDivisionError
    assert told(resources, endpoint) == []


def test_only_subscribers_of_the_practice_are_told_all_under_one_id(
    resources: Resources, office: Office
) -> None:
    one, two = subscribe(resources, office), subscribe(resources, office, USUAL)
    deaf = subscribe(resources, office, frozenset({EventType.DELETED}))
    strange = subscribe(resources, make_office(resources))
    cancellation.cancel(resources, office.caller, promise(resources, office))
    assert [len(told(resources, endpoint)) for endpoint in (one, two, deaf, strange)] == [1, 1, 0, 0]
    with everything(resources) as db:
        assert len(set(db.scalars(select(WebhookDelivery.message_id)))) == 1


def test_that_a_risk_was_found_goes_only_where_it_was_asked_for(resources: Resources, office: Office) -> None:
    usual = subscribe(resources, office, USUAL)
    asked = subscribe(resources, office, USUAL | {EventType.RISK_FOUND})
    session_id = promise(resources, office)
    with resources.database.transaction(office.caller.practice_id) as db:
        practice_id, alert_id = office.caller.practice_id, uuid4()
        assert outbox.enqueue(db, practice_id, EventType.RISK_FOUND, session_id, alert_id=alert_id) == 1
    assert told(resources, usual) == []
    assert told(resources, asked) == [(EventType.RISK_FOUND, session_id, {"alert_id": str(alert_id)})]


@pytest.mark.parametrize("pause", PauseReason)
def test_a_paused_endpoint_misses_nothing_unless_it_said_that_it_is_gone(
    resources: Resources, office: Office, pause: PauseReason
) -> None:
    endpoint = subscribe(resources, office, pause=pause)
    cancellation.cancel(resources, office.caller, promise(resources, office))
    assert len(told(resources, endpoint)) == (0 if pause is PauseReason.GONE else 1)


@pytest.mark.parametrize("said", ["I want to die.", "two words", "", "x" * 101])
def test_no_sentence_gets_into_the_outbox(resources: Resources, office: Office, said: str) -> None:
    practice_id = office.caller.practice_id
    with pytest.raises(ValueError, match="neither an id"), resources.database.transaction(practice_id) as db:
        outbox.enqueue(db, practice_id, EventType.RISK_FOUND, uuid4(), code=said)
