"""Make a backup of a deployment, in the order explained in ``shared.services.operations.backups``."""

import json
from collections.abc import Iterator
from contextlib import closing, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import psycopg2

from cli.exits import CommandError, Exit
from cli.local.deployment import BACKUP_DATABASE_URL, Deployment
from embedded.dumping import DumpFailed, dump
from embedded.private_files import private_folder
from shared.domain.errors import DomainError
from shared.domain.removals import Entry, Removal
from shared.services.operations import backups, removals
from shared.storage.opening import open_store
from shared.vault import rotation

FORMAT = 2


def back_up(
    deployment: Deployment, folder: Path, keys_to: Path | None, *, objects: bool, removals_only: bool
) -> list[str]:
    """Write the backup; gives what to tell of it. Raises CommandError."""
    known, url = deployment.settings, deployment.unbound_url
    if url is None:
        raise CommandError(
            f"Set {BACKUP_DATABASE_URL}: row-level security keeps rows from the usual user.", Exit.USAGE
        )
    if keys_to is not None and (keys_to.resolve() / "x").is_relative_to(folder.resolve()):
        raise CommandError("Keys beside what they open protect nothing: name another place.", Exit.USAGE)
    private_folder(folder)
    begun_at = datetime.now(UTC)
    parts = {"database": False, "objects": 0, "keys": 0}
    try:
        if not removals_only:
            # Also over the dump: a version of a key that it needs must not go before the keys are copied.
            with rotation.kept_off(known.keys_dir) if keys_to is not None else nullcontext():
                dump(url, folder / backups.DUMP)
                parts["database"] = True
                if objects:
                    parts["objects"] = backups.copy_objects(open_store(known.storage_url, known.s3), folder)
                if keys_to is not None:
                    parts["keys"] = backups.copy_keys(known.keys_dir, keys_to)
        removed = removals.write(folder, _removals(url))
    except DumpFailed as error:
        raise CommandError(f"The database could not be dumped: {error}", Exit.FAILED) from error
    except (DomainError, psycopg2.Error) as error:
        raise CommandError(
            f"The backup is not whole: {type(error).__name__}. Begin again.", Exit.FAILED
        ) from None
    manifest = {"format": FORMAT, "begun_at": begun_at.isoformat(), **parts, "removals": removed}
    (folder / backups.MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
    return list(_told(folder, keys_to, parts, removed, removals_only))


def _removals(url: str) -> list[Entry]:
    with closing(psycopg2.connect(url.replace("+psycopg2", ""))) as connection, connection.cursor() as cursor:
        cursor.execute("SET row_security = off")  # rather an error than a list that lacks some
        cursor.execute(
            "SELECT practice_id::text, kind, subject_id::text, at, sealed FROM removals ORDER BY at"
        )
        return [
            Entry(UUID(practice), Removal(kind), UUID(subject), at, None if sealed is None else bytes(sealed))
            for practice, kind, subject, at, sealed in cursor.fetchall()
        ]


def _told(
    folder: Path, keys_to: Path | None, parts: dict[str, bool | int], removed: int, removals_only: bool
) -> Iterator[str]:
    if removals_only:
        yield f"The list of removals is in {folder}, with {removed} entries."
        return
    yield f"Database, {parts['objects']} objects and {removed} removals are in {folder}."
    if keys_to is None:
        yield "The keys are NOT backed up: without them none of it can be read. Name a place with --keys-to."
    else:
        yield f"{parts['keys']} keys are in {keys_to}. Keep them apart from the rest."
