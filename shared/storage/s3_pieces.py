"""Unfinished objects in a bucket: pieces with names of their own, joined by the server at the end.

S3 has no appending, and what was sent of a multipart upload can neither be read nor cut. So what
arrives of an object is kept as pieces beside the name that it will have. Each is written once, under
a random name, and which of them count only the row of the upload knows: a writer that was overtaken
can change nothing that its successor counts on.

At most one full piece is in memory. Shorter ones come into being where a writer makes safe or ends.
A new one is united with those before it that are no longer than itself, so that there are only
log n of them, and each byte is written again as often at most; all are united when they make a full
one. Full pieces are parts of the whole without passing through us: S3 wants parts of 5 MiB or more.
"""

import secrets
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import takewhile
from typing import Any, NamedTuple

from shared.domain.errors import NotFound, Unavailable
from shared.domain.ports import Block
from shared.storage.objects import PIECE
from shared.storage.s3_errors import answers_as_ours

PIECE_BYTES = 8 * 1024 * 1024
_COPIES_AT_ONCE = 8


class Piece(NamedTuple):
    """A piece as the row of an upload tells of it: a random word, and its length in bytes."""

    token: str
    length: int

    def __str__(self) -> str:
        return f"{self.token}-{self.length}"


class PieceWriter:
    """The end of an unfinished object; see ``Appending``. ``pieces`` are those that count so far."""

    def __init__(self, client: Any, bucket: str, key: str, at: int, pieces: Sequence[str]) -> None:
        self._client, self._bucket, self._key = client, bucket, key
        self._pieces: list[Piece] = []
        self._held = bytearray()  # what is in no piece yet
        self._new: list[Piece] = []  # written by us, and in no row as far as we know
        self._replaced: list[Piece] = []
        self._go_on(at, [_parsed(piece) for piece in pieces])

    def head(self, length: int) -> bytes:
        """The object's first bytes, of those that are in a piece."""
        return self._read(self._pieces[0], length) if self._pieces else bytes(self._held[:length])

    def write(self, data: Block) -> None:
        """Add to the end; full pieces go out at once."""
        with memoryview(data) as view:
            taken = 0
            while taken < len(view):
                short = self._short()
                room = PIECE_BYTES - sum(piece.length for piece in short) - len(self._held)
                count = min(room, len(view) - taken)
                self._held += view[taken : taken + count]
                taken += count
                if count == room:
                    self._put(len(short))

    def sync(self) -> list[str]:
        """Make durable what was written; gives the pieces that hold it."""
        if self._held:
            self._put(self._outgrown())
        return [str(piece) for piece in self._pieces]

    def settled(self) -> None:
        """The row tells of the last ``sync`` by now: what was replaced before it is of no use."""
        for piece in self._replaced:
            self._remove(piece)
        self._replaced.clear()
        self._new.clear()

    def complete(self, check: Callable[[], None]) -> None:
        """See ``Appending``; the pieces stay until they are discarded."""
        short = self._short()
        full = self._pieces[: len(self._pieces) - len(short)]
        rest = b"".join(map(self._read, short)) + self._held
        with answers_as_ours():
            if full:
                self._join(full, rest, check)
            else:
                check()
                self._client.put_object(Bucket=self._bucket, Key=self._key, Body=rest)

    def withdraw(self) -> None:
        """Remove what was written and is in no row: another writer has taken over."""
        for piece in self._new:
            self._remove(piece)

    def _go_on(self, at: int, pieces: Sequence[Piece]) -> None:
        """Count what lies before ``at``; hold what a piece has of it that goes beyond."""
        begin = 0
        for piece in pieces:
            if begin >= at:
                break
            if begin + piece.length > at:
                self._held += self._read(piece, at - begin)
            else:
                self._pieces.append(piece)
            begin += piece.length
        if begin < at:
            raise NotFound("What was uploaded so far is gone. Start the upload again.", "object_gone")
        for name in names_of(self._client, self._bucket, self._key):
            if name not in {self._name(piece) for piece in pieces}:
                with suppress(NotFound, Unavailable), answers_as_ours():
                    self._client.delete_object(Bucket=self._bucket, Key=name)

    def _short(self) -> list[Piece]:
        """The pieces at the end that are not full."""
        return list(takewhile(lambda piece: piece.length < PIECE_BYTES, reversed(self._pieces)))[::-1]

    def _outgrown(self) -> int:
        """How many pieces at the end are no longer than what would be united with each."""
        count, length = 0, len(self._held)
        for piece in reversed(self._short()):
            if piece.length > length:
                break
            count, length = count + 1, length + piece.length
        return count

    def _put(self, united: int) -> None:
        """Write a piece of what is held, and of the last ``united`` pieces before it."""
        old = self._pieces[len(self._pieces) - united :]
        content = b"".join(map(self._read, old)) + self._held
        piece = Piece(secrets.token_hex(8), len(content))
        with answers_as_ours():
            self._client.put_object(Bucket=self._bucket, Key=self._name(piece), Body=content)
        self._pieces[len(self._pieces) - united :] = [piece]
        self._new.append(piece)
        self._replaced += old
        self._held.clear()

    def _read(self, piece: Piece, length: int | None = None) -> bytes:
        wanted = piece.length if length is None else min(length, piece.length)
        with answers_as_ours():
            answer = self._client.get_object(
                Bucket=self._bucket, Key=self._name(piece), Range=f"bytes=0-{wanted - 1}"
            )
            content: bytes = answer["Body"].read()
        if len(content) != wanted:
            raise Unavailable("The storage gave less than was asked for.", "storage_unavailable")
        return content

    def _remove(self, piece: Piece) -> None:
        with suppress(NotFound, Unavailable), answers_as_ours():
            self._client.delete_object(Bucket=self._bucket, Key=self._name(piece))

    def _join(self, full: Sequence[Piece], rest: bytes, check: Callable[[], None]) -> None:
        where = {"Bucket": self._bucket, "Key": self._key}
        where["UploadId"] = self._client.create_multipart_upload(**where)["UploadId"]
        try:
            with ThreadPoolExecutor(min(_COPIES_AT_ONCE, len(full))) as pool:
                tags = list(pool.map(lambda part: self._copied(where, *part), enumerate(full, 1)))
            if rest:
                number = len(full) + 1
                tags.append(self._client.upload_part(**where, PartNumber=number, Body=rest)["ETag"])
            parts = [{"PartNumber": number, "ETag": tag} for number, tag in enumerate(tags, 1)]
            check()
            self._client.complete_multipart_upload(**where, MultipartUpload={"Parts": parts})
        except BaseException:
            with suppress(NotFound, Unavailable), answers_as_ours():
                self._client.abort_multipart_upload(**where)
            raise

    def _copied(self, where: dict[str, str], number: int, piece: Piece) -> str:
        source = {"Bucket": self._bucket, "Key": self._name(piece)}
        answer = self._client.upload_part_copy(**where, PartNumber=number, CopySource=source)
        return str(answer["CopyPartResult"]["ETag"])

    def _name(self, piece: Piece) -> str:
        return f"{self._key}{PIECE}{piece.token}"


def names_of(client: Any, bucket: str, key: str) -> Iterator[str]:
    """The names of all that lies there as pieces of an object; raises Unavailable."""
    pages = client.get_paginator("list_objects_v2")
    with answers_as_ours():
        for page in pages.paginate(Bucket=bucket, Prefix=f"{key}{PIECE}"):
            yield from (found["Key"] for found in page.get("Contents", ()))


def _parsed(text: str) -> Piece:
    token, _, length = text.partition("-")
    return Piece(token, int(length))
