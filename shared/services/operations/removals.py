"""The list of everything that was taken away: beside backups, and done again after a restore.

A backup brings back what was there when it was made. Each backup holds the whole list, an hourly one holds
nothing else, and a restore goes through all lists that it finds.
"""

import base64
import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from shared.db.queries.privacy import audit, retention, supervision
from shared.db.queries.privacy import removals as rows
from shared.db.queries.privacy.deletions import Remains
from shared.db.queries.records import owners
from shared.domain.removals import TAKEN_BACK_BY, Entry, Removal
from shared.services.lifecycle import deletion
from shared.services.operations import removal_actions
from shared.services.operations.backups import BackupDamaged, lines_of
from shared.services.resources import Resources
from shared.services.rights import packages
from shared.vault.frames import TamperedObject
from shared.vault.keyring import KeyStoreError

FILE = "removals.jsonl"
_OLDER_FILE = "erased.jsonl"  # of backups made before there was a list: deleted sessions alone


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

    What was taken away and given back later stays as the backup has it. May be repeated. Raises KeyStoreError
    where an entry is sealed under a version of its key that is not here.
    """
    with resources.database.operating() as db:
        known = set(owners.practices(db))
    of_ours = [entry for entry in entries if entry.practice_id in known]
    came_back, opened, closed = 0, set(), set()
    for entry in _in_force(of_ours):
        same = (
            entry.kind,
            entry.subject_id,
            entry.at,
        )  # lists of before and after a rotation seal it differently
        try:
            came_back += _apply(resources, entry)
            opened.add(same)
        except TamperedObject:
            closed.add(same)
    if left := closed - opened:
        raise KeyStoreError(
            f"{len(left)} entries of the list of removals are under versions of keys that these keys lack: "
            "add --later-keys with the present key store, or a backup of the keys no older than the list"
        )
    return came_back


def end_access(resources: Resources, *, keys_too: bool) -> int:
    """End browser sessions, codes, emergency accesses, supervision, packages and, if wanted, API keys.

    Gives the number of keys.

    Rules of retention wait until an administrator sets them again: they may be older than what was decided.
    """
    with resources.database.operating() as db:
        practices = owners.practices(db)
    count = 0
    for practice_id in practices:
        with resources.database.transaction(practice_id) as db:
            rows.end_sign_ins(db)
            rows.end_emergencies(db)
            supervision.end_all(db)
            retention.suspend(db)
            packages.end_all(db, None, packages.RESTORED)
            count += rows.revoke_all_keys(db) if keys_too else 0
            audit.record(db, practice_id=practice_id, actor=removal_actions.ACTOR, action="access.ended")
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
        came_back = removal_actions.ACTIONS[entry.kind](resources, db, entry)
        if came_back:
            audit.record(
                db,
                practice_id=entry.practice_id,
                actor=removal_actions.ACTOR,
                action="removal.applied",
                subject_id=entry.subject_id,
                code=entry.kind.value,
            )
    if entry.kind is Removal.SESSION:
        remains = Remains(entry.subject_id, entry.practice_id, whole=True)
        deletion.erase(resources.database, resources.recordings, resources.vault.keys, remains)
    elif entry.kind is Removal.RECORDING and came_back:
        remains = Remains(entry.subject_id, entry.practice_id, whole=False)
        deletion.erase(resources.database, resources.recordings, resources.vault.keys, remains)
    elif entry.kind in (Removal.PATIENT, Removal.WEBHOOK):
        resources.vault.keys.destroy(entry.subject_id)
    return came_back


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
