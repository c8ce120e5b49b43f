"""Reconciling: rows, stored objects and keys are compared, both ways; what no row owns is removed.

Nothing is removed that is younger than the grace period, that a row owns (a session, a patient, an
upload under way), or that lies where no practice of this database is. And nothing at all if too much
has no owner: then it is rather the database that is not the right one, or an older one.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

import structlog

from shared.db.connection import clock
from shared.db.connection.engine import Database, DatabaseError
from shared.db.queries.records import owners
from shared.domain.errors import Unavailable
from shared.storage.objects import PIECE, ObjectStore, StoredObject
from shared.storage.recordings import RECORDING, SPEECH
from shared.vault.keystore import KeyStore

log = structlog.get_logger(__name__)

EVERY_SECONDS = 24 * 3600.0
# More orphans than this share of all, and than so many, are a sign of a wrong or restored database.
MOST_ORPHANS_SHARE = 0.02
FEW_ORPHANS = 20


@dataclass
class Findings:
    """What has no counterpart: names of objects, ids of keys and sessions. ``seen``: objects and keys."""

    objects: list[str] = field(default_factory=list)
    keys: list[UUID] = field(default_factory=list)
    recordings_missing: list[UUID] = field(default_factory=list)
    keys_missing: list[UUID] = field(default_factory=list)
    foreign: int = 0
    seen: int = 0
    removed: int = 0

    @property
    def counts(self) -> dict[str, int]:
        """By kind, as the gauges tell them."""
        return {
            "object": len(self.objects),
            "key": len(self.keys),
            "recording_missing": len(self.recordings_missing),
            "key_missing": len(self.keys_missing),
            "foreign": self.foreign,
        }

    @property
    def is_suspicious(self) -> bool:
        """Whether so much has no owner that nothing should be removed."""
        orphans = len(self.objects) + len(self.keys)
        return orphans > max(FEW_ORPHANS, self.seen * MOST_ORPHANS_SHARE)


@dataclass(frozen=True, slots=True)
class Places:
    """The three that are compared."""

    database: Database
    store: ObjectStore
    keys: KeyStore


def reconcile(
    places: Places, *, grace_seconds: float, remove: bool = False, even_if_many: bool = False
) -> Findings:
    """Compare, note the counts, and with ``remove`` remove; raises Unavailable.

    Objects and keys are listed before their owners are asked for: what comes meanwhile has an owner
    by then. ``even_if_many`` removes also where so many have none that the database is suspect.
    """
    with places.database.operating() as db:
        practices = owners.practices(db)
        horizon = clock.now(db) - timedelta(seconds=grace_seconds)
    found = Findings()
    keys = {found_key.subject_id: found_key.modified_at for found_key in places.keys.list()}
    unowned = set(keys)
    for practice_id in practices:
        unowned -= _reconcile_practice(places, practice_id, horizon, keys, unowned, found)
    found.keys = sorted(key for key in unowned if keys[key] < horizon)
    found.seen += len(keys)
    found.foreign = _foreign(places.store, {str(practice_id) for practice_id in practices})
    if remove and found.is_suspicious and not even_if_many:
        log.error("too_many_orphans", count=len(found.objects) + len(found.keys))
    elif remove:
        _remove(places, found)
    with places.database.operating() as db:
        owners.note(db, found.counts)
    return found


def reconcile_daily(places: Places, *, grace_seconds: float) -> bool:
    """Reconcile and remove, unless anybody did within a day; True if it was done. Outages are only logged."""
    try:
        with places.database.operating() as db:
            due = owners.is_due(db, EVERY_SECONDS)
        if due:
            found = reconcile(places, grace_seconds=grace_seconds, remove=True)
            log.info("reconciled", count=sum(found.counts.values()))
    except (Unavailable, DatabaseError) as error:
        log.warning("reconciliation_waits", error=type(error).__name__)
        return False
    return due


@dataclass(frozen=True, slots=True)
class _Needed:
    """Subjects of a practice that have a row; of these, which need no speech any more, and which arrive."""

    owned: set[UUID]
    done_with_speech: set[UUID]
    arriving: set[UUID]

    def has(self, subject: UUID, name: str) -> bool:
        """Whether the subject's object of this name still serves anything."""
        if subject not in self.owned:
            return False
        if name.endswith(f"/{SPEECH}") and subject in self.done_with_speech:
            return False
        return PIECE not in name or subject in self.arriving


def _reconcile_practice(
    places: Places,
    practice_id: UUID,
    horizon: datetime,
    keys: dict[UUID, datetime],
    unowned: set[UUID],
    found: Findings,
) -> set[UUID]:
    """Add what is found of one practice to ``found``; gives those of the keys that it owns."""
    stored = list(_objects_of(places.store, practice_id))
    subjects = {subject for subject, _ in stored}
    with places.database.transaction(practice_id) as db:
        own_keys = owners.owned(db, unowned)
        expected = owners.sessions_with_recordings(db)
        needed = _Needed(
            owned=owners.owned(db, subjects),
            done_with_speech=owners.done_with_speech(db, subjects),
            arriving=owners.arriving(db, {subject for subject, item in stored if PIECE in item.name}),
        )
    found.seen += len(stored)
    found.objects += [
        item.name
        for subject, item in stored
        if item.modified_at < horizon and not needed.has(subject, item.name)
    ]
    there = {subject for subject, item in stored if item.name.endswith(f"/{RECORDING}")}
    found.recordings_missing += sorted(expected - there)
    found.keys_missing += sorted(expected - keys.keys())
    return own_keys


def _objects_of(store: ObjectStore, practice_id: UUID) -> Iterator[tuple[UUID, StoredObject]]:
    """The practice's objects with whose they are; others' names are left alone."""
    for item in store.list(f"{practice_id}/"):
        parts = item.name.split("/")
        subject = _uuid(parts[1]) if len(parts) == 3 else None
        if subject is not None:
            yield subject, item


def _uuid(word: str) -> UUID | None:
    try:
        return UUID(word)
    except ValueError:
        return None


def _foreign(store: ObjectStore, practices: set[str]) -> int:
    """How many objects lie below no practice of this database."""
    return sum(item.name.partition("/")[0] not in practices for item in store.list())


def _remove(places: Places, found: Findings) -> None:
    for name in found.objects:
        places.store.delete(name)
    for subject_id in found.keys:
        places.keys.destroy(subject_id)
    found.removed = len(found.objects) + len(found.keys)
    if found.removed:
        log.warning("orphans_removed", count=found.removed)
