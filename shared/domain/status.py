"""The statuses of a session and the only moves allowed between them."""

from enum import StrEnum


class Status(StrEnum):
    """Where a session stands, as clients see it."""

    UPLOADING = "uploading"
    PENDING = "pending"
    TRANSCRIBING = "transcribing"
    TRANSCRIBED = "transcribed"
    EXTRACTING_NOTES = "extracting_notes"
    PROCESSED = "processed"
    FAILED = "failed"
    CANCELLED = "cancelled"


FINAL = frozenset({Status.PROCESSED, Status.FAILED, Status.CANCELLED})
UNFINISHED = frozenset(Status) - FINAL

# uploading → pending → transcribing → transcribed → extracting_notes → processed,
# failed or cancelled from anything unfinished; retry, extract-notes and a further recording lead back.
ALLOWED_MOVES: dict[Status, frozenset[Status]] = {
    Status.UPLOADING: frozenset({Status.PENDING, Status.FAILED, Status.CANCELLED}),
    Status.PENDING: frozenset(
        {Status.TRANSCRIBING, Status.EXTRACTING_NOTES, Status.FAILED, Status.CANCELLED}
    ),
    Status.TRANSCRIBING: frozenset({Status.PENDING, Status.TRANSCRIBED, Status.FAILED, Status.CANCELLED}),
    Status.TRANSCRIBED: frozenset({Status.PENDING, Status.EXTRACTING_NOTES, Status.FAILED, Status.CANCELLED}),
    Status.EXTRACTING_NOTES: frozenset({Status.PENDING, Status.PROCESSED, Status.FAILED, Status.CANCELLED}),
    Status.PROCESSED: frozenset({Status.PENDING, Status.EXTRACTING_NOTES}),
    Status.FAILED: frozenset({Status.PENDING}),
    Status.CANCELLED: frozenset(),
}


def sources_of(target: Status) -> frozenset[Status]:
    """The statuses from which a session may move to ``target``."""
    return frozenset(source for source, targets in ALLOWED_MOVES.items() if target in targets)


class StepState(StrEnum):
    """Where one step (or one chunk of a step) stands.

    ``waiting`` until the step before it is done, ``ready`` to be claimed, ``running``
    under a lease, ``fanned_out`` while its chunks are being worked on, then ``done`` or
    ``failed``.
    """

    WAITING = "waiting"
    READY = "ready"
    RUNNING = "running"
    FANNED_OUT = "fanned_out"
    DONE = "done"
    FAILED = "failed"
