"""What a practice's own systems can be told by webhook, and how long they are tried."""

from enum import StrEnum

from shared.domain.status import Status

URL, LABEL, SECRET = "webhook.url", "webhook.label", "webhook.secret"  # what is sealed as what


class EventType(StrEnum):
    """The kinds of message: what happened to a session, how far the trail is; never what was said."""

    PROCESSED = "session.processed"
    FAILED = "session.failed"
    CANCELLED = "session.cancelled"
    DELETED = "session.deleted"
    RISK_FOUND = "session.risk_found"
    RISK_OVERDUE = "session.risk_overdue"
    NOTES_EDITED = "notes.edited"
    NOTES_PROPOSED = "notes.proposed"
    NOTES_SIGNED = "notes.signed"
    NOTES_COSIGNED = "notes.cosigned"
    ADDENDUM_ADDED = "notes.addendum_added"
    AUDIT_CHECKPOINT = "audit.checkpoint"
    TEST = "webhook.test"


# That a risk was found tells something about a patient: it goes only where it was asked for by name. So do
# checkpoints, which few receivers have a use for.
ON_REQUEST = frozenset({EventType.RISK_FOUND, EventType.RISK_OVERDUE, EventType.AUDIT_CHECKPOINT})
SUBSCRIBABLE = frozenset(EventType) - {EventType.TEST}
USUAL = SUBSCRIBABLE - ON_REQUEST

EVENT_OF_STATUS = {
    Status.PROCESSED: EventType.PROCESSED,
    Status.FAILED: EventType.FAILED,
    Status.CANCELLED: EventType.CANCELLED,
}


class DeliveryState(StrEnum):
    """Where the delivery of one message to one endpoint stands."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    FAILED = "failed"


class PauseReason(StrEnum):
    """Why an endpoint gets nothing: on request, after days of failures, or by its answer 410."""

    REQUESTED = "requested"
    FAILING = "failing"
    GONE = "gone"


# Seconds after each failed attempt until the next, as the Standard Webhooks specification (1.0.0,
# "Deliverability and reliability") suggests, and once more: eleven attempts in a little over four days.
RETRY_SECONDS = (5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400, 86_400)
MOST_ATTEMPTS = len(RETRY_SECONDS) + 1
