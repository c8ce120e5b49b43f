"""One run over the keys of a practice's subjects that are to be rotated; ``rotation`` has the steps."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import structlog

from shared.db.connection import clock
from shared.db.queries.privacy import audit
from shared.db.queries.work import subject_rotations
from shared.db.tables.operations import SubjectRotation
from shared.domain import failpoints
from shared.domain.errors import Unavailable
from shared.services.resources import Resources
from shared.services.subject_keys import objects, values
from shared.services.subject_keys.objects import AtWork
from shared.vault import subject_rotation
from shared.vault.frames import TamperedObject
from shared.vault.keystore import KeyDestroyed, KeyStoreError
from shared.vault.sealing import Subject

log = structlog.get_logger(__name__)

ACTOR = "server"
_PAUSE_SECONDS = 0.5
_ASK_AGAIN_SECONDS = 0.02
_TRANSACTIONS_END_WITHIN_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Waits:
    """How long former versions stay, and how long sessions that are worked on are waited for, in seconds.

    ``retired``: longer than a request holds what it read, or a transaction may be idle.
    """

    retired: float = 90.0
    patience: float = 300.0


@dataclass
class Progress:
    """How many keys are rotated: in all, sealed anew, ended. ``waiting``: of sessions that are worked on."""

    total: int = 0
    sealed: int = 0
    ended: int = 0
    waiting: int = 0
    unreadable: tuple[UUID, ...] = ()

    @property
    def left(self) -> int:
        """How many have not ended."""
        return self.total - self.ended


class Run:
    """Looks at each of them again and again, until nothing is left or nothing goes on."""

    def __init__(
        self, resources: Resources, practice_id: UUID, waits: Waits, report: Callable[[Progress], None]
    ) -> None:
        self._resources, self._practice_id, self._waits = resources, practice_id, waits
        self._database, self._vault = resources.database, resources.vault
        self._report = report
        self._progress = Progress()
        self._unreadable: set[UUID] = set()

    def go_on(self) -> Progress:
        """Do what can be done; gives how far it came."""
        progress = self._progress
        progress.total = len(self._unfinished()[0])
        give_up_at = time.monotonic() + self._waits.patience
        while progress.left > len(self._unreadable):
            before = progress.sealed + progress.ended
            self._look()
            if progress.sealed + progress.ended > before or not progress.waiting:
                give_up_at = time.monotonic() + self._waits.patience
            elif time.monotonic() > give_up_at:
                break
            if progress.left > len(self._unreadable):
                time.sleep(_PAUSE_SECONDS)
        progress.unreadable = tuple(sorted(self._unreadable))
        return progress

    def _unfinished(self) -> tuple[list[SubjectRotation], datetime]:
        """Those that have not ended, and the time before which one is retired for long enough."""
        with self._database.transaction(self._practice_id) as db:
            retired_at = clock.now(db) - timedelta(seconds=self._waits.retired)
            return list(subject_rotations.unfinished(db, self._practice_id)), retired_at

    def _look(self) -> None:
        rows, retired_at = self._unfinished()
        progress, progress.waiting = self._progress, 0
        progress.ended = progress.total - len(rows)
        progress.sealed = progress.ended + sum(row.sealed_at is not None for row in rows)
        for row in rows:
            subject = Subject(row.practice_id, row.subject_id)
            if subject.id in self._unreadable:
                continue
            try:
                if row.sealed_at is None:
                    self._seal(subject)
                    progress.sealed += 1
                elif row.sealed_at <= retired_at:
                    self._end(subject, row.version)
                    progress.ended += 1
            except (AtWork, Unavailable) as error:
                progress.waiting += 1
                log.info("subject_rotation_waits", subject_id=subject.id, error=type(error).__name__)
            except (TamperedObject, KeyStoreError) as error:
                self._unreadable.add(subject.id)
                log.error("subject_rotation_stops", subject_id=subject.id, error=type(error).__name__)  # noqa: TRY400 - the type says all
            self._report(progress)

    def _seal(self, subject: Subject) -> None:
        """Steps 1 to 4 of ``rotation``."""
        try:
            version = subject_rotation.add_version(self._vault.keys, subject.practice_id, subject.id)
            with self._database.transaction(subject.practice_id) as db:
                if subject_rotations.is_at_work(db, subject.id):
                    raise AtWork
            self._seal_all(subject, version)
            self._refuse_former(subject, version)
            self._seal_all(subject, version)
            self._require_all_under(subject, version)
        except KeyDestroyed:
            self._note_gone(subject)
            return
        failpoints.reach("rotating", "subject_verified")
        with self._database.transaction(subject.practice_id) as db:
            subject_rotations.note_sealed(db, subject.id)
        failpoints.reach("rotating", "subject_sealed")

    def _seal_all(self, subject: Subject, version: int) -> None:
        values.seal_anew(self._database, self._vault, subject, version)
        objects.seal_anew(self._resources, subject, version)

    def _refuse_former(self, subject: Subject, version: int) -> None:
        """Have Postgres refuse values under former versions, and wait for who may have written one before."""
        with self._database.transaction(subject.practice_id) as db:
            subject_rotations.retire_before(db, subject.id, version)
        failpoints.reach("rotating", "former_refused")
        with self._database.transaction(subject.practice_id) as db:
            following = subject_rotations.next_transaction(db)
        give_up_at = time.monotonic() + _TRANSACTIONS_END_WITHIN_SECONDS
        while True:
            with self._database.transaction(subject.practice_id) as db:
                if subject_rotations.oldest_transaction(db) >= following:
                    return
            if time.monotonic() > give_up_at:
                raise Unavailable("A transaction does not end; run it again later.", "database_unavailable")
            time.sleep(_ASK_AGAIN_SECONDS)

    def _require_all_under(self, subject: Subject, version: int) -> None:
        values.require_all_under(self._database, self._vault, subject, version)
        if objects.left(self._resources, subject, version):
            raise AtWork

    def _end(self, subject: Subject, version: int) -> None:
        """Step 5 of ``rotation``."""
        try:
            self._require_all_under(subject, version)
            subject_rotation.remove_former(self._vault.keys, subject.practice_id, subject.id, version)
        except KeyDestroyed:
            self._note_gone(subject)
            return
        with self._database.transaction(subject.practice_id) as db:
            subject_rotations.note_ended(db, subject.id)
            audit.record(
                db,
                practice_id=subject.practice_id,
                actor=ACTOR,
                action="vault.subject_rotated",
                subject_id=subject.id,
            )
        failpoints.reach("rotating", "subject_ended")

    def _note_gone(self, subject: Subject) -> None:
        """The subject was deleted: there is nothing to rotate."""
        with self._database.transaction(subject.practice_id) as db:
            subject_rotations.note_ended(db, subject.id)
