"""Readiness: whether what we need answers, told within two seconds also where something answers nothing."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial

from redis import Redis
from redis.exceptions import RedisError
from sqlalchemy import text

from shared.db.connection.engine import DatabaseError
from shared.domain.errors import DomainError, Unavailable
from shared.services.operations import anchors
from shared.services.operations.probes import Probe
from shared.services.resources import Resources
from shared.vault.keystore import KeyStoreError

# Without the broker recordings are still accepted; the work starts when it is back.
REQUIRED = frozenset({"database", "storage", "keys"})
PART_SECONDS = 1.5


class Readiness:
    """The parts of one process's resources, asked together."""

    def __init__(self, resources: Resources) -> None:
        parts: Mapping[str, Callable[[Resources], None]] = {
            "database": _database,
            "storage": _storage,
            "broker": _broker,
            "keys": _keys,
        }
        self._probes = {name: Probe(partial(ask, resources)) for name, ask in parts.items()}

    def check(self) -> dict[str, bool]:
        """Whether ``database``, ``storage``, ``broker`` and ``keys`` are well, or were a second ago."""
        for probe in self._probes.values():
            probe.begin()
        return {name: _passes(probe) for name, probe in self._probes.items()}


def is_ready(found: Mapping[str, bool]) -> bool:
    """Whether requests can be served, if ``check`` found this."""
    return all(found[name] for name in REQUIRED)


def _passes(probe: Probe[None]) -> bool:
    try:
        probe.result(PART_SECONDS)
    except (DomainError, DatabaseError, KeyStoreError, RedisError, OSError):  # a TimeoutError is an OSError
        return False
    return True


def _database(resources: Resources) -> None:
    with resources.database.operating() as db:
        db.execute(text("SELECT 1"))


def _storage(resources: Resources) -> None:
    resources.recordings.store.check()


def _keys(resources: Resources) -> None:
    """Check that the key store is there and belongs to this database; skip it while that is away."""
    with suppress(Unavailable, DatabaseError):
        anchors.require_own_keys(resources.database, resources.vault.keys)


def _broker(resources: Resources) -> None:
    url = resources.settings.redis_url
    with Redis.from_url(url, socket_connect_timeout=1, socket_timeout=1) as redis:
        redis.ping()
