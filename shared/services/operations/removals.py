"""The list of everything that was taken away: beside backups, and done again after a restore.

A backup brings back what was there when it was made. Each backup holds the whole list, an hourly one holds
nothing else, and a restore goes through all lists that it finds.
"""

import base64
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session as DbSession

from shared.db.queries import audit, deletions, owners, sessions, uploads, webhooks
from shared.db.queries import removals as rows
from shared.db.queries.deletions import Remains
from shared.db.tables.core import TherapySession
from shared.domain.consent import ConsentScope
from shared.domain.removals import TAKEN_BACK_BY, Removal
from shared.domain.status import UNFINISHED, Status
from shared.services.lifecycle import cancellation, deletion
from shared.services.operations.backups import BackupDamaged, lines_of
from shared.services.resources import Resources
from shared.services.transcripts import off_record
from shared.vault.keystore import KeyDestroyed
from shared.vault.sealing import Sealed, Subject

FILE = "removals.jsonl"
_OLDER_FILE = "erased.jsonl"  # of backups made before there was a list: deleted sessions alone
_ACTOR = "restore"


@dataclass(frozen=True, slots=True)
class Entry:
    """Something that was taken away, and when; ``sealed`` under the subject's key."""

    practice_id: UUID
    kind: Removal
    subject_id: UUID
    at: datetime
    sealed: bytes | None = None


def write(folder: Path, entries: Iterable[Entry]) -> int:
    """Write the list into a backup's folder; gives the number of entries."""
    lines = [json.dumps(_as_json(entry)) + "\n" for entry in entries]
    (folder / FILE).write_text("".join(lines), encoding="utf-8")
    return len(lines)


def is_in(folder: Path) -> bool:
    """Whether the folder of a backup holds a list."""
    return (folder / FILE).exists() or (folder / _OLDER_FILE).exists()


def read(folder: Path) -> Iterator[Entry]:
    """The list in the folder of a backup; raises BackupDamaged."""
    if (folder / FILE).exists():
        yield from map(_entry, lines_of(folder / FILE))
        return
    for line in lines_of(folder / _OLDER_FILE):
        at = datetime.min.replace(tzinfo=UTC)
        yield Entry(UUID(line["practice_id"]), Removal.SESSION, UUID(line["session_id"]), at)


def apply_again(resources: Resources, entries: Iterable[Entry]) -> int:
    """Take away again what a backup brought back of the entries; gives how many had come back.

    What was taken away and given back later stays as the backup has it. May be repeated.
    """
    with resources.database.operating() as db:
        known = set(owners.practices(db))
    of_ours = [entry for entry in entries if entry.practice_id in known]
    return sum(_apply(resources, entry) for entry in _in_force(of_ours))


def end_access(resources: Resources, *, keys_too: bool) -> int:
    """End browser sessions, one-time codes and, with ``keys_too``, API keys; gives their number."""
    with resources.database.operating() as db:
        practices = owners.practices(db)
    count = 0
    for practice_id in practices:
        with resources.database.transaction(practice_id) as db:
            rows.end_sign_ins(db)
            count += rows.revoke_all_keys(db) if keys_too else 0
            audit.record(db, practice_id=practice_id, actor=_ACTOR, action="access.ended")
    return count


def _in_force(entries: Iterable[Entry]) -> list[Entry]:
    """The entries that nothing took back, oldest first, ranges off the record last.

    These begin work anew, which a withdrawn consent or a cancellation would end again with its notes lost.
    """
    in_order = sorted(dict.fromkeys(entries), key=lambda entry: entry.at)
    taken_back: dict[tuple[Removal, UUID], datetime] = {
        (entry.kind, entry.subject_id): entry.at for entry in in_order if entry.kind in TAKEN_BACK_BY.values()
    }

    def holds(entry: Entry) -> bool:
        back = TAKEN_BACK_BY.get(entry.kind)
        return back is None or entry.at > taken_back.get((back, entry.subject_id), _NEVER)

    found = [entry for entry in in_order if entry.kind not in TAKEN_BACK_BY.values() and holds(entry)]
    return sorted(found, key=lambda entry: entry.kind is Removal.OFF_RECORD)


_NEVER = datetime.min.replace(tzinfo=UTC)


def _apply(resources: Resources, entry: Entry) -> bool:
    with resources.database.transaction(entry.practice_id) as db:
        came_back = _ACTIONS[entry.kind](resources, db, entry)
        if came_back:
            audit.record(
                db,
                practice_id=entry.practice_id,
                actor=_ACTOR,
                action="removal.applied",
                subject_id=entry.subject_id,
                code=entry.kind.value,
            )
    if entry.kind is Removal.SESSION:
        remains = Remains(entry.subject_id, entry.practice_id, whole=True)
        deletion.erase(resources.database, resources.recordings, resources.vault.keys, remains)
    elif entry.kind in (Removal.PATIENT, Removal.WEBHOOK):
        resources.vault.keys.destroy(entry.subject_id)
    return came_back


def _session(_: Resources, db: DbSession, entry: Entry) -> bool:
    row = sessions.get(db, entry.subject_id)
    if row is None:
        return False
    deletions.leave_tombstone(db, row, {}, _ACTOR)
    deletions.remove_rows(db, row.id)
    return True


def _session_cancelled(_: Resources, db: DbSession, entry: Entry) -> bool:
    row = sessions.get(db, entry.subject_id)
    if row is None or row.status not in UNFINISHED:
        return False
    cancellation.stop(db, row)
    return True


def _patient(_: Resources, db: DbSession, entry: Entry) -> bool:
    if not rows.delete_patient(db, entry.subject_id):
        return False
    uploads.expire_of(db, entry.subject_id)
    return True


def _consent(_: Resources, db: DbSession, entry: Entry) -> bool:
    if not rows.withdraw_consent(db, entry.subject_id, entry.at):
        return False
    _stop_work(db, entry.subject_id)
    return True


def _stop_work(db: DbSession, patient_id: UUID) -> None:
    for row in sessions.hold_unfinished_of(db, patient_id):
        cancellation.stop(db, row, "consent_revoked")
    uploads.expire_of(db, patient_id)


def _scope(scope: ConsentScope) -> Callable[[Resources, DbSession, Entry], bool]:
    def withdraw(_: Resources, db: DbSession, entry: Entry) -> bool:
        patient_id = rows.withdraw_scope(db, entry.subject_id, scope, entry.at)
        if patient_id is not None and scope is ConsentScope.RECORDING:
            _stop_work(db, patient_id)
        return patient_id is not None

    return withdraw


def _webhook(_: Resources, db: DbSession, entry: Entry) -> bool:
    if webhooks.get(db, entry.practice_id, entry.subject_id, hold=True) is None:
        return False
    webhooks.remove(db, entry.subject_id)
    return True


def _off_record(resources: Resources, db: DbSession, entry: Entry) -> bool:
    row = db.get(TherapySession, entry.subject_id, with_for_update=True)
    if row is None or entry.sealed is None:
        return False
    session = Subject(entry.practice_id, entry.subject_id)
    try:
        ranges = off_record.opened_ranges(resources.vault, session, Sealed(entry.sealed))
    except KeyDestroyed:
        return False  # nothing of the session can be read
    if off_record.are_out(resources.vault, db, row, ranges):
        return False
    cancelled = row.status == Status.CANCELLED
    off_record.take_out(resources.vault, db, row, ranges)
    if cancelled:
        off_record.keep_closed(db, row)
    return True


_ACTIONS: Mapping[Removal, Callable[[Resources, DbSession, Entry], bool]] = {
    Removal.SESSION: _session,
    Removal.SESSION_CANCELLED: _session_cancelled,
    Removal.PATIENT: _patient,
    Removal.CONSENT_WITHDRAWN: _consent,
    Removal.RECORDING_WITHDRAWN: _scope(ConsentScope.RECORDING),
    Removal.AI_NOTES_WITHDRAWN: _scope(ConsentScope.AI_NOTES),
    Removal.SENDING_AWAY_WITHDRAWN: _scope(ConsentScope.SENDING_AWAY),
    Removal.PART2_WITHDRAWN: _scope(ConsentScope.PART2),
    Removal.PROCESS_NOTES: lambda _, db, entry: rows.remove_process_notes(db, entry.subject_id, entry.at),
    Removal.KEY: lambda _, db, entry: rows.revoke_key(db, entry.subject_id),
    Removal.PASSPHRASE: lambda _, db, entry: rows.remove_login(db, entry.subject_id, entry.at),
    Removal.PASSKEY: lambda _, db, entry: rows.remove_passkey(db, entry.subject_id),
    Removal.SECOND_FACTOR: lambda _, db, entry: rows.remove_second_factor(db, entry.subject_id, entry.at),
    Removal.PERSON_DISABLED: lambda _, db, entry: rows.disable_person(db, entry.subject_id, entry.at),
    Removal.WEBHOOK: _webhook,
    Removal.AWAY_FORBIDDEN: lambda _, db, entry: rows.forbid_away(db, entry.practice_id),
    Removal.OFF_RECORD: _off_record,
}


def _as_json(entry: Entry) -> dict[str, Any]:
    return {
        "practice_id": str(entry.practice_id),
        "kind": entry.kind.value,
        "subject_id": str(entry.subject_id),
        "at": entry.at.isoformat(),
        "sealed": None if entry.sealed is None else base64.b64encode(entry.sealed).decode(),
    }


def _entry(line: Mapping[str, Any]) -> Entry:
    try:
        sealed = None if line["sealed"] is None else base64.b64decode(line["sealed"], validate=True)
        kind, at = Removal(line["kind"]), datetime.fromisoformat(line["at"])
        return Entry(UUID(line["practice_id"]), kind, UUID(line["subject_id"]), at, sealed)
    except (KeyError, ValueError) as error:
        raise BackupDamaged(f"{FILE} cannot be read, or was written by a newer release") from error
