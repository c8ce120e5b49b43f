"""Streams a large recording to the server by the tus protocol, on from where a connection broke."""

import base64
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

from cli.http.client import Api, JsonObject
from cli.http.media_types import media_type_of
from cli.http.reader import CountedFile
from cli.http.refusals import CallFailed
from cli.http.retrying import Patience

# A smaller recording is sent anew as quickly as it is gone on with.
LEAST_BYTES = 8 * 1024 * 1024
_BLOCK_BYTES = 256 * 1024
VERSION = {"Tus-Resumable": "1.0.0"}


class CannotResume(Exception):
    """The server takes no uploads in parts; it takes them whole."""


def upload_resumably(
    api: Api, file: CountedFile, name: str, fields: Mapping[str, str], key: str, patience: Patience
) -> JsonObject:
    """Send ``file``; gives the session. Raises CannotResume, CallFailed and OSError.

    ``patience`` begins anew whenever the server has more of the recording than before.
    """
    upload = _Upload(api, file, _announced(api, file.size, name, fields, key, patience))
    reached = -1
    while True:
        try:
            return patience(upload.go_on)
        except CallFailed as failure:
            if not failure.transient or upload.offset <= reached:
                raise
            reached = upload.offset


def _announced(
    api: Api, size: int, name: str, fields: Mapping[str, str], key: str, patience: Patience
) -> str:
    texts = {"filename": name, "filetype": media_type_of(name), **fields}
    metadata = ",".join(f"{key} {base64.b64encode(text.encode()).decode()}" for key, text in texts.items())
    announcement = {"Upload-Length": str(size), "Upload-Metadata": metadata, "Idempotency-Key": key}
    try:
        made = patience(lambda: api.headers_of("POST", "/api/uploads", {**VERSION, **announcement}))
    except CallFailed as failure:
        if failure.code in ("resumable_not_supported", "no_such_route", "method_not_allowed"):
            raise CannotResume from failure
        raise
    return _path_of(made.get("Location", ""))


class _Upload:
    """``offset`` is how much of the recording the server had when it was last asked."""

    def __init__(self, api: Api, file: CountedFile, path: str) -> None:
        self._api = api
        self._file = file
        self._path = path
        self.offset = 0

    def go_on(self) -> JsonObject:
        """Send what the server has not; gives the session that it has become."""
        state = self._api.headers_of("HEAD", self._path, VERSION)
        while "Content-Location" not in state:
            self.offset = _offset_in(state)
            state = self._send_rest()
        return self._session(_path_of(state["Content-Location"]))

    def _send_rest(self) -> Mapping[str, str]:
        self._file.seek(self.offset)
        headers = {
            "Upload-Offset": str(self.offset),
            "Content-Type": "application/offset+octet-stream",
            "Content-Length": str(self._file.size - self.offset),
        }
        return self._api.headers_of("PATCH", self._path, {**VERSION, **headers}, self._blocks())

    def _blocks(self) -> Iterator[bytes]:
        while block := self._file.read(_BLOCK_BYTES):
            yield block

    def _session(self, path: str) -> JsonObject:
        try:
            return self._api.document(path)
        except CallFailed as failure:
            if failure.status != 403:  # a key may be for uploads alone
                raise
            return {"id": path.rsplit("/", 1)[1]}


def _path_of(address: str) -> str:
    return urlsplit(address).path  # the key goes to this server only, even if it names another host


def _offset_in(state: Mapping[str, str]) -> int:
    offset = state.get("Upload-Offset", "")
    if not offset.isdecimal():
        raise CallFailed("The server's answer is not what this command expects.", status=502)
    return int(offset)
