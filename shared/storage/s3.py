"""Objects in a bucket of S3, or of any server that speaks its protocol.

An object that fits into one part is put in one request; a larger one goes as a multipart upload,
a part in memory at a time, and is not there before its last request.
"""

import base64
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import unquote, urlsplit

from shared.domain.errors import NotFound, Unavailable
from shared.domain.ports import Block, ByteSource
from shared.settings import S3Access
from shared.storage import s3_pieces
from shared.storage.objects import PARTIAL, Appending, StoredObject
from shared.storage.s3_errors import answers_as_ours
from shared.storage.s3_pieces import PieceWriter
from shared.storage.s3_reading import StoredBytes

MIB = 1024 * 1024
# 5,000 parts of 8 MiB and as many of 32 MiB: more than the largest upload has, in S3's 10,000 parts.
PART_BYTES, LATER_PART_BYTES, EARLY_PARTS = 8 * MIB, 32 * MIB, 5000
COPIED_AT_ONCE = 64 * MIB
_PROBE = f"{PARTIAL}probe"
INCOMING = "incoming/"  # below it lies what clients sent directly, not yet encrypted by us


@dataclass(frozen=True, slots=True)
class Invitation:
    """Where a client may POST a form with these fields, and then the file as ``file``; until when."""

    url: str
    fields: dict[str, str] = field(repr=False)
    until: str


class S3Store:
    """Objects below ``s3://bucket/prefix``; see ObjectStore for what each call promises."""

    def __init__(self, client: Any, bucket: str, prefix: str, public_client: Any = None) -> None:
        self._client = client
        self._public_client = public_client or client
        self._bucket = bucket
        self._prefix = f"{prefix.strip('/')}/" if prefix.strip("/") else ""

    @contextmanager
    def create(self, name: str) -> Iterator[Callable[[Block], object]]:
        """See ObjectStore; raises Unavailable."""
        upload = _Upload(self._client, self._bucket, self._key(name))
        try:
            yield upload.write
            upload.finish()
        except BaseException:
            upload.abort()
            raise

    @contextmanager
    def append(self, name: str, at: int, *, fresh: bool, pieces: Sequence[str]) -> Iterator[Appending]:
        """See ObjectStore; every writer is ``fresh``: it writes to pieces of its own."""
        yield PieceWriter(self._client, self._bucket, self._key(name), at, pieces)

    def discard_pieces(self, name: str) -> None:
        """See ObjectStore; what a client sent directly is such a piece."""
        for piece in s3_pieces.names_of(self._client, self._bucket, self._key(name)):
            with answers_as_ours():
                self._client.delete_object(Bucket=self._bucket, Key=piece)
        self.delete(f"{INCOMING}{name}")

    def invite(self, name: str, length: int, seconds: int, *, encrypted: bool) -> Invitation:
        """What lets a client without our credentials put ``length`` bytes below ``INCOMING``.

        ``encrypted``: only if S3 is told to encrypt them. Asks no server: it is a signature.
        """
        fields = {"x-amz-server-side-encryption": "AES256"} if encrypted else {}
        conditions = [["content-length-range", length, length], *({key: fields[key]} for key in fields)]
        signed = self._public_client.generate_presigned_post(
            self._bucket, self._key(f"{INCOMING}{name}"), fields, conditions, seconds
        )
        policy = json.loads(base64.b64decode(signed["fields"]["policy"]))
        return Invitation(signed["url"], signed["fields"], policy["expiration"])

    @contextmanager
    def open(self, name: str) -> Iterator[ByteSource]:
        """See ObjectStore."""
        yield StoredBytes(self._client, self._bucket, self._key(name))

    def move(self, name: str, to: str) -> None:
        """See ObjectStore: the server copies it, so that what is there is the old one or the new one."""
        from boto3.s3.transfer import TransferConfig

        source = {"Bucket": self._bucket, "Key": self._key(name)}
        # In parts where it is large: in one request S3 copies 5 GiB at most.
        how = TransferConfig(
            multipart_threshold=COPIED_AT_ONCE + 1, multipart_chunksize=COPIED_AT_ONCE, use_threads=False
        )
        with answers_as_ours():
            self._client.copy(source, self._bucket, self._key(to), Config=how)
            self._client.delete_object(**source)

    def delete(self, name: str) -> None:
        """See ObjectStore. In a bucket that keeps versions, older ones stay until its rules remove them."""
        with answers_as_ours():
            self._client.delete_object(Bucket=self._bucket, Key=self._key(name))

    def list(self, prefix: str = "") -> Iterator[StoredObject]:
        """See ObjectStore. What clients sent directly is listed only where it is asked for."""
        pages = self._client.get_paginator("list_objects_v2")
        with answers_as_ours():
            for page in pages.paginate(Bucket=self._bucket, Prefix=self._key(prefix)):
                for found in page.get("Contents", ()):
                    name = found["Key"].removeprefix(self._prefix)
                    if name != _PROBE and name.startswith(INCOMING) == prefix.startswith(INCOMING):
                        yield StoredObject(name, found["Size"], found["LastModified"])

    def sweep_partials(self, older_than_seconds: float) -> int:
        """See ObjectStore: unfinished multipart uploads, and direct uploads that were never ingested."""
        horizon = datetime.now(UTC) - timedelta(seconds=older_than_seconds)
        pages = self._client.get_paginator("list_multipart_uploads")
        removed = 0
        with answers_as_ours():
            for page in pages.paginate(Bucket=self._bucket, Prefix=self._prefix):
                for begun in page.get("Uploads", ()):
                    if begun["Initiated"] < horizon:
                        self._client.abort_multipart_upload(
                            Bucket=self._bucket, Key=begun["Key"], UploadId=begun["UploadId"]
                        )
                        removed += 1
        for found in self.list(INCOMING):
            if found.modified_at < horizon:
                self.delete(found.name)
                removed += 1
        return removed

    def check(self) -> None:
        """See ObjectStore: one small object is written, always the same."""
        with answers_as_ours():
            self._client.put_object(Bucket=self._bucket, Key=self._key(_PROBE), Body=b"")

    def free_bytes(self) -> int:
        """See ObjectStore: a bucket has no end that one could ask for."""
        return sys.maxsize

    def make_bucket(self) -> bool:
        """Make the bucket where it is missing; False if it was there. Raises Unavailable."""
        with suppress(NotFound), answers_as_ours():
            self._client.head_bucket(Bucket=self._bucket)
            return False
        with answers_as_ours():
            self._client.create_bucket(Bucket=self._bucket)
        return True

    def keeps_versions(self) -> bool:
        """Whether the bucket keeps what is deleted or replaced."""
        with answers_as_ours():
            return str(self._client.get_bucket_versioning(Bucket=self._bucket).get("Status")) == "Enabled"

    def _key(self, name: str) -> str:
        return self._prefix + name


class _Upload:
    """One object on its way: collected to a part, sent, and there once it is finished."""

    def __init__(self, client: Any, bucket: str, key: str) -> None:
        self._client = client
        self._where = {"Bucket": bucket, "Key": key}
        self._pending = bytearray()
        self._upload_id: str | None = None
        self._parts: list[dict[str, Any]] = []

    def write(self, data: Block) -> None:
        """Take more; whole parts go out at once."""
        with memoryview(data) as view:
            taken = 0
            while taken < len(view):
                room = self._part_bytes() - len(self._pending)
                self._pending += view[taken : taken + room]
                taken += min(room, len(view) - taken)
                if len(self._pending) == self._part_bytes():
                    self._send_part()

    def finish(self) -> None:
        """Send what is left and make the object be there."""
        if self._upload_id is None:
            with answers_as_ours():
                self._client.put_object(**self._where, Body=bytes(self._pending))
            return
        if self._pending:
            self._send_part()
        with answers_as_ours(absent=Unavailable):
            self._client.complete_multipart_upload(
                **self._where, UploadId=self._upload_id, MultipartUpload={"Parts": self._parts}
            )

    def abort(self) -> None:
        """Leave nothing; what cannot be removed now, ``sweep_partials`` will."""
        if self._upload_id is not None:
            with suppress(Unavailable, NotFound), answers_as_ours():
                self._client.abort_multipart_upload(**self._where, UploadId=self._upload_id)

    def _part_bytes(self) -> int:
        return PART_BYTES if len(self._parts) < EARLY_PARTS else LATER_PART_BYTES

    def _send_part(self) -> None:
        with answers_as_ours(absent=Unavailable):  # swept away, if it took more than a day
            if self._upload_id is None:
                self._upload_id = self._client.create_multipart_upload(**self._where)["UploadId"]
            number = len(self._parts) + 1
            sent = self._client.upload_part(
                **self._where, UploadId=self._upload_id, PartNumber=number, Body=bytes(self._pending)
            )
        self._parts.append({"PartNumber": number, "ETag": sent["ETag"]})
        self._pending.clear()


def open_s3(url: str, access: S3Access) -> S3Store:
    """The store that ``s3://bucket/prefix`` names; connects to nothing yet."""
    import boto3  # takes half a second: only where it is used
    from botocore.config import Config

    def client(endpoint: str | None) -> Any:
        return boto3.client(
            "s3",
            endpoint_url=endpoint,
            region_name=access.region,
            aws_access_key_id=access.access_key_id,
            aws_secret_access_key=access.secret_access_key,
            config=Config(
                connect_timeout=5,
                read_timeout=30,
                retries={"mode": "standard", "total_max_attempts": 3},
                max_pool_connections=32,
                s3={"addressing_style": "path" if endpoint else "auto"},
                # Every frame is authenticated by us; servers of other makes know no other checksums.
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
            ),
        )

    parts = urlsplit(url)
    public = client(access.public_endpoint) if access.public_endpoint else None
    return S3Store(client(access.endpoint), parts.netloc, unquote(parts.path), public)
