"""Protection of the root key by a secret that lies elsewhere: an operator's command prints it.

The command prints one secret, or several on lines of their own: the first protects new root keys, and each
is tried on those that are there. A secret may be a passphrase; Argon2id makes a key of it (RFC 9106, second
recommended option). Layout of a protected root key: ``SSR3``, its version (four bytes), a salt, a nonce, and
the key under AES-256-GCM.
"""

import secrets
import shlex
import struct
import subprocess
import threading

from argon2.low_level import Type, hash_secret_raw
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from shared.vault.keyring import KEY_BYTES, Key, KeyStoreError

MAGIC = b"SSR3"
_HEAD = struct.Struct(">4sI16s12s")
_SECONDS = 60
_MEMORY_KIB = 65_536
_SETTING = "SESSIONSCRIBE_ROOT_KEY_COMMAND"


class RootKeyLocked(KeyStoreError):
    """The root key is protected, and its secret cannot be had or is another one."""


class Unlocker:
    """Opens protected root keys. The command runs when a key is met that no secret in memory opens."""

    def __init__(self, command: str | None = None) -> None:
        self.command = command
        self._secrets: list[bytes] = []
        self._opened: dict[bytes, Key] = {}
        self._lock = threading.Lock()

    @property
    def is_set(self) -> bool:
        """Whether new root keys are to be protected."""
        return bool(self.command)

    def lock(self, key: Key) -> bytes:
        """What the file of a protected root key holds; raises RootKeyLocked."""
        with self._lock:
            self._secrets = self._run()
            head = _HEAD.pack(MAGIC, key.version, secrets.token_bytes(16), secrets.token_bytes(12))
            return head + _cipher(self._secrets[0], head).encrypt(_nonce(head), key.secret, head)

    def open(self, content: bytes) -> Key:
        """The key in such a file; raises RootKeyLocked."""
        with self._lock:
            if content not in self._opened:
                self._opened[content] = self._open(content)
            return self._opened[content]

    def _open(self, content: bytes) -> Key:
        if not self.is_set:
            raise RootKeyLocked(f"the root key is protected: set {_SETTING}")
        found = self._try(content)
        if found is None:
            self._secrets = self._run()
            found = self._try(content)
        if found is None:
            raise RootKeyLocked(
                f"no secret that {_SETTING} prints opens the root key: print the one that does"
            )
        return found

    def _try(self, content: bytes) -> Key | None:
        head, body = content[: _HEAD.size], content[_HEAD.size :]
        for secret in self._secrets:
            try:
                opened = _cipher(secret, head).decrypt(_nonce(head), body, head)
            except InvalidTag:
                continue
            return Key(_HEAD.unpack(head)[1], opened)
        return None

    def _run(self) -> list[bytes]:
        """The secrets that the command prints; what else it says is withheld, for it may quote them."""
        try:
            done = subprocess.run(  # noqa: S603 - the operator's own command, without a shell
                shlex.split(self.command or ""),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=_SECONDS,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise RootKeyLocked(f"{_SETTING} did not run ({type(error).__name__}): try it by hand") from None
        printed = [line.strip() for line in done.stdout.splitlines() if line.strip()]
        if done.returncode or not printed:
            raise RootKeyLocked(f"{_SETTING} printed no secret (exit code {done.returncode}): try it by hand")
        return printed


def _cipher(secret: bytes, head: bytes) -> AESGCM:
    salt = _HEAD.unpack(head)[2]
    return AESGCM(
        hash_secret_raw(
            secret,
            salt,
            time_cost=3,
            memory_cost=_MEMORY_KIB,
            parallelism=4,
            hash_len=KEY_BYTES,
            type=Type.ID,
        )
    )


def _nonce(head: bytes) -> bytes:
    return bytes(_HEAD.unpack(head)[3])
