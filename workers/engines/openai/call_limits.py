"""How many calls all workers together have under way at a service, and how many a minute.

Counted in Redis, by one script, in Redis' own time. A worker that dies gives its place back when
the place's time is over. While Redis is away each process makes one call at a time: no worker gets
new work then, so that only what was begun goes on.
"""

import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import cached_property
from typing import Any, Protocol
from uuid import uuid4

import structlog
from redis import Redis
from redis.exceptions import RedisError

log = structlog.get_logger(__name__)

_PREFIX = "sessionscribe:engine-calls"
# Before Redis is asked again after it did not answer.
AWAY_SECONDS = 5.0
LONGEST_NAP_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 120.0

# Gives 0 and takes a place, or the milliseconds until it is worth asking again.
_TAKE = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local paused = redis.call('PTTL', KEYS[3])
if paused > 0 then return paused end
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
if redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[1]) then return 50 end
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now - 60000)
if redis.call('ZCARD', KEYS[2]) >= tonumber(ARGV[2]) then
  local oldest = redis.call('ZRANGE', KEYS[2], 0, 0, 'WITHSCORES')[2]
  return math.max(1, oldest + 60000 - now)
end
redis.call('ZADD', KEYS[1], now + ARGV[3], ARGV[4])
redis.call('ZADD', KEYS[2], now, ARGV[4])
redis.call('PEXPIRE', KEYS[1], ARGV[3] + 60000)
redis.call('PEXPIRE', KEYS[2], 60000)
return 0
"""


class NoPlace(Exception):
    """No place came free in the time that a caller would wait."""


class CallLimits(Protocol):
    """Says when a call may be made."""

    def place(
        self, hold_seconds: float, wait_seconds: float, checkpoint: Callable[[], None]
    ) -> AbstractContextManager[None]:
        """A place for one call of up to ``hold_seconds``; waits for one, calling ``checkpoint``.

        Raises NoPlace after ``wait_seconds``, and what the checkpoint raises.
        """

    def pause(self, seconds: float) -> None:
        """Let no call begin for so long: the service asked for it."""


class Unlimited:
    """No limits: for one process alone, such as a benchmark's."""

    def place(
        self, hold_seconds: float, wait_seconds: float, checkpoint: Callable[[], None]
    ) -> AbstractContextManager[None]:
        """A place at once."""
        return nullcontext()

    def pause(self, seconds: float) -> None:
        """Do nothing: there is no other process."""


class SharedLimits:
    """``CallLimits`` over all processes that use the same Redis; connects at the first call."""

    def __init__(self, redis_url: str, service: str, max_calls: int, calls_per_minute: int) -> None:
        self._redis_url = redis_url
        self._limits = (max_calls, calls_per_minute)
        self._keys = [f"{_PREFIX}:{service}:{what}" for what in ("under_way", "begun", "paused")]
        self._alone = threading.Semaphore(1)
        self._away_until = 0.0

    @contextmanager
    def place(
        self, hold_seconds: float, wait_seconds: float, checkpoint: Callable[[], None]
    ) -> Iterator[None]:
        """See ``CallLimits``."""
        token = uuid4().hex
        give_up_at = time.monotonic() + wait_seconds
        while (nap := self._ask(token, hold_seconds)) > 0:
            checkpoint()
            if time.monotonic() + nap > give_up_at:
                raise NoPlace
            time.sleep(min(nap, LONGEST_NAP_SECONDS) * random.uniform(0.7, 1.3))  # noqa: S311 - spreads askers
        if nap == 0:
            try:
                yield
            finally:
                self._safely(lambda: self._redis.zrem(self._keys[0], token))
            return
        while not self._alone.acquire(timeout=LONGEST_NAP_SECONDS):
            checkpoint()
            if time.monotonic() > give_up_at:
                raise NoPlace
        try:
            yield
        finally:
            self._alone.release()

    def pause(self, seconds: float) -> None:
        """See ``CallLimits``; a longer pause is the retry time of the refused step."""
        milliseconds = int(min(seconds, LONGEST_PAUSE_SECONDS) * 1000)
        if milliseconds > 0:
            self._safely(lambda: self._redis.set(self._keys[2], "1", px=milliseconds))

    @cached_property
    def _redis(self) -> Any:
        return Redis.from_url(self._redis_url, socket_timeout=2, socket_connect_timeout=1)

    @cached_property
    def _take(self) -> Any:
        return self._redis.register_script(_TAKE)

    def _ask(self, token: str, hold_seconds: float) -> float:
        """0 with a place, else the seconds until the next question; negative while Redis is away."""
        if time.monotonic() < self._away_until:
            return -1
        arguments = [*self._limits, int(hold_seconds * 1000), token]
        answer = self._safely(lambda: self._take(keys=self._keys, args=arguments))
        return -1 if answer is None else int(answer) / 1000

    def _safely(self, ask: Callable[[], Any]) -> Any:
        """What Redis answers; None where it does not."""
        try:
            return ask()
        except (RedisError, OSError) as error:
            self._away_until = time.monotonic() + AWAY_SECONDS
            log.warning("call_limits_alone", error=type(error).__name__)
            return None
