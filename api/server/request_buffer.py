"""What has come of a connection's next request, and whether that is enough to give it a thread."""

import re
import sys
import time
from enum import Enum, auto

# A request line and headers beyond this are refused; gunicorn's own limit on a request line is 4 KiB.
MAX_HEAD_BYTES = 64 * 1024
# A body up to this is waited for whole. Of a larger one so much is waited for as to know that it
# comes; then the application begins, it may refuse unread, and its thread steps aside if the client
# is slow. With a body of unknown length, or a client that waits to be told, it begins at once.
MAX_WHOLE_BYTES = 64 * 1024
BEGUN_BYTES = 16 * 1024
HEAD_SECONDS = 20.0
WHOLE_SECONDS = 40.0

# gunicorn refuses a first line that is not like this at once, without waiting for headers.
_FIRST_LINE = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+ [\x21-\x7e]+ HTTP/[0-9]\.[0-9]\r\n")
_BROKEN_LINE = re.compile(rb"(?<!\r)\n")
_HEAD_END = b"\r\n\r\n"
_LENGTH = re.compile(rb"\r\nContent-Length:[ \t]*([0-9]{1,18})[ \t]*\r\n", re.IGNORECASE)
_CHUNKED = re.compile(rb"\r\nTransfer-Encoding:[ \t]*chunked[ \t]*\r\n", re.IGNORECASE)
_LAST_CHUNK = b"\r\n0\r\n\r\n"
_UNMEASURED = re.compile(rb"\r\n(?:Expect|Transfer-Encoding):", re.IGNORECASE)


class State(Enum):
    """``READY``: a thread can read it without waiting for long, or refuse it at once."""

    ARRIVING = auto()
    READY = auto()
    HEAD_TOO_LONG = auto()


class Arrival:
    """The bytes of a request from its first one on. ``deadline``: on ``time.monotonic``.

    ``most_bytes``: what declares a larger body is refused, and not waited for.
    """

    def __init__(self, most_bytes: int = sys.maxsize) -> None:
        self.deadline = time.monotonic() + HEAD_SECONDS
        self._most_bytes = most_bytes
        self.received = bytearray()
        self._head_bytes = 0
        self._awaited_bytes = 0  # of head and body
        self._declared_bytes: int | None = 0  # of the body, None where that is not said
        self.is_whole = True  # when it is ready: whether no more of its body is to come
        self._has_first_line = False

    def add(self, data: bytes) -> State:
        """Take more bytes; tells how far the request is."""
        searched = max(0, len(self.received) - len(_HEAD_END))
        self.received += data
        if not self._head_bytes:
            found = self.received.find(_HEAD_END, searched)
            if found < 0:
                return self._without_end(searched)
            self._head_bytes = found + len(_HEAD_END)
            self._await_body(self.received[: self._head_bytes])
            self.deadline = time.monotonic() + WHOLE_SECONDS
        return State.READY if len(self.received) >= self._awaited_bytes else State.ARRIVING

    @property
    def has_head(self) -> bool:
        """Whether request line and headers are there."""
        return bool(self._head_bytes)

    @property
    def missing_bytes(self) -> int:
        """How much more there is to come at least, for all that was received."""
        if self._declared_bytes is None:
            return 0 if self.received.endswith(_LAST_CHUNK) else 1
        return max(0, self._head_bytes + self._declared_bytes - len(self.received))

    def _without_end(self, searched: int) -> State:
        """Each byte is looked at a few times at most, however slowly they come."""
        if len(self.received) > MAX_HEAD_BYTES:
            return State.HEAD_TOO_LONG
        broken = _BROKEN_LINE.search(self.received, searched)
        return State.READY if broken or self._begins_oddly(searched) else State.ARRIVING

    def _begins_oddly(self, searched: int) -> bool:
        if self._has_first_line:
            return False
        begin = 2 if self.received.startswith(b"\r\n") else 0  # one empty line may come first (RFC 9112, 2.2)
        self._has_first_line = self.received.find(b"\n", max(begin, searched)) >= 0
        return self._has_first_line and not _FIRST_LINE.match(self.received, begin)

    def _await_body(self, head: bytearray) -> None:
        length = _LENGTH.search(head)
        declared = int(length[1]) if length else 0
        self._declared_bytes = None if _CHUNKED.search(head) else declared
        measured = not _UNMEASURED.search(head)
        refused = declared > self._most_bytes
        self.is_whole = refused or (measured and declared <= MAX_WHOLE_BYTES)
        self._awaited_bytes = self._head_bytes
        if measured and not refused:
            self._awaited_bytes += declared if self.is_whole else BEGUN_BYTES
