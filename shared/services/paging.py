"""Pages of a list: where one ends and the next one begins."""

import base64
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


def cursor_after(position: Position) -> str:
    """The cursor of what follows ``position``: opaque, and safe in a URL."""
    moment, identity = position
    return base64.urlsafe_b64encode(json.dumps([moment.isoformat(), str(identity)]).encode()).decode()


def position_of(cursor: str) -> Position:
    """Where ``cursor`` points; raises ValueError for anything that is not one of ours."""
    moment, identity = json.loads(base64.urlsafe_b64decode(cursor.encode("ascii")))
    position = datetime.fromisoformat(moment), UUID(identity)
    if position[0].tzinfo is None:
        raise ValueError("a cursor's time has a zone")
    return position
