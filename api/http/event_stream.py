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
RETRY = "retry: 2000\n\n"  # milliseconds


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


def events(ask: Callable[[int], News], since: Seen, pace: Pace | None = None) -> Iterator[str]:
    """The stream, until the session ends, is deleted, the time is up, or the server stops.

    ``ask`` gives the news after a change; no connection is held between two questions. It raises
    NotAuthenticated once the client may no longer follow.
    """
    pace = pace or Pace()
    began = spoke = time.monotonic()
    yield RETRY
    while time.monotonic() - began < pace.longest_seconds:
        try:
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
        yield _event(event_name(change), since, change, None), since
    if news.changes:
        since = Seen(news.changes[-1].id, news.progress)
        last = news.changes[-1]
        yield _event(event_name(last), since, last, _how_far(news)), since
    elif news.progress > since.percent:
        since = Seen(since.change, news.progress)
        yield _event("progress", since, None, _how_far(news)), since


def _how_far(news: News) -> dict[str, object]:
    left = {} if news.seconds_left is None else {"seconds_left": news.seconds_left}
    return {"progress": news.progress, **left}


def event_name(change: Change) -> str:
    """A finding of risk is told as such; its code is no failure's."""
    return "risk" if change.code in RISK_CODES else "status"


def change_data(change: Change) -> dict[str, object]:
    """What is told of a change: status, time, and the code of a failure or a finding."""
    moment = change.at.astimezone(UTC).isoformat().replace("+00:00", "Z")
    data: dict[str, object] = {"status": change.status.value, "at": moment}
    if change.code in RISK_CODES:
        return {**data, "code": change.code}
    return {**data, "error": {"code": change.code}} if change.code else data


def message(name: str, data: dict[str, object], event_id: str | None = None) -> str:
    """One event as it goes over the wire; without an id, what the client has seen stays as it is."""
    head = "" if event_id is None else f"id: {event_id}\n"
    return f"{head}event: {name}\ndata: {json.dumps(data)}\n\n"


def _event(name: str, at: Seen, change: Change | None, how_far: dict[str, object] | None) -> str:
    data = {**(how_far or {}), **(change_data(change) if change is not None else {})}
    return message(name, data, f"{at.change}-{at.percent}")
