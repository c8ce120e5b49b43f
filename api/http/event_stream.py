"""Server-Sent Events: a session's changes as they happen, to be resumed where they broke off.

An event's id is ``<change>-<percent>``: the number of the last change of status, and how far the
work was. Both only rise, so that ``Last-Event-ID`` says exactly what a client has seen.
"""

import re
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC

from flask import json

from api.server import shutdown
from shared.domain.errors import NotAuthenticated, NotFound, Unavailable
from shared.services.sessions.event_feed import RISK_CODES, Change, News

# Each stream holds a thread of the server (as each preferred wait does, of which there are 8);
# of the 16 threads of a process four stay free for everybody else.
MAX_STREAMS = 4
places = threading.BoundedSemaphore(MAX_STREAMS)

_ID = re.compile(r"([0-9]{1,18})-([0-9]{1,3})\Z")
_RETRY_MS = 2000


@dataclass(frozen=True, slots=True)
class Pace:
    """How often the database is asked, how long a silence may be, how long a stream (seconds).

    A stream that ends before the session does is resumed by the client, with its key checked anew.
    """

    poll_seconds: float = 0.5
    silence_seconds: float = 15.0
    longest_seconds: float = 600.0


@dataclass(frozen=True, slots=True)
class Seen:
    """What a client has: the id of the last change, and the percent after it (-1: none yet)."""

    change: int = 0
    percent: int = -1


def seen(last_event_id: str | None) -> Seen:
    """From ``Last-Event-ID``; what is not an id of ours is as good as none."""
    match = _ID.match(last_event_id or "")
    return Seen(int(match.group(1)), int(match.group(2))) if match else Seen()


def events(
    ask: Callable[[int], News], since: Seen, recheck: Callable[[], None], pace: Pace | None = None
) -> Iterator[str]:
    """The stream, until the session ends, is deleted, the time is up, or the server stops.

    ``ask`` gives the news after a change; no connection is held between two questions. ``recheck`` raises
    NotAuthenticated once the client may no longer follow.
    """
    pace = pace or Pace()
    began = spoke = time.monotonic()
    yield f"retry: {_RETRY_MS}\n\n"
    while time.monotonic() - began < pace.longest_seconds:
        try:
            recheck()
            news = ask(since.change)
        except NotFound:
            yield "event: deleted\ndata: {}\n\n"
            return
        except (NotAuthenticated, Unavailable):
            return  # the client comes again, and is told so with a status
        for text, told in _told(news, since):
            yield text
            since = told
            spoke = time.monotonic()
        if news.ended:
            return
        if time.monotonic() - spoke >= pace.silence_seconds:
            yield ": still here\n\n"
            spoke = time.monotonic()
        if shutdown.pause(pace.poll_seconds):
            return


def _told(news: News, since: Seen) -> Iterator[tuple[str, Seen]]:
    for change in news.changes[:-1]:
        since = Seen(change.id, 0)
        yield _event(_name(change), since, change, None), since
    if news.changes:
        since = Seen(news.changes[-1].id, news.progress)
        last = news.changes[-1]
        yield _event(_name(last), since, last, _how_far(news)), since
    elif news.progress > since.percent:
        since = Seen(since.change, news.progress)
        yield _event("progress", since, None, _how_far(news)), since


def _how_far(news: News) -> dict[str, object]:
    left = {} if news.seconds_left is None else {"seconds_left": news.seconds_left}
    return {"progress": news.progress, **left}


def _name(change: Change) -> str:
    """A finding of risk is told as such; its code is no failure's."""
    return "risk" if change.code in RISK_CODES else "status"


def _event(name: str, at: Seen, change: Change | None, how_far: dict[str, object] | None) -> str:
    data = dict(how_far or {})
    if change is not None:
        moment = change.at.astimezone(UTC).isoformat().replace("+00:00", "Z")
        data |= {"status": change.status.value, "at": moment}
        if name == "risk":
            data["code"] = change.code
        elif change.code:
            data["error"] = {"code": change.code}
    return f"id: {at.change}-{at.percent}\nevent: {name}\ndata: {json.dumps(data)}\n\n"
