"""Whether a process of this machine works: ``python -m workers.health [NODE | dispatcher | courier]``.

For the health check of a container. Ends with 0 or 1 and says why. What cannot be asked because
Redis or Postgres is away counts for the process: to restart it would mend nothing.
"""

import os
import socket
import sys

from kombu.exceptions import KombuError
from redis.exceptions import RedisError

from shared.db.connection.engine import Database, DatabaseError
from shared.db.queries.work import heartbeats
from shared.domain.errors import Unavailable
from shared.queue import make_app
from shared.settings import Settings, load

PING_SECONDS = 3.0
_ALONE = (heartbeats.DISPATCHER, heartbeats.COURIER)  # they take no messages, and answer no ping


def verdict(settings: Settings, process: str) -> tuple[bool, str]:
    """Whether the process is well, and why."""
    is_worker = process.partition("@")[0] not in _ALONE
    answers = _answers(settings, process) if is_worker else None
    if answers is False:
        return False, f"{process} does not answer, though Redis does"
    age = _age(settings, process)
    if age is None:
        return True, f"{process} {'answers' if answers else 'cannot be asked'}; Postgres is away"
    if age >= heartbeats.FRESH_SECONDS:
        return False, f"{process} gave no sign of life for {min(age, 1e9):.0f} s"
    return True, f"{process} gave a sign of life {age:.0f} s ago" + (
        "; Redis is away" if is_worker and answers is None else ""
    )


def _answers(settings: Settings, node: str) -> bool | None:
    """Whether the worker answers a ping; None if Redis is away."""
    app = make_app(settings.redis_url, socket_timeout=2)
    try:
        return bool(app.control.inspect(destination=[node], timeout=PING_SECONDS).ping())
    except (KombuError, RedisError, OSError, RuntimeError):
        return None


def _age(settings: Settings, process: str) -> float | None:
    """Seconds since the last sign, without end if there never was one; None if Postgres is away."""
    database = Database(settings.database_url, pool_size=1)
    try:
        with database.operating() as db:
            age = heartbeats.age_of(db, process)
    except (Unavailable, DatabaseError):
        return None
    finally:
        database.close()
    return float("inf") if age is None else age


def process_of(word: str | None) -> str:
    """The process that a word names: none, the worker of this container; ``dispatcher`` or ``courier``,
    this machine's; any other, itself."""
    if word in _ALONE:
        return f"{word}@{socket.gethostname()}"
    return word or f"worker-{os.environ.get('INSTANCE', '1')}@{socket.gethostname()}"


def main() -> None:
    """Say how the process is, and end with 0 if it is well."""
    well, why = verdict(load(os.environ), process_of(sys.argv[1] if len(sys.argv) > 1 else None))
    print(why)
    sys.exit(0 if well else 1)


if __name__ == "__main__":
    main()
