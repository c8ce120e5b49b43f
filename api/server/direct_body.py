"""A body of known length that is read from the socket into the reader's own memory."""

from gunicorn.http.body import Body, LengthReader

from api.server.slots import ClientSocket


class DirectBody(Body):  # type: ignore[misc]  # gunicorn carries no types
    """gunicorn's, with ``readinto``: its ``read`` copies each byte about six times.

    ``asked_for``: the client waits for ``100 Continue`` before it sends the body. It is sent at the first
    read. gunicorn sends it at once, so a client would also send a body that is refused unread.
    """

    def __init__(self, reader: LengthReader, sock: ClientSocket, *, asked_for: bool = False) -> None:
        super().__init__(reader)
        self._sock = sock
        self.asked_for = asked_for

    def _read_reader(self, size: int) -> bytes:
        self._let_come()
        data: bytes = super()._read_reader(size)
        return data

    def readinto(self, buffer: memoryview) -> int:
        """Fill the buffer with what has come, at least a byte; 0 at the body's end.

        Raises ConnectionError if the body breaks off, and TooSlow.
        """
        self._let_come()
        if self.buf.tell():  # left by a read that was not ours
            return _put(self.read(min(len(buffer), self.buf.tell())), buffer)
        wanted = min(len(buffer), self.reader.length)
        if not wanted:
            return 0
        if held := self.reader.unreader.take_buffered():
            self.reader.unreader.unread(held[wanted:])
            count = _put(held[:wanted], buffer)
        else:
            count = self._sock.recv_into(buffer[:wanted])
        if not count:
            self.failed = True
            raise ConnectionError("the body breaks off")
        self.reader.length -= count
        return count

    def _let_come(self) -> None:
        if self.asked_for:
            self.asked_for = False
            self._sock.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")


def _put(data: bytes, buffer: memoryview) -> int:
    buffer[: len(data)] = data
    return len(data)
