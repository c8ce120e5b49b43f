"""What tells a key store from any other: its pepper, and the check value that its database holds.

A check value is made once, by the root key and the pepper of that time, and stays in the database and in its
backups. A rotation of either notes its SHA-256 in ``origins.key``, under the new root key, so that a database
knows its key store again after any number of rotations, and so does a backup from before them.
"""

import hmac
import secrets
from collections.abc import Collection
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

from shared.vault import durable, keyring, root_key
from shared.vault.keyring import KEY_BYTES, KeyDamaged, KeyRing, KeyStoreError
from shared.vault.root_key import ROOT, RootKeys

PEPPER, ORIGINS, CHAIN = "pepper.key", "origins.key", "audit.key"
PEPPER_AAD, ORIGINS_AAD = b"pepper", b"origins"
_CHECK_AAD = b"check"
_FOREIGN = "{name} is not the one that this database was made with: restore the key store that belongs to it"


class Peppers:
    """The versions of the pepper in one process, read again when a rotation has changed their file."""

    def __init__(self, folder: Path, roots: RootKeys) -> None:
        self._folder, self._roots = folder, roots
        self._seen, self._known = self._state(), peppers(folder, roots)

    def now(self) -> KeyRing:
        """The versions on the disk. A file that no rotation wrote is left to ``require_made``."""
        with suppress(OSError, KeyStoreError):
            state = self._state()
            if state != self._seen and len(root_key.read_secret(self._folder / PEPPER)) != KEY_BYTES:
                self._known, self._seen = peppers(self._folder, self._roots), state
        return self._known

    def _state(self) -> tuple[int, int]:
        facts = (self._folder / PEPPER).stat()
        return facts.st_ino, facts.st_mtime_ns


def seal_check(roots: RootKeys, peppers: KeyRing) -> bytes:
    """A new check value."""
    return keyring.wrap(roots.current, _mark(peppers.current.secret), _CHECK_AAD)


def require_made(folder: Path, roots: RootKeys, peppers: KeyRing, check: bytes) -> None:
    """Raise KeyStoreError unless these keys, or versions of them from before rotations, made ``check``."""
    if sha256(check).digest() in origins(folder, roots):
        return  # and the pepper is the one that this root key wraps
    try:
        mark = keyring.unwrap(roots.current, check, _CHECK_AAD)
    except KeyDamaged:
        raise KeyStoreError(_FOREIGN.format(name=ROOT)) from None
    if mark not in {_mark(pepper.secret) for pepper in peppers.keys}:
        raise KeyStoreError(_FOREIGN.format(name=PEPPER))


def chain_key(folder: Path, *, make: bool = False) -> bytes:
    """The secret of the audit trail's chains; ``make``: it is made where there is none."""
    if make:
        durable.create_once(folder / CHAIN, secrets.token_bytes(KEY_BYTES))
    return root_key.read_secret(folder / CHAIN)


def peppers(folder: Path, roots: RootKeys) -> KeyRing:
    """The versions of the pepper: 32 bytes as it was made, or wrapped under the root key by a rotation."""
    content = root_key.read_secret(folder / PEPPER)
    if len(content) == KEY_BYTES and not (folder / ORIGINS).exists():
        return KeyRing.unpack(content)
    try:
        return KeyRing.unpack(_under_root(roots, content, PEPPER_AAD))
    except KeyDamaged:
        raise KeyStoreError(f"{PEPPER} is damaged: restore the key store from its backup") from None


def origins(folder: Path, roots: RootKeys) -> Collection[bytes]:
    """The SHA-256 of the check values that were made before rotations; raises KeyStoreError."""
    try:
        content = _under_root(roots, (folder / ORIGINS).read_bytes(), ORIGINS_AAD)
    except FileNotFoundError:
        return ()
    except KeyDamaged:
        raise KeyStoreError(_FOREIGN.format(name=ROOT)) from None
    size = sha256().digest_size
    return {content[at : at + size] for at in range(0, len(content), size)}


def _under_root(roots: RootKeys, wrapped: bytes, aad: bytes) -> bytes:
    root = roots.find(keyring.wrapped_under(wrapped))
    if root is None:
        raise KeyDamaged
    return keyring.unwrap(root, wrapped, aad)


def _mark(pepper: bytes) -> bytes:
    return hmac.digest(pepper, b"sessionscribe key store check v1", "sha256")
