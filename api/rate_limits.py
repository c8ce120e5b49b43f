"""How often a caller may do what costs: counted in Redis, and in memory while Redis is away."""

import time
from typing import Any

import structlog
from flask import Flask, Response, current_app, g, request
from flask_limiter import Limiter
from flask_limiter.errors import RateLimitExceeded
from limits.storage import MemoryStorage, MovingWindowSupport, RedisStorage, Storage
from redis.exceptions import RedisError

from api.errors import problem
from shared.settings import Settings

log = structlog.get_logger(__name__)

RETRY_REDIS_SECONDS = 5.0


class RedisOrMemory(Storage, MovingWindowSupport):
    """Counts in Redis; while that is away, in this process's memory.

    flask-limiter's own fallback answers 500 if Redis goes away between the check of a request
    and the count of its answer, which for an upload can be minutes apart. The counts in memory
    begin at zero and are each process's own: looser than Redis's, but neither shut nor open.
    """

    STORAGE_SCHEME = ["fallback+redis", "fallback+rediss"]  # noqa: RUF012 - as the library declares it

    def __init__(self, uri: str, **options: Any) -> None:
        super().__init__(uri)
        self._redis = RedisStorage(uri.removeprefix("fallback+"), **options)
        self._memory = MemoryStorage()
        self._redis_again_at = 0.0

    @property
    def base_exceptions(self) -> type[Exception]:
        """What may be raised: nothing that has to be caught."""
        return RedisError

    def _either(self, method: str, *arguments: Any) -> Any:
        if time.monotonic() >= self._redis_again_at:
            try:
                return getattr(self._redis, method)(*arguments)
            except (RedisError, OSError) as error:
                self._redis_again_at = time.monotonic() + RETRY_REDIS_SECONDS
                log.warning("rate_limits_in_memory", error=type(error).__name__)
        return getattr(self._memory, method)(*arguments)

    def acquire_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        """See MovingWindowSupport."""
        return bool(self._either("acquire_entry", key, limit, expiry, amount))

    def get_moving_window(self, key: str, limit: int, expiry: int) -> tuple[float, int]:
        """See MovingWindowSupport."""
        start, entries = self._either("get_moving_window", key, limit, expiry)
        return start, entries

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """See Storage."""
        return int(self._either("incr", key, expiry, amount))

    def get(self, key: str) -> int:
        """See Storage."""
        return int(self._either("get", key))

    def get_expiry(self, key: str) -> float:
        """See Storage."""
        return float(self._either("get_expiry", key))

    def check(self) -> bool:
        """Always usable."""
        return True

    def reset(self) -> int | None:
        """See Storage."""
        self._memory.reset()
        return self._redis.reset()

    def clear(self, key: str) -> None:
        """See Storage."""
        self._either("clear", key)


def install(app: Flask, settings: Settings) -> None:
    """Limit the routes that cost, for each caller, in a window that moves with the clock."""
    app.after_request(_tell_limits)  # runs after the limiter's own, which counts the answer
    limiter = Limiter(
        _caller_key,
        storage_uri=f"fallback+{settings.redis_url}",
        storage_options={"socket_connect_timeout": 1, "socket_timeout": 1},
        strategy="moving-window",
        key_prefix="sessionscribe-limits",
        headers_enabled=False,  # its headers say Retry-After on success and a clock time for Reset
    )
    limiter.init_app(app)
    app.extensions["sessionscribe-limiter"] = limiter
    attempts = limiter.limit(f"{settings.attempts_per_hour} per hour", scope="attempts")
    accepted = limiter.limit(
        f"{settings.uploads_per_hour} per hour", scope="accepted", deduct_when=_was_accepted
    )
    extractions = limiter.limit(f"{settings.extractions_per_hour} per hour", deduct_when=_was_accepted)
    for endpoint, limits in {
        "sessions.upload": (attempts, accepted),
        "sessions.extract_notes": (extractions,),
    }.items():
        view: Any = app.view_functions[endpoint]
        for limit in limits:
            view = limit(view)
        app.view_functions[endpoint] = view
    app.register_error_handler(RateLimitExceeded, _exceeded)


def _caller_key() -> str:
    # The person, not the key: otherwise a second key would double what one person may do.
    return str(g.caller.therapist_id)


def _was_accepted(response: Response) -> bool:
    return response.status_code < 300


def _exceeded(error: RateLimitExceeded) -> Response:
    g.body_unread = request.content_length != 0
    return problem(
        429,
        "rate_limited",
        "You have done this as often as is allowed in an hour. Retry-After says when it may be done again.",
    )


def _tell_limits(response: Response) -> Response:
    limiter: Limiter = current_app.extensions["sessionscribe-limiter"]
    limits = limiter.current_limits
    if not limits:
        return response
    tightest = min(limits, key=lambda limit: (not limit.breached, limit.remaining))
    wait = max(1, int(tightest.reset_at - time.time()))
    response.headers["RateLimit-Limit"] = str(tightest.limit.amount)
    response.headers["RateLimit-Remaining"] = str(max(0, tightest.remaining))
    response.headers["RateLimit-Reset"] = str(wait)
    if response.status_code == 429:
        response.headers["Retry-After"] = str(wait)
    return response
