"""The pipeline on one screen: its steps, in order, by name.

A session's steps are rows; a chunk is a row of ``transcribe_chunk`` with a part number, and only a
session with something off the record has a row of ``redact``.
Everything that differs from step to step is said here and nowhere else.
"""

from dataclasses import dataclass

from shared.domain.status import Status


@dataclass(frozen=True, slots=True)
class Step:
    """One place in the pipeline.

    ``task``: the Celery task that runs it. ``queue``: where its messages go. ``status``: what
    the session is called while it runs, and ``status_after`` once it is done (None: no change).
    ``limit_seconds``: the longest that one attempt may take. ``max_attempts``: then it fails.
    """

    name: str
    queue: str
    status: Status
    status_after: Status | None
    limit_seconds: int
    max_attempts: int = 8

    @property
    def task(self) -> str:
        return f"pipeline.{self.name}"


TRANSCRIBE = Step(
    name="transcribe",  # decodes, finds speech and speakers, and unites the chunks when they are done
    queue="transcribe",
    status=Status.TRANSCRIBING,
    status_after=Status.TRANSCRIBED,
    limit_seconds=3600,
)
TRANSCRIBE_CHUNK = Step(
    name="transcribe_chunk",  # one part of a recording; as many side by side as there are workers
    queue="transcribe",
    status=Status.TRANSCRIBING,
    status_after=None,
    limit_seconds=1800,
)
REDACT = Step(
    name="redact",  # takes what was said off the record out of the stored recording, before all else
    queue="transcribe",
    status=Status.TRANSCRIBING,
    status_after=None,
    limit_seconds=3600,
)
EXTRACT_NOTES = Step(
    name="extract_notes",
    queue="extract",
    status=Status.EXTRACTING_NOTES,
    status_after=None,
    limit_seconds=900,
)
PERSIST = Step(
    name="persist",  # verifies the evidence and publishes the notes
    queue="persist",
    status=Status.EXTRACTING_NOTES,
    status_after=Status.PROCESSED,
    limit_seconds=300,
)

CHAIN = (TRANSCRIBE, EXTRACT_NOTES, PERSIST)
STEPS = {step.name: step for step in (*CHAIN, TRANSCRIBE_CHUNK, REDACT)}

# What a person waits for goes before everything else, for any step.
URGENT_QUEUE = "urgent"
# In the order in which workers look: what was begun is finished before more is begun.
QUEUES = tuple(dict.fromkeys((URGENT_QUEUE, *(step.queue for step in (*reversed(CHAIN), TRANSCRIBE_CHUNK)))))


def following(step: Step) -> Step | None:
    """The step after ``step`` in the chain; None after the last, a chunk or a redaction."""
    if step not in CHAIN:
        return None
    position = CHAIN.index(step) + 1
    return CHAIN[position] if position < len(CHAIN) else None
