"""Hashes of uploads that are not whole yet, carried on from one request to the next.

Python cannot store the state of a SHA-256. A process keeps it in memory for the next request; where
that comes to another process, or after a restart, what is stored is read once more at the end.
Nothing but time is lost with it.
"""

import hashlib
import threading
from collections import OrderedDict
from uuid import UUID

_MOST = 256


class RunningHashes:
    """By the request that stored the last byte of what was hashed; used up by being taken."""

    def __init__(self) -> None:
        self._hashes: OrderedDict[UUID, hashlib._Hash] = OrderedDict()
        self._lock = threading.Lock()

    def put(self, stored_by: UUID, running: "hashlib._Hash") -> None:
        """Keep a hash for the request with the next byte; the oldest goes when there are many."""
        with self._lock:
            self._hashes[stored_by] = running
            while len(self._hashes) > _MOST:
                self._hashes.popitem(last=False)

    def take(self, stored_by: UUID | None) -> "hashlib._Hash | None":
        """The hash, if this process has it."""
        with self._lock:
            return None if stored_by is None else self._hashes.pop(stored_by, None)
