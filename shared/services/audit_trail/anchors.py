"""Anchors: heads of the chains in a folder outside the database, where a cut end or an old state shows.

One file a day, to which lines are only added, so that the folder may lie on a disk that nothing can be
taken from. A line is JSON: practice, number of the batch, its last line, its time, its head.
"""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import structlog

from shared.db.connection.engine import Database
from shared.db.queries.privacy import audit_chain
from shared.db.tables.privacy.audit import AuditBatch
from shared.vault.durable import make_folders

log = structlog.get_logger(__name__)

EVERY_SECONDS = 60.0
_NAMES = "audit-*.ndjson"


@dataclass(frozen=True, slots=True)
class Anchor:
    """What a line of an anchor file says of a batch."""

    practice_id: UUID
    number: int
    head: bytes
    sealed_at: str


@dataclass
class Anchorage:
    """The folder that heads are written to, and up to when they were; None: nothing is anchored."""

    folder: Path | None
    written_upto: datetime | None = None

    def write_new(self, database: Database) -> int:
        """Add the head of each chain that has grown; gives their number. Raises Unavailable.

        A disk that is away costs a warning and is tried again: the chain goes on.
        """
        if self.folder is None:
            return 0
        with database.operating() as db:
            found = audit_chain.sealed_since(db, self.written_upto)
        if not found:
            return 0
        newest = max(batch.sealed_at for batch in found)
        try:
            make_folders(self.folder)
            _append(self.folder / f"audit-{newest.astimezone(UTC):%Y-%m-%d}.ndjson", found)
        except OSError as error:
            log.warning("audit_not_anchored", error=type(error).__name__)
            return 0
        self.written_upto = newest
        return len(found)


def _append(path: Path, batches: list[AuditBatch]) -> None:
    lines = "".join(json.dumps(_as_json(batch), separators=(",", ":")) + "\n" for batch in batches)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(descriptor, "ab", buffering=0) as file:
        file.write(lines.encode())
        os.fsync(file.fileno())


def _as_json(batch: AuditBatch) -> dict[str, object]:
    return {
        "practice_id": str(batch.practice_id),
        "number": batch.number,
        "last_id": batch.last_id,
        "sealed_at": batch.sealed_at.astimezone(UTC).isoformat(),
        "head": batch.head.hex(),
    }


def read(folder: Path) -> Iterator[Anchor]:
    """All anchors in the folder; raises ValueError where a whole line is not one.

    The last line of a file may be cut off: the machine failed while it was written.
    """
    for path in sorted(folder.glob(_NAMES)):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(keepends=True), 1):
            if not line.endswith("\n"):
                continue
            try:
                said = json.loads(line)
                said = said.get("data", said)  # of a checkpoint, as its receiver kept the message
                yield Anchor(
                    UUID(said["practice_id"]),
                    int(said["number"]),
                    bytes.fromhex(said["head"]),
                    said["sealed_at"],
                )
            except (ValueError, KeyError, TypeError):
                raise ValueError(f"line {number} of {path.name} is no anchor: the file was changed") from None
