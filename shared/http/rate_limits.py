"""How often a caller may do what costs, and how often an address may ask without a key."""

import math
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

from flask import Flask, Response, current_app, g, request
from flask_limiter import Limiter
from limits import RateLimitItem, parse
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from shared.domain.errors import LimitReached
from shared.http.client_address import client_address
from shared.http.limit_storage import RedisOrMemory
from shared.settings import Settings

UPLOADS, ATTEMPTS, EXTRACTIONS, ANONYMOUS = "uploads", "attempts", "extractions", "anonymous"
# The endpoints of which every call counts, also a refused one.
ATTEMPTED = {"sessions.upload", "uploads.create", "direct_uploads.create", "form_upload.send"}
_EXTENSION = "sessionscribe-limits"
# How many refused calls come into the audit trail: of one person, of one address without a key, and of
# all of those together, who may have as many addresses as they like. 600 an hour are 3 MB a day.
REFUSALS = {True: parse("300 per hour"), False: parse("60 per hour")}
REFUSALS_WITHOUT_KEY = parse("600 per hour")


class Limits:
    """The limits by name, counted in windows that move with the clock (``time.time``)."""

    def __init__(self, app: Flask, settings: Settings) -> None:
        # Its decorators count an answer after the fact, so that uploads side by side overshoot, and
        # cannot let a repetition pass that an idempotency key answers: its storage is all we use.
        limiter = Limiter(
            _caller_key,
            storage_uri=f"fallback+{settings.redis_url}",
            storage_options={"socket_connect_timeout": 1, "socket_timeout": 1},
            strategy="moving-window",
            key_prefix="sessionscribe-limits",
            headers_enabled=False,  # its headers say Retry-After on success and a clock time for Reset
        )
        limiter.init_app(app)
        self.strategy = limiter.limiter
        self.here = MovingWindowRateLimiter(MemoryStorage())
        self.trusted_proxies = settings.trusted_proxies
        self.items: dict[str, RateLimitItem] = {
            UPLOADS: parse(f"{settings.uploads_per_hour} per hour"),
            ATTEMPTS: parse(f"{settings.attempts_per_hour} per hour"),
            EXTRACTIONS: parse(f"{settings.extractions_per_hour} per hour"),
            ANONYMOUS: parse(f"{settings.anonymous_per_minute} per minute"),
        }

    def whose(self, name: str) -> str:
        """Who is counted: the address that asks without a key, else the person behind it."""
        return address() if name == ANONYMOUS else _caller_key()

    def give_back(self, name: str) -> None:
        """Uncount one."""
        storage = self.strategy.storage
        if isinstance(storage, RedisOrMemory):
            storage.give_back(self.items[name].key_for(name, self.whose(name)))


@dataclass(frozen=True, slots=True)
class Standing:
    """Where the caller stands with a limit: how many are left, and seconds until there are more."""

    name: str
    limit: int
    window_seconds: int
    remaining: int
    reset_seconds: int


def install(app: Flask, settings: Settings) -> None:
    """Make the limits of ``app``, and tell in every answer where the caller stands."""
    app.extensions[_EXTENSION] = Limits(app, settings)
    app.before_request(_count_attempts)
    app.after_request(_tell_standings)


def take(name: str) -> None:
    """Count one against the limit, at once and for good; raises LimitReached if there is none left."""
    limits = _limits()
    item = limits.items[name]
    taken = limits.strategy.hit(item, name, limits.whose(name))
    standing = _note(name)
    if not taken:
        raise _reached(standing)


def take_here(name: str) -> None:
    """As ``take``, counted in this process alone: Redis is not asked, and need not be there."""
    limits = _limits()
    item, who = limits.items[name], limits.whose(name)
    if not limits.here.hit(item, name, who):
        ends_at = limits.here.get_window_stats(item, name, who).reset_time
        left = max(1, math.ceil(ends_at - time.time()))
        standing = Standing(name, item.amount, item.get_expiry(), 0, min(left, item.get_expiry()))
        g.setdefault("standings", {})[name] = standing
        raise _reached(standing)


def require(name: str) -> None:
    """Raise LimitReached if nothing is left of the limit, without counting."""
    standing = _note(name)
    if standing.remaining <= 0:
        raise _reached(standing)


@contextmanager
def taken(name: str) -> Iterator[None]:
    """Count one for what the block does, unless it fails: side by side, none is done too many."""
    take(name)
    try:
        yield
    except BaseException:
        _limits().give_back(name)
        _note(name)
        raise


def upload_taken() -> AbstractContextManager[None]:
    """Count one upload of the caller, as ``taken`` does; services enter it before they register a session."""
    return taken(UPLOADS)


def address() -> str:
    """Where the request came from, behind our own proxies."""
    return client_address(request, _limits().trusted_proxies)


def refusals_left() -> int | None:
    """Count one refused call for the audit trail; how many more may follow, None if this one may not."""
    strategy, known = _limits().strategy, "caller" in g
    item, who = REFUSALS[known], _caller_key() if known else address()
    if not strategy.hit(item, "refusals", who):
        return None
    left = strategy.get_window_stats(item, "refusals", who).remaining
    if known:
        return left
    if not strategy.hit(REFUSALS_WITHOUT_KEY, "refusals", "all"):
        return None
    return min(left, strategy.get_window_stats(REFUSALS_WITHOUT_KEY, "refusals", "all").remaining)


def _count_attempts() -> None:
    if request.endpoint in ATTEMPTED:
        g.body_unread = True
        take(ATTEMPTS)


def _limits() -> Limits:
    found: Limits = current_app.extensions[_EXTENSION]
    return found


def _caller_key() -> str:
    # The person, not the key: otherwise a second key would double what one person may do.
    return str(g.caller.therapist_id)


def _note(name: str) -> Standing:
    limits = _limits()
    item = limits.items[name]
    reset_at, remaining = limits.strategy.get_window_stats(item, name, limits.whose(name))
    # Rounded up, but for the microseconds that are lost on the way through Redis.
    reset = max(1, math.ceil(reset_at - time.time() - 0.001))
    standing = Standing(
        name, item.amount, item.get_expiry(), max(0, remaining), min(reset, item.get_expiry())
    )
    g.setdefault("standings", {})[name] = standing
    return standing


def _reached(standing: Standing) -> LimitReached:
    return LimitReached(
        "This was done as often as is allowed for now. Retry-After says when it may be done again.",
        "rate_limited",
        standing.reset_seconds,
    )


def _tell_standings(response: Response) -> Response:
    """The IETF's draft of RateLimit fields, and the older three for the limit that is nearest."""
    standings: list[Standing] = list(g.get("standings", {}).values())
    if not standings:
        return response
    nearest = min(standings, key=lambda standing: standing.remaining)
    response.headers["RateLimit-Policy"] = ", ".join(
        f'"{one.name}";q={one.limit};w={one.window_seconds}' for one in standings
    )
    response.headers["RateLimit"] = ", ".join(
        f'"{one.name}";r={one.remaining};t={one.reset_seconds}' for one in standings
    )
    response.headers["RateLimit-Limit"] = str(nearest.limit)
    response.headers["RateLimit-Remaining"] = str(nearest.remaining)
    response.headers["RateLimit-Reset"] = str(nearest.reset_seconds)
    return response
