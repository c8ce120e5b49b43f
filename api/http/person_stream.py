"""Server-Sent Events of all sessions of one person, so that one connection serves every open page.

The id of an event is the number of the change. Changes of the last minute are told again after a
connection broke: each says how its session is, so that hearing it twice does no harm.
"""

import re
import time
from collections.abc import Callable, Iterator
from uuid import UUID

from api.http.event_stream import RETRY, Pace, change_data, event_name, message
from api.server import shutdown
from shared.domain.errors import NotAuthenticated, Unavailable
from shared.services.sessions.person_feed import OwnNews

_ID = re.compile(r"[0-9]{1,18}\Z")
# Slower than a single session's: most of the time nothing happens, and a person may have many.
PACE = Pace(poll_seconds=1.0)


def seen(last_event_id: str | None) -> int | None:
    """From ``Last-Event-ID``; what is not an id of ours is as good as none."""
    return int(last_event_id) if last_event_id and _ID.match(last_event_id) else None


def events(ask: Callable[[int], OwnNews], after: int, pace: Pace = PACE) -> Iterator[str]:
    """The stream, until the time is up or the server stops.

    ``ask`` gives the news after a change, and raises NotAuthenticated once the client may no longer follow.
    """
    began = spoke = time.monotonic()
    told: set[int] = set()
    far: dict[UUID, tuple[int, int | None]] = {}
    yield RETRY
    while time.monotonic() - began < pace.longest_seconds:
        try:
            news = ask(after)
        except (NotAuthenticated, Unavailable):
            return  # the client comes again, and is told so with a status
        texts = [*_changes(news, told), *_progress(news, far)]
        yield from texts
        told, far = {one.change.id for one in news.changes}, news.progress
        after = max([after, *told])
        if texts:
            spoke = time.monotonic()
        elif time.monotonic() - spoke >= pace.silence_seconds:
            yield ": still here\n\n"
            spoke = time.monotonic()
        if shutdown.pause(pace.poll_seconds):
            return


def _changes(news: OwnNews, told: set[int]) -> Iterator[str]:
    for one in news.changes:
        if one.change.id not in told:
            data = {"session_id": str(one.session_id), **change_data(one.change)}
            yield message(event_name(one.change), data, str(one.change.id))


def _progress(news: OwnNews, before: dict[UUID, tuple[int, int | None]]) -> Iterator[str]:
    for session_id, (percent, seconds_left) in news.progress.items():
        if before.get(session_id, (None, None))[0] != percent:
            left = {} if seconds_left is None else {"seconds_left": seconds_left}
            yield message("progress", {"session_id": str(session_id), "progress": percent, **left})
