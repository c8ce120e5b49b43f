"""The user of Redis that is deployed: Celery and the limits work with its rights, and little else does."""

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from kombu import Queue
from redis import Redis
from redis.exceptions import NoPermissionError

from embedded.redis import RIGHTS as EMBEDDED_RIGHTS
from shared.http.limit_storage import RedisOrMemory
from shared.pipeline import CHAIN
from shared.queue import WorkQueue, make_app
from workers.engines.openai.call_limits import SharedLimits

SCRIPT = (Path(__file__).parents[3] / "deploy" / "make-secrets.sh").read_text()
RIGHTS = re.search(r"^user sessionscribe on >\S+ \S+\) (.+)$", SCRIPT, re.MULTILINE)


@pytest.fixture
def url(environment: dict[str, str]) -> Iterator[str]:
    """The tests' Redis, by a user with the rights of the deployed one."""
    assert RIGHTS is not None
    name = f"limited{uuid4().hex[:8]}"
    with Redis.from_url(environment["REDIS_URL"]) as redis:
        redis.execute_command("ACL", "SETUSER", name, "on", ">secret", *RIGHTS[1].split())
        place = urlsplit(environment["REDIS_URL"])
        yield f"redis://{name}:secret@{place.hostname}:{place.port}{place.path}"
        redis.execute_command("ACL", "DELUSER", name)


def test_the_embedded_one_gives_the_same_rights() -> None:
    assert RIGHTS is not None
    assert RIGHTS[1] == f"~* &* {EMBEDDED_RIGHTS}"


def test_messages_are_published_taken_and_acknowledged(url: str) -> None:
    app, session_id = make_app(url), uuid4()
    assert WorkQueue(app).publish(session_id)
    first = CHAIN[0].queue
    with app.connection_for_read() as connection:
        queue = connection.SimpleQueue(Queue(first, exchange="", routing_key=first))
        message = queue.get(timeout=10)
        assert str(session_id) in str(message.payload)
        message.ack()
        queue.close()
    app.control.inspect(timeout=0.1).ping()  # what Flower asks workers by
    with Redis.from_url(url) as redis:
        assert redis.llen(first) == 0
        assert redis.info()["redis_version"]


def test_limits_are_counted_there(url: str) -> None:
    storage = RedisOrMemory(f"fallback+{url}")
    assert [storage.acquire_entry("key", 2, 60) for _ in range(3)] == [True, True, False]
    storage.give_back("key")
    assert storage._redis_again_at == 0.0  # memory was not needed
    limits = SharedLimits(url, uuid4().hex, 1, 100)
    with limits.place(1.0, 1.0, lambda: None):
        assert limits._away_until == 0.0


@pytest.mark.parametrize(
    "command",
    [
        "FLUSHALL", "FLUSHDB", "KEYS *", "CONFIG GET *", "ACL LIST", "SHUTDOWN", "BGREWRITEAOF", "SAVE",
        "REPLICAOF NO ONE", "MODULE LIST", "SCRIPT FLUSH", "CLIENT LIST", "SWAPDB 0 1", "SLOWLOG GET",
    ],
)  # fmt: skip
def test_what_reads_or_changes_the_server_is_refused(url: str, command: str) -> None:
    with Redis.from_url(url) as redis, pytest.raises(NoPermissionError):
        redis.execute_command(*command.split())
