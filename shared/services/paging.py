"""Pages of a list: where one ends and the next one begins."""

import base64
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar
from uuid import UUID

from shared.domain.errors import InvalidInput

DEFAULT_LIMIT, MAX_LIMIT = 50, 1000

Item = TypeVar("Item")
Position = tuple[datetime, UUID]


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """Items, and the cursor that asks for those after them (None: there are no more)."""

    items: Sequence[Item]
    next_cursor: str | None


def check_limit(limit: int) -> None:
    """Raise InvalidInput unless a page may be this long."""
    if not 1 <= limit <= MAX_LIMIT:
        raise InvalidInput(f"limit must be from 1 to {MAX_LIMIT}.", "limit_out_of_range")


def cursor_after(position: Position, listing: str) -> str:
    """The cursor of what follows ``position`` in the list of this name: opaque, and safe in a URL."""
    moment, identity = position
    parts = [moment.isoformat(), str(identity), _mark(listing)]
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode()


def position_of(cursor: str, listing: str) -> Position:
    """Where ``cursor`` points; raises ValueError for anything that is not one of this list's.

    In another list, or under another filter, the same position would silently skip things.
    """
    try:
        moment, identity, mark = json.loads(base64.b64decode(cursor.encode(), altchars=b"-_", validate=True))
        position = datetime.fromisoformat(moment), UUID(identity)
    except (TypeError, ValueError, AttributeError, RecursionError):
        raise ValueError("not a cursor") from None
    if position[0].tzinfo is None or mark != _mark(listing):
        raise ValueError("not a cursor of this list")
    return position


def _mark(listing: str) -> str:
    return hashlib.sha256(listing.encode()).hexdigest()[:12]
