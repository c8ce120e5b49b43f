"""The line of requests that are there and wait for a place: whole ones first, then uploads."""

from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

from api.server.slots import ClientSocket, Places


class Line:
    """``begin`` is called with a connection that has got a place, ``give_up`` with one that left.

    To begin an upload is what costs: a client that hung up before its turn is not begun with. Who sent
    a whole request may leave, and is served.
    """

    def __init__(self, places: Places, begin: Callable[[Any], None], give_up: Callable[[Any], None]) -> None:
        self._places, self._begin, self._give_up = places, begin, give_up
        self._whole: deque[Any] = deque()
        self._coming: deque[Any] = deque()

    def add(self, conn: Any) -> None:
        """Wait for a place, and take it at once if there is one."""
        (self._coming if _is_coming(conn) else self._whole).append(conn)
        self.let_in()

    def let_in(self) -> None:
        """Give places to as many as there are places for."""
        for waiting in (self._whole, self._coming):
            while waiting:
                if _has_left(waiting[0]):
                    self._give_up(waiting.popleft())
                elif self._places.take(waiting[0].sock):
                    self._begin(waiting.popleft())
                else:
                    break

    def look(self) -> None:
        """Let go of all who left; then as ``let_in``."""
        for conn in [conn for conn in self._coming if _has_left(conn)]:
            self._coming.remove(conn)
            self._give_up(conn)
        self.let_in()

    def take_out(self) -> Iterator[Any]:
        """All whose requests are still coming, one by one: they are not begun with any more."""
        while self._coming:
            yield self._coming.popleft()


def _is_coming(conn: Any) -> bool:
    return isinstance(conn.sock, ClientSocket) and conn.sock.coming


def _has_left(conn: Any) -> bool:
    return _is_coming(conn) and conn.sock.is_cut_short(conn.arrival.missing_bytes)
