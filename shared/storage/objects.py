"""Object stores: named byte strings that are either whole and durable or absent."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from shared.domain.ports import Block, ByteSource

PARTIAL = ".partial-"  # what names begin with that are no whole objects
PIECE = ".piece-"  # within the names of pieces of an object that arrives, where a store has such


@dataclass(frozen=True, slots=True)
class StoredObject:
    """An object as a listing tells of it: ``size`` in bytes, as stored; the times are the store's own."""

    name: str
    size: int
    modified_at: datetime


class Appending(Protocol):
    """The end of an unfinished object."""

    def write(self, data: Block) -> None:
        """Add to it."""

    def head(self, length: int) -> bytes:
        """The object's first bytes."""

    def sync(self) -> list[str]:
        """Make durable what was written; return the pieces that hold it, for the next request."""

    def settled(self) -> None:
        """What the last ``sync`` gave is noted for the next request; what it replaced may go."""

    def complete(self, check: Callable[[], None]) -> None:
        """Make the whole object durable under its name.

        ``check`` is called right before and raises if another writer has taken over.
        """

    def withdraw(self) -> None:
        """Another writer has taken over: remove what was written since ``settled``."""


class ObjectStore(Protocol):
    """What recordings need from a store; names are made by us and hold only ``[a-z0-9-/.]``."""

    def create(self, name: str) -> AbstractContextManager[Callable[[Block], object]]:
        """A writer of a new object, durable once the block ends; an error in it leaves nothing."""

    def append(
        self, name: str, at: int, *, fresh: bool, pieces: Sequence[str]
    ) -> AbstractContextManager[Appending]:
        """Go on with an unfinished object after its first ``at`` bytes; what lies beyond is dropped.

        With ``at`` 0 it is begun. ``fresh``: another writer may still be there, who must then change
        nothing. ``pieces`` are what the last ``sync`` that counts has given. Raises NotFound if there
        is less, and Unavailable.
        """

    def discard_pieces(self, name: str) -> None:
        """Remove the pieces that an object was made of, or was to be made of; raises Unavailable."""

    def open(self, name: str) -> AbstractContextManager[ByteSource]:
        """The object's bytes at random; raises NotFound, or Unavailable where nothing can be known."""

    def move(self, name: str, to: str) -> None:
        """Put the object into the place of another, in one move; raises NotFound and Unavailable."""

    def delete(self, name: str) -> None:
        """Remove the object; does nothing if there is none."""

    def list(self, prefix: str = "") -> Iterator[StoredObject]:
        """The whole objects whose names begin with ``prefix``, in any order; raises Unavailable.

        What is written or removed meanwhile may be told or not.
        """

    def sweep_partials(self, older_than_seconds: float) -> int:
        """Remove what writers that died left behind; gives how many were removed."""

    def check(self) -> None:
        """Raise Unavailable unless an object could be written now; leaves nothing new behind."""

    def free_bytes(self) -> int:
        """How much room there is for new objects; raises Unavailable."""
