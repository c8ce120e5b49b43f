"""Observing: the state of the whole service in numbers, as it is at this moment."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TypeVar

from redis import Redis
from redis.exceptions import RedisError

from shared.db.connection.engine import DatabaseError
from shared.db.queries.work import counters, gauges, heartbeats
from shared.db.queries.work.counters import Count
from shared.db.queries.work.gauges import OpenSteps
from shared.db.queries.work.heartbeats import Living
from shared.domain.errors import Unavailable
from shared.pipeline import QUEUES
from shared.services.lifecycle.cancellation import LAST_WRITE_SECONDS
from shared.services.operations import anchors
from shared.services.operations.probes import Probe
from shared.services.resources import Resources
from shared.vault.keystore import KeyStoreError

T = TypeVar("T")
# Prometheus gives a scrape ten seconds by default; what comes later says that the API is down.
PART_SECONDS = 6.0


@dataclass(frozen=True)
class Work:
    """What Postgres knows of the work."""

    sessions: Mapping[str, int]
    oldest_unfinished_seconds: float
    open_steps: list[OpenSteps]
    audio_waiting_seconds: float
    erasures_overdue: int
    orphans: Mapping[str, int]
    living: list[Living]
    counters: list[Count]


@dataclass(frozen=True)
class Observation:
    """Everything that could be asked; what did not answer is None."""

    work: Work | None = None
    queue_depths: Mapping[str, int] | None = None
    storage_free_bytes: int | None = None
    parts: Mapping[str, bool] = field(default_factory=dict)


class Observer:
    """Looks at one process's resources; a part is asked by one thread at a time, however often one looks."""

    def __init__(self, resources: Resources) -> None:
        self._work = Probe(partial(_work, resources))
        self._depths = Probe(partial(_queue_depths, resources))
        self._free = Probe(partial(_free_bytes, resources))
        self._keys = Probe(partial(_has_own_keys, resources))

    def observe(self) -> Observation:
        """The service now. Never raises because a part of it is away: that is what is to be told.

        In time, too: a part that has not answered within PART_SECONDS is away.
        """
        for probe in (self._work, self._depths, self._free, self._keys):
            probe.begin()
        found = Observation(_answer(self._work), _answer(self._depths), _answer(self._free))
        parts = {
            "database": found.work is not None,
            "broker": found.queue_depths is not None,
            "storage": found.storage_free_bytes is not None,
            "keys": _answer(self._keys) is not False,
        }
        return replace(found, parts=parts)


def observe(resources: Resources) -> Observation:
    """One look."""
    return Observer(resources).observe()


def _answer(probe: Probe[T | None]) -> T | None:
    try:
        return probe.result(PART_SECONDS)
    except TimeoutError:
        return None


def _work(resources: Resources) -> Work | None:
    try:
        with resources.database.operating() as db:
            return Work(
                sessions=gauges.sessions_by_status(db),
                oldest_unfinished_seconds=gauges.oldest_unfinished_seconds(db),
                open_steps=gauges.open_steps(db),
                audio_waiting_seconds=gauges.audio_waiting_seconds(db),
                erasures_overdue=gauges.erasures_overdue(db, last_write_seconds=LAST_WRITE_SECONDS),
                orphans=gauges.orphans(db),
                living=heartbeats.living(db),
                counters=counters.totals(db),
            )
    except (Unavailable, DatabaseError):
        return None


def _queue_depths(resources: Resources) -> dict[str, int] | None:
    url = resources.settings.redis_url
    try:
        with Redis.from_url(url, socket_connect_timeout=1, socket_timeout=1) as redis:
            return {queue: int(redis.llen(queue)) for queue in QUEUES}
    except (RedisError, OSError):
        return None


def _free_bytes(resources: Resources) -> int | None:
    store = resources.recordings.store
    try:
        store.check()  # that there is room says nothing of a bucket, nor of a disk gone read-only
        return store.free_bytes()
    except Unavailable:
        return None


def _has_own_keys(resources: Resources) -> bool | None:
    try:
        anchors.require_own_keys(resources.database, resources.vault.keys)
    except KeyStoreError:
        return False
    except (Unavailable, DatabaseError):
        return None  # who could tell is away
    return True
