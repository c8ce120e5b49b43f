"""Backups: what they hold besides the database's dump, in which order, and what is forgotten again.

1. the database, as of one moment: what is accepted later is not in this backup;
2. the objects: all that the dump tells of are there by then, or were erased meanwhile;
3. the keys, to another place: after the objects, so that each key that the dump needs is there, and
   none that was destroyed meanwhile comes into the backup;
4. the list of everything that was taken away (``removals``), last, so that it can be taken away again
   wherever an older backup brings it back.
"""

import hashlib
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from shared.domain.errors import NotFound
from shared.storage.local_store import LocalStore
from shared.storage.objects import ObjectStore
from shared.storage.recordings import PACKAGE, SPEECH
from shared.vault.durable import make_folders, shred

DUMP, OBJECTS, LISTING, MANIFEST = "database.dump", "objects", "objects.jsonl", "manifest.json"
_PIECE = 1024 * 1024


class BackupDamaged(Exception):
    """A backup is not what was written: something is missing or changed."""


def copy_objects(source: ObjectStore, folder: Path) -> int:
    """Copy every object below ``folder``, with a listing of sizes and digests; gives their number.

    A second backup to the same folder copies only objects that are new or changed. Content decides,
    not size: a recording keeps its size when part of it is taken off the record. The listing holds the
    digest of the source, so that ``verify_objects`` notices a bad copy. Decoded speech and
    patients' copies of their records are left out: they can be made again.
    """
    target = LocalStore(folder / OBJECTS)
    kept = {found.name: found.size for found in target.list()}
    count = 0
    with (folder / LISTING).open("w", encoding="utf-8") as listing:
        for found in source.list():
            if found.name.endswith((f"/{SPEECH}", f"/{PACKAGE}")):
                continue
            try:
                digest = _digest(source, found.name)
                if kept.get(found.name) != found.size or digest != _digest(target, found.name):
                    digest = _copy(source, target, found.name)
            except NotFound:
                continue  # erased a moment ago
            listing.write(json.dumps({"name": found.name, "size": found.size, "sha256": digest}) + "\n")
            count += 1
    return count


def verify_objects(folder: Path) -> int:
    """Read every object of the backup; gives their number. Raises BackupDamaged."""
    source = LocalStore(folder / OBJECTS)
    count = 0
    for item in lines_of(folder / LISTING):
        try:
            digest = _digest(source, item["name"])
        except NotFound:
            digest = ""
        if digest != item["sha256"]:
            raise BackupDamaged(f"the object {item['name']} is missing or changed")
        count += 1
    return count


def return_objects(folder: Path, target: ObjectStore) -> int:
    """Copy the objects of the backup into ``target``; gives their number. Raises BackupDamaged."""
    source = LocalStore(folder / OBJECTS)
    count = 0
    for item in lines_of(folder / LISTING):
        _copy(source, target, item["name"])
        count += 1
    return count


def copy_keys(source: Path, target: Path) -> int:
    """Copy a key store to a folder that is private and empty or older; gives the number of keys.

    Keys that ``source`` has no longer are removed from ``target`` too.
    """
    make_folders(target)
    target.chmod(0o700)
    wanted = {path.relative_to(source) for path in source.rglob("*.key")}
    for old in {path.relative_to(target) for path in target.rglob("*.key")} - wanted:
        shred(target / old)
    for name in sorted(wanted):
        place = target / name
        make_folders(place.parent)
        try:
            shutil.copyfile(source / name, place.with_suffix(".new"))
        except FileNotFoundError:
            continue  # destroyed a moment ago
        place.with_suffix(".new").chmod(0o600)
        place.with_suffix(".new").replace(place)
    return len(wanted)


def _copy(source: ObjectStore, target: ObjectStore, name: str) -> str:
    """Copy one object; gives the SHA-256 of what was read from ``source``."""
    digest = hashlib.sha256()
    with source.open(name) as stored, target.create(name) as write:
        for offset in range(0, stored.size, _PIECE):
            piece = stored.read_at(offset, _PIECE)
            digest.update(piece)
            write(piece)
    return digest.hexdigest()


def _digest(store: ObjectStore, name: str) -> str:
    digest = hashlib.sha256()
    with store.open(name) as stored:
        for offset in range(0, stored.size, _PIECE):
            digest.update(stored.read_at(offset, _PIECE))
    return digest.hexdigest()


def lines_of(path: Path) -> Iterator[dict[str, Any]]:
    """The JSON objects in a file of a backup; raises BackupDamaged."""
    try:
        with path.open(encoding="utf-8") as file:
            for line in file:
                yield json.loads(line)
    except FileNotFoundError:
        raise BackupDamaged(f"{path.name} is missing") from None
    except ValueError:
        raise BackupDamaged(f"{path.name} cannot be read") from None
