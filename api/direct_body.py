"""A body of known length that is read from the socket into the reader's own memory."""

from gunicorn.http.body import Body, LengthReader

from api.places import ClientSocket


class DirectBody(Body):  # type: ignore[misc]  # gunicorn carries no types
    """gunicorn's, with ``readinto``: its ``read`` copies each byte about six times."""

    def __init__(self, reader: LengthReader, sock: ClientSocket) -> None:
        super().__init__(reader)
        self._sock = sock

    def readinto(self, buffer: memoryview) -> int:
        """Fill the buffer with what has come, at least a byte; 0 at the body's end.

        Raises ConnectionError if the body breaks off, and TooSlow.
        """
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


def _put(data: bytes, buffer: memoryview) -> int:
    buffer[: len(data)] = data
    return len(data)
