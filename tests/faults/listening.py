"""Listening to everything that Redis is told, and searching it for what was said in a session."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from redis import Redis

from tests.leaks import encodings

RETRY_SECONDS = 0.1


class RedisListener:
    """``MONITOR`` on a connection of its own, made again whenever Redis is back."""

    def __init__(self, url: str, marker: str) -> None:
        self._url = url
        self._wanted = encodings(marker)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._listen, name="redis listener", daemon=True)
        self.commands = 0
        self.found: list[bytes] = []

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()

    def look_at_keys(self) -> list[str]:
        """The keys that hold what was said, now."""
        with Redis.from_url(self._url, socket_timeout=5) as redis:
            values = {key: _value_of(redis, key) for key in redis.scan_iter(count=1000)}
        return [str(key) for key, value in values.items() if any(word in value for word in self._wanted)]

    def _listen(self) -> None:
        while not self._stop.is_set():
            try:
                self._follow()
            except OSError:
                self._stop.wait(RETRY_SECONDS)

    def _follow(self) -> None:
        parts = urlsplit(self._url)
        with socket.create_connection((parts.hostname, parts.port), timeout=1) as connection:
            connection.settimeout(0.2)
            connection.sendall(f"AUTH {parts.password}\r\nMONITOR\r\n".encode())
            unread = b""
            while not self._stop.is_set():
                try:
                    data = connection.recv(1 << 16)
                except TimeoutError:
                    continue
                if not data:
                    return
                *lines, unread = (unread + data).split(b"\r\n")
                self.commands += len(lines)
                self.found += [line for line in lines if any(word in line for word in self._wanted)]


def _value_of(redis: Redis, key: bytes) -> bytes:
    """All that lies under the key; a dump would compress it."""
    reading = {
        b"string": lambda: redis.get(key),
        b"list": lambda: redis.lrange(key, 0, -1),
        b"hash": lambda: redis.hgetall(key),
        b"set": lambda: redis.smembers(key),
        b"zset": lambda: redis.zrange(key, 0, -1, withscores=True),
        b"none": lambda: None,  # it went since it was listed
    }
    return key + repr(reading[redis.type(key)]()).encode()


@contextmanager
def listening_to_redis(url: str, marker: str) -> Iterator[RedisListener]:
    """Everything that Redis is told meanwhile, searched for what was said."""
    listener = RedisListener(url, marker)
    listener.start()
    try:
        yield listener
    finally:
        listener.stop()
