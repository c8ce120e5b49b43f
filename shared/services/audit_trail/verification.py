"""Verifying the audit trail: every chain from its first line to its last, held against the anchors."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy.orm import Session as DbSession

from shared.db.connection import clock
from shared.db.connection.engine import Database
from shared.db.queries.privacy import audit_chain as rows
from shared.db.queries.privacy import trail_removals
from shared.db.tables.privacy.audit import AuditBatch
from shared.domain.retention import LEAST_TRAIL_DAYS
from shared.services.audit_trail import chain
from shared.services.audit_trail.anchors import Anchor

# The dispatcher chains every few seconds; lines that wait longer are not covered by anything.
_LATE = timedelta(minutes=10)


class Kind(StrEnum):
    """What can be wrong with a chain."""

    CHANGED = "changed"
    REMOVED = "removed"
    INSERTED = "inserted"
    REORDERED = "reordered"
    BATCH_CHANGED = "batch_changed"
    BATCH_REMOVED = "batch_removed"
    CUT_OFF = "cut_off"
    OTHER_HISTORY = "other_history"
    NOT_CHAINED = "not_chained"
    REMOVAL_CHANGED = "removal_changed"
    REMOVED_EARLY = "removed_early"


WORDS = {
    Kind.CHANGED: "was changed after it was written",
    Kind.REMOVED: "was removed",
    Kind.INSERTED: "was inserted later, past the chain",
    Kind.REORDERED: "holds what stood in another line: lines were exchanged",
    Kind.BATCH_CHANGED: "was changed: its head does not fit, or it was made with another key",
    Kind.BATCH_REMOVED: "was removed from the chain",
    Kind.CUT_OFF: "was anchored and is gone: the end was cut off, or an older database was restored",
    Kind.OTHER_HISTORY: "is not the one that was anchored: an older database was restored and went on, "
    "or the chain was written anew",
    Kind.REMOVAL_CHANGED: "is said to be the last that a rule removed, and the service did not write that",
    Kind.REMOVED_EARLY: "was removed before its six years were over",
    Kind.NOT_CHAINED: "has waited too long to be chained: does the dispatcher run?",
}


@dataclass(frozen=True, slots=True)
class Break:
    """Something that is wrong: with a line (``event_id``), or with a whole batch."""

    kind: Kind
    batch: int | None = None
    event_id: int | None = None

    @property
    def words(self) -> str:
        """One sentence about it."""
        what = f"Line {self.event_id}" if self.event_id is not None else f"Batch {self.batch}"
        return f"{what} {WORDS[self.kind]}."


@dataclass(slots=True)
class Verdict:
    """What was found of one practice's chain; ``waiting``: lines that are not chained yet.

    ``removed_lines``: how many the practice's rule removed, all written before ``removed_before``.
    """

    practice_id: UUID
    lines: int = 0
    batches: int = 0
    anchors: int = 0
    waiting: int = 0
    removed_lines: int = 0
    removed_before: datetime | None = None
    breaks: list[Break] = field(default_factory=list)


def verify(
    database: Database, secret: bytes, anchors: Iterable[Anchor], practice_id: UUID | None = None
) -> Iterator[Verdict]:
    """Each practice's chain, or this one's; the first break of each comes first. Raises Unavailable."""
    anchored: dict[UUID, dict[int, bytes]] = {}
    for anchor in anchors:
        anchored.setdefault(anchor.practice_id, {})[anchor.number] = anchor.head
    with database.operating() as db:
        known = sorted({*rows.practices(db), *anchored})
    for one in known if practice_id is None else [practice_id]:
        with database.operating() as db:
            yield _verdict(db, chain.key_of(secret, one), one, anchored.get(one, {}))


def _verdict(db: DbSession, key: bytes, practice_id: UUID, anchored: dict[int, bytes]) -> Verdict:
    found = Verdict(practice_id, anchors=len(anchored))
    previous, number = _beginning(db, key, found, anchored)
    for batch in rows.batches(db, practice_id, number):
        number += 1
        while number < batch.number:
            found.breaks.append(Break(Kind.BATCH_REMOVED, number))
            previous, number = b"unknown", batch.number
        found.breaks += _of_batch(db, key, previous, batch)
        if anchored.get(number, batch.head) != batch.head:
            found.breaks.append(Break(Kind.OTHER_HISTORY, number))
        previous = batch.head
        found.batches += 1
        found.lines += len(batch.event_ids)
    if missing := sorted(later for later in anchored if later > number):
        found.breaks.append(Break(Kind.CUT_OFF, missing[0]))
    upto = rows.settled(db)
    found.breaks += [Break(Kind.INSERTED, None, id_) for id_ in rows.in_no_batch(db, practice_id, upto)]
    found.waiting, since = rows.waiting(db, practice_id, upto)
    found.breaks += _late(clock.now(db), since, found)
    return found


def _beginning(db: DbSession, key: bytes, found: Verdict, anchored: dict[int, bytes]) -> tuple[bytes, int]:
    """The head and number at which the chain begins: a rule may have removed the lines before."""
    gone = trail_removals.latest(db, found.practice_id)
    if gone is None:
        return chain.BEGINNING, 0
    found.removed_lines = trail_removals.removed_lines(db, found.practice_id)
    found.removed_before = gone.upto
    code = chain.removal(key, gone.number, gone.head, gone.lines, gone.upto, gone.removed_at)
    if code != gone.code:
        found.breaks.append(Break(Kind.REMOVAL_CHANGED, gone.number))
    if gone.removed_at - gone.upto < timedelta(days=LEAST_TRAIL_DAYS):
        found.breaks.append(Break(Kind.REMOVED_EARLY, gone.number))
    if anchored.get(gone.number, gone.head) != gone.head:
        found.breaks.append(Break(Kind.OTHER_HISTORY, gone.number))
    return gone.head, gone.number


def _late(now: datetime, since: datetime | None, found: Verdict) -> list[Break]:
    return [Break(Kind.NOT_CHAINED, found.batches + 1)] if since and now - since > _LATE else []


def _of_batch(db: DbSession, key: bytes, previous: bytes, batch: AuditBatch) -> Iterator[Break]:
    lines = rows.lines(db, batch.event_ids)
    size = chain.CODE_BYTES
    codes = [batch.codes[at : at + size] for at in range(0, len(batch.codes), size)]
    for event_id, expected in zip(batch.event_ids, codes, strict=False):
        line = lines.get(event_id)
        if line is None:
            yield Break(Kind.REMOVED, batch.number, event_id)
            continue
        code = chain.code(key, line[1:])
        if code != expected:
            yield Break(Kind.REORDERED if code in codes else Kind.CHANGED, batch.number, event_id)
    head = chain.head(key, previous, batch.number, batch.sealed_at, batch.event_ids, batch.codes)
    if head != batch.head and previous != b"unknown":
        yield Break(Kind.BATCH_CHANGED, batch.number)
