"""Make a backup of a deployment, in the order explained in ``shared.services.operations.backups``."""

import json
from collections.abc import Iterator, Sequence
from contextlib import closing, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import psycopg2
from pyrage.x25519 import Recipient

from cli.exits import CommandError, Exit
from cli.local.deployment import BACKUP_DATABASE_URL, Deployment
from embedded.dumping import DumpFailed, dump, dump_into
from embedded.private_files import private_folder
from shared.domain.errors import DomainError, InvalidInput
from shared.domain.removals import Entry, Removal
from shared.services.operations import backups, encrypted_backups, removals
from shared.settings import Settings
from shared.storage.opening import open_store
from shared.vault import rotation

FORMAT = 2


@dataclass(frozen=True)
class Wanted:
    """What a backup is to hold, and where it goes; ``recipients`` are public keys to encrypt it to."""

    folder: Path
    keys_to: Path | None
    objects: bool = True
    removals_only: bool = False
    recipients: Sequence[str] = ()


def back_up(deployment: Deployment, wanted: Wanted) -> list[str]:
    """Write the backup; gives what to tell of it. Raises CommandError."""
    url = deployment.unbound_url
    if url is None:
        raise CommandError(
            f"Set {BACKUP_DATABASE_URL}: row-level security keeps rows from the usual user.", Exit.USAGE
        )
    _check_places(wanted)
    private_folder(wanted.folder)
    begun_at = datetime.now(UTC)
    parts: dict[str, bool | int] = {"database": False, "objects": 0, "keys": 0}
    try:
        to = encrypted_backups.recipients(wanted.recipients)
        if not wanted.removals_only:
            # Also over the dump: a version of a key that it needs must not go before the keys are copied.
            with rotation.kept_off(deployment.settings.keys_dir) if wanted.keys_to else nullcontext():
                parts = _copy(deployment.settings, url, wanted, to)
        removed = removals.write(wanted.folder, _removals(url))
    except DumpFailed as error:
        raise CommandError(f"The database could not be dumped: {error}", Exit.FAILED) from error
    except InvalidInput as error:
        raise CommandError(str(error), Exit.USAGE) from error
    except (DomainError, psycopg2.Error, OSError) as error:
        raise CommandError(
            f"The backup is incomplete: {type(error).__name__}. Run the command again.", Exit.FAILED
        ) from None
    manifest = {"format": FORMAT, "begun_at": begun_at.isoformat(), **parts, "removals": removed}
    (wanted.folder / backups.MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
    return list(_told(wanted, parts, removed))


def _check_places(wanted: Wanted) -> None:
    """Refuse places where the backup would protect nothing."""
    folder, keys_to = wanted.folder, wanted.keys_to
    if keys_to is None:
        return
    if (keys_to.resolve() / "x").is_relative_to(folder.resolve()):
        raise CommandError("Keys beside what they open protect nothing: name another place.", Exit.USAGE)
    other = "root.key" if wanted.recipients else encrypted_backups.SEALED_KEYS
    if (keys_to / other).exists():
        raise CommandError(
            f"{keys_to} holds a backup of the keys that is {'not ' if wanted.recipients else ''}encrypted. "
            "Name another place, and destroy the old one when it is no longer needed.",
            Exit.USAGE,
        )


def _copy(known: Settings, url: str, wanted: Wanted, to: Sequence[Recipient]) -> dict[str, bool | int]:
    """The database, the objects and the keys, in this order; gives what was copied."""
    plain, sealed = (wanted.folder / name for name in (backups.DUMP, encrypted_backups.SEALED_DUMP))
    objects = keys = 0
    if to:
        with encrypted_backups.writing(sealed, to) as pipe:
            dump_into(url, pipe)
    else:
        dump(url, plain)
    (plain if to else sealed).unlink(missing_ok=True)
    if wanted.objects:
        objects = backups.copy_objects(open_store(known.storage_url, known.s3), wanted.folder)
    if wanted.keys_to is not None and to:
        keys = encrypted_backups.write_keys(known.keys_dir, wanted.keys_to, to)
    elif wanted.keys_to is not None:
        keys = backups.copy_keys(known.keys_dir, wanted.keys_to)
    return {"database": True, "objects": objects, "keys": keys, "encrypted": bool(to)}


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


def _told(wanted: Wanted, parts: dict[str, bool | int], removed: int) -> Iterator[str]:
    if wanted.removals_only:
        yield f"The list of removals is in {wanted.folder}, with {removed} entries."
        return
    yield f"Database, {parts['objects']} objects and {removed} removals are in {wanted.folder}."
    if wanted.keys_to is None:
        yield "The keys are NOT backed up: without them none of it can be read. Name a place with --keys-to."
    else:
        yield f"{parts['keys']} keys are in {wanted.keys_to}. Keep them apart from the rest."
    if wanted.recipients:
        yield "Database and keys are encrypted: only the recipient's private key opens them."
