"""Packages are prepared: one after the other, in the background, by a process that makes the files."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from uuid import UUID

import pyrage
import structlog
from sqlalchemy.orm import Session as DbSession

from shared.db.connection import clock
from shared.db.queries.privacy import audit
from shared.db.queries.privacy import packages as rows
from shared.db.tables.privacy.packages import RecordPackage
from shared.domain.errors import Conflict
from shared.domain.rights import PackageForm, PackageState
from shared.services.access.caller import THERAPIST_SCOPES, Caller
from shared.services.operations import encrypted_backups
from shared.services.resources import Resources
from shared.services.rights import packages
from shared.storage.recordings import PACKAGE
from shared.vault.sealing import Subject

log = structlog.get_logger(__name__)

LEASE_SECONDS = 120.0  # renewed with each block: what is silent for so long has died
MOST_ATTEMPTS = 3
NOTE_EVERY_BYTES = 16 * 1024 * 1024


@dataclass
class Progress:
    """What the maker reports: ``parts_done`` of ``parts_total``, and which parts are in the file."""

    parts_done: int = 0
    parts_total: int = 0
    contents: dict[tuple[UUID, str], None] = field(default_factory=dict)
    go_on: Callable[[], None] = lambda: None
    """Keeps the package ours; to be called often where no block is made for long. Raises if it has ended."""

    def note(self, session_id: UUID, action: str) -> None:
        """A part of this session is in the file; ``action``: what the trail says when it leaves."""
        self.contents[session_id, action] = None


Make = Callable[[Resources, Caller, UUID, str | None, Progress], Iterator[bytes]]
"""Makes a ZIP file, block by block; of a patient, with a password or without."""


def run_due(resources: Resources, make: Make) -> int:
    """End what is over, and prepare what waits, of all practices; gives how many were prepared."""
    with resources.database.operating() as db:
        practices = rows.practices_with_open_ones(db)
    count = 0
    for practice_id in practices:
        packages.end_due(resources, practice_id)
        while _prepare_next(resources, practice_id, make):
            count += 1
    return count


def _prepare_next(resources: Resources, practice_id: UUID, make: Make) -> bool:
    """Prepare the practice's oldest package; False if none waits."""
    with resources.database.transaction(practice_id) as db:
        row = rows.claim(db, lease_seconds=LEASE_SECONDS)
        if row is None:
            return False
        if row.attempt > MOST_ATTEMPTS:
            _fail(db, row)
            return True
    try:
        _prepare(resources, row, make)
    except Exception as error:  # noqa: BLE001 - the next attempt or the end is noted
        log.warning("package_not_made", error=type(error).__name__, attempt=row.attempt)
        with resources.database.transaction(practice_id) as db:
            mine = rows.get(db, row.id, lock=True)
            if mine is not None and mine.lease == row.lease and mine.state is PackageState.PREPARING:
                if mine.attempt >= MOST_ATTEMPTS:
                    _fail(db, mine)
                return mine.attempt >= MOST_ATTEMPTS  # else after its lease
    return True


def _prepare(resources: Resources, row: RecordPackage, make: Make) -> None:
    """Make the file and store it; raises Conflict if the package has ended meanwhile."""
    subject = Subject(row.practice_id, row.id)
    secret = str(resources.vault.open(subject, packages.SECRET, row.secret)) if row.secret else ""
    is_zip = row.form is PackageForm.ZIP
    progress = Progress()
    progress.go_on = lambda: _go_on(resources, row, progress)
    blocks = _noting(
        progress,
        make(resources, _caller(row), row.patient_id, secret if is_zip else None, progress),
    )
    with resources.recordings.create(subject, PACKAGE) as write:
        sink = _Sink(write)
        if is_zip:
            for block in blocks:
                sink.write(block)
        else:
            pyrage.encrypt_io(_Source(blocks), sink, encrypted_backups.recipients([secret]))
    with resources.database.transaction(row.practice_id) as db:
        mine = rows.get(db, row.id, lock=True)
        if mine is None or mine.lease != row.lease or mine.state is not PackageState.PREPARING:
            raise _ended()
        mine.state, mine.ready_at = PackageState.READY, clock.now(db)
        mine.expires_at = mine.ready_at + packages.KEPT
        mine.bytes, mine.contents = (
            sink.size,
            [[str(session_id), what] for session_id, what in progress.contents],
        )
        mine.parts_done, mine.parts_total = progress.parts_total, progress.parts_total
        mine.secret = mine.lease = mine.lease_until = None
        _note(db, row, "package.ready")


def _noting(progress: Progress, blocks: Iterator[bytes]) -> Iterator[bytes]:
    """The blocks; every so often the progress is noted, which keeps the package ours."""
    noted, since = -1, 0
    for block in blocks:
        since += len(block)
        if progress.parts_done != noted or since >= NOTE_EVERY_BYTES:
            noted, since = progress.parts_done, 0
            progress.go_on()
        yield block


def _go_on(resources: Resources, row: RecordPackage, progress: Progress) -> None:
    """Note the progress and keep the package ours; raises Conflict if it has ended meanwhile."""
    with resources.database.transaction(row.practice_id) as db:
        done, total = progress.parts_done, progress.parts_total
        if row.lease is None or not rows.go_on(
            db, row.id, row.lease, done, total, lease_seconds=LEASE_SECONDS
        ):
            raise _ended()


def _caller(row: RecordPackage) -> Caller:
    """Who asked for it, with what reads need; the trail names the service."""
    return Caller(row.practice_id, row.created_by, packages.ACTOR, THERAPIST_SCOPES, row.key_id)


def _fail(db: DbSession, row: RecordPackage) -> None:
    packages.end(db, row, PackageState.FAILED, "not_made")
    _note(db, row, "package.failed")


def _note(db: DbSession, row: RecordPackage, action: str) -> None:
    audit.record(
        db,
        practice_id=row.practice_id,
        actor=packages.ACTOR,
        action=action,
        subject_id=row.patient_id,
        code=row.form,
    )


def _ended() -> Conflict:
    return Conflict("The package has ended meanwhile.", "package_ended")


class _Source:
    """Blocks as the file that age reads."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self._blocks, self._rest = blocks, b""

    def read(self, size: int = -1) -> bytes:
        """At most ``size`` bytes; none at the end."""
        while not self._rest:
            block = next(self._blocks, None)
            if block is None:
                return b""
            self._rest = block
        found, self._rest = (self._rest, b"") if size < 0 else (self._rest[:size], self._rest[size:])
        return found


class _Sink:
    """The stored object as the file that age writes; counts."""

    def __init__(self, write: Callable[[bytes], object]) -> None:
        self._write, self.size = write, 0

    def write(self, block: bytes) -> int:
        """Add it."""
        self._write(bytes(block))
        self.size += len(block)
        return len(block)

    def flush(self) -> None:
        """Blocks are handed on at once."""
