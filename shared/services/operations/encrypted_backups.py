"""Backups for a recipient, in the format of age: only the recipient's private key opens them.

That is the database's dump and the keys. Recordings lie in a backup as they lie in the store: each sealed
under its session's key.
"""

import os
import tarfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import pyrage
from pyrage.x25519 import Identity, Recipient

from shared.domain.errors import InvalidInput
from shared.services.operations.backups import DUMP, BackupDamaged
from shared.vault.durable import make_folders, shred

SEALED_DUMP, SEALED_KEYS = f"{DUMP}.age", "keys.tar.age"


def recipients(words: Sequence[str]) -> list[Recipient]:
    """The public keys; raises InvalidInput for what is none."""
    try:
        return [Recipient.from_str(word.strip()) for word in words]
    except pyrage.RecipientError:
        raise InvalidInput(
            "A recipient is a public key that begins with age1, as age-keygen prints it.",
            "recipient_malformed",
        ) from None


def identities(path: Path) -> list[Identity]:
    """The private keys in a file, as age-keygen writes it; raises InvalidInput."""
    try:
        lines = [line.strip() for line in path.read_text().splitlines()]
        found = [Identity.from_str(line) for line in lines if line and not line.startswith("#")]
    except (pyrage.IdentityError, UnicodeDecodeError):
        found = []
    if not found:
        raise InvalidInput("The file holds no private key, as age-keygen writes one.", "identity_malformed")
    return found


@contextmanager
def writing(path: Path, to: Sequence[Recipient]) -> Iterator[BinaryIO]:
    """A pipe; what is written into it comes encrypted into ``path``, which is there once the block ends."""
    partial = path.with_name(f".{path.name}.partial")
    read_end, write_end = os.pipe()

    def encrypt() -> None:
        with os.fdopen(read_end, "rb") as plain, partial.open("wb") as sealed:
            partial.chmod(0o600)
            pyrage.encrypt_io(plain, sealed, to)
            sealed.flush()
            os.fsync(sealed.fileno())

    try:
        with ThreadPoolExecutor(1) as thread:
            encrypted = thread.submit(encrypt)
            with os.fdopen(write_end, "wb") as plain:
                yield plain
            encrypted.result()
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def decrypt(path: Path, target: Path, by: Sequence[Identity]) -> None:
    """Write the plaintext of ``path`` to ``target``; raises BackupDamaged, also for another's private key."""
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with path.open("rb") as sealed, os.fdopen(descriptor, "wb") as plain:
            pyrage.decrypt_io(sealed, plain, by)
    except (pyrage.DecryptError, OSError, ValueError) as error:
        raise BackupDamaged(f"{path.name} is damaged, or was made for another private key") from error


def write_keys(keys: Path, folder: Path, to: Sequence[Recipient]) -> int:
    """Put a key store into ``folder`` as one encrypted file; gives the number of keys."""
    make_folders(folder)
    folder.chmod(0o700)
    count = 0
    with writing(folder / SEALED_KEYS, to) as plain, tarfile.open(fileobj=plain, mode="w|") as tar:
        for path in sorted(keys.rglob("[!.]*.key")):
            try:
                tar.add(path, path.relative_to(keys).as_posix(), recursive=False)
            except FileNotFoundError:
                continue  # destroyed a moment ago
            count += 1
    return count


def read_keys(folder: Path, target: Path, by: Sequence[Identity]) -> None:
    """Make the key store of ``folder`` again in ``target``, which is new; raises BackupDamaged."""
    plain = target.with_name(f".{target.name}.tar")
    try:
        decrypt(folder / SEALED_KEYS, plain, by)
        make_folders(target)
        with tarfile.open(plain) as tar:
            _unpack(tar, target)
    except tarfile.TarError as error:
        raise BackupDamaged(f"{SEALED_KEYS} is damaged") from error
    finally:
        shred(plain)


def _unpack(tar: tarfile.TarFile, target: Path) -> None:
    """Write the files of ``tar`` below ``target``, for their owner alone.

    By hand, because the filters of ``extractall`` are missing in Python 3.11.2, which Debian 12 has.
    """
    for member in tar:
        path = (target / member.name).resolve()
        if not path.is_relative_to(target.resolve()) or not (member.isreg() or member.isdir()):
            raise BackupDamaged(f"{SEALED_KEYS} holds what no backup writes")
        if member.isdir():
            make_folders(path)
            continue
        make_folders(path.parent)
        content = tar.extractfile(member)
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:  # noqa: PTH123 - of a descriptor
            file.write(content.read() if content else b"")
        os.utime(path, (member.mtime, member.mtime))  # orphans are told by it
