"""Reading an object of S3 at random.

Reads fetch ahead as far as they have gone on without a jump, so that decoding from end to end costs
one request for some MiB while a listener who jumps fetches little.
"""

import threading
from typing import Any

from shared.domain.errors import NotFound, Unavailable
from shared.storage.s3_errors import answers_as_ours

FIRST_READ_BYTES, LARGEST_READ_BYTES = 256 * 1024, 8 * 1024 * 1024


class StoredBytes:
    """A ``ByteSource`` over an object as it was when it was opened; threads may share it."""

    def __init__(self, client: Any, bucket: str, key: str) -> None:
        self._client = client
        self._where = {"Bucket": bucket, "Key": key}
        self._lock = threading.Lock()
        self._start, self._block = 0, b""
        self._ahead = FIRST_READ_BYTES
        self.size, self._tag = self._measure()

    def read_at(self, offset: int, length: int) -> bytes:
        end = min(offset + length, self.size)
        if offset < 0 or offset >= end:
            return b""
        with self._lock:
            if not self._start <= offset or end > self._start + len(self._block):
                self._fetch(offset, end)
            return self._block[offset - self._start : end - self._start]

    def _fetch(self, offset: int, end: int) -> None:
        """Have at least ``offset`` to ``end`` in the block; more ahead, the longer reads went straight on."""
        reached = self._start + len(self._block)
        goes_on = self._start <= offset <= reached
        self._ahead = min(self._ahead * 2, LARGEST_READ_BYTES) if goes_on else FIRST_READ_BYTES
        kept = self._block[offset - self._start :] if goes_on else b""
        first = offset + len(kept)
        last = min(max(end, offset + self._ahead), self.size) - 1
        with answers_as_ours():
            answer = self._client.get_object(**self._where, Range=f"bytes={first}-{last}", IfMatch=self._tag)
            fetched = answer["Body"].read()
        if len(fetched) != last + 1 - first:
            raise Unavailable("The storage gave less than was asked for.", "storage_unavailable")
        self._start, self._block = offset, kept + fetched

    def _measure(self) -> tuple[int, str]:
        """Size and tag, and the first block with them: most objects are read from their beginning."""
        try:
            with answers_as_ours():
                answer = self._client.get_object(**self._where, Range=f"bytes=0-{FIRST_READ_BYTES - 1}")
                self._block = answer["Body"].read()
        except NotFound:
            raise NotFound("The stored object is gone.", "object_gone") from None
        whole = int(answer["ContentRange"].rpartition("/")[2])
        return whole, answer["ETag"]
