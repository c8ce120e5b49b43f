"""Readiness: whether what we need answers."""

from collections.abc import Callable, Mapping

from redis import Redis
from redis.exceptions import RedisError
from sqlalchemy import text

from shared.db.connection.engine import DatabaseError
from shared.domain.errors import DomainError
from shared.services.resources import Resources

# Without the broker recordings are still accepted; the work starts when it is back.
REQUIRED = frozenset({"database", "storage"})


def check(resources: Resources) -> dict[str, bool]:
    """Whether each of ``database``, ``storage`` and ``broker`` answers now."""
    checks: Mapping[str, Callable[[Resources], None]] = {
        "database": _database,
        "storage": _storage,
        "broker": _broker,
    }
    return {name: _passes(probe, resources) for name, probe in checks.items()}


def is_ready(found: Mapping[str, bool]) -> bool:
    """Whether requests can be served, if ``check`` found this."""
    return all(found[name] for name in REQUIRED)


def _passes(probe: Callable[[Resources], None], resources: Resources) -> bool:
    try:
        probe(resources)
    except (DomainError, DatabaseError, RedisError, OSError):
        return False
    return True


def _database(resources: Resources) -> None:
    with resources.database.operating() as db:
        db.execute(text("SELECT 1"))


def _storage(resources: Resources) -> None:
    resources.recordings.store.check()


def _broker(resources: Resources) -> None:
    url = resources.settings.redis_url
    with Redis.from_url(url, socket_connect_timeout=1, socket_timeout=1) as redis:
        redis.ping()
