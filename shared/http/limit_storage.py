"""Where rate limits are counted: in Redis, and in memory while Redis is away."""

import time
from typing import Any

import structlog
from limits.storage import MemoryStorage, MovingWindowSupport, RedisStorage, Storage
from redis.exceptions import RedisError

log = structlog.get_logger(__name__)

RETRY_REDIS_SECONDS = 5.0


class _Redis(RedisStorage):
    def give_back(self, key: str) -> None:
        self.storage.lpop(self.prefixed_key(key))


class _Memory(MemoryStorage):
    def give_back(self, key: str) -> None:
        with self.locks[key]:
            del self.events.get(key, [])[:1]


class RedisOrMemory(Storage, MovingWindowSupport):
    """Counts in Redis; while that is away, in this process's memory.

    flask-limiter's own fallback answers 500 if Redis goes away between the check of a request
    and the count of its answer, which for an upload can be minutes apart. The counts in memory
    begin at zero and are each process's own: looser than Redis's, but neither shut nor open.
    """

    STORAGE_SCHEME = ["fallback+redis", "fallback+rediss"]  # noqa: RUF012 - as the library declares it

    def __init__(self, uri: str, **options: Any) -> None:
        super().__init__(uri)
        self._redis = _Redis(uri.removeprefix("fallback+"), **options)
        self._memory = _Memory()
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

    def give_back(self, key: str) -> None:
        """Take back the newest entry of a moving window."""
        self._either("give_back", key)

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
