"""The HTTP API as seen by the command line: one server, one key, readable errors."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, BinaryIO, Self

import httpx2

from cli.exits import CommandError, Exit
from cli.http.media_types import media_type_of
from cli.http.refusals import CallFailed, refusal

JsonObject = dict[str, Any]

# Every wait is bounded; an upload's answer also covers the check of the recording and its fsync.
TIMEOUT = httpx2.Timeout(30.0, connect=5.0)
EXPORT_TIMEOUT = httpx2.Timeout(30.0, connect=5.0, read=180.0)  # a PDF is drawn before it is sent
UPLOAD_TIMEOUT = httpx2.Timeout(60.0, connect=5.0, read=300.0)
MAX_PAGES = 10_000


class Api:
    """Calls to the server at ``url`` with ``key``; raises CallFailed and nothing else."""

    def __init__(self, url: str, key: str | None, key_from: str = "") -> None:
        """``key_from`` says in errors which key it is."""
        self.url, self._client = _connection(url, key)
        self._key_from = key_from or "no key was sent"

    def move_to(self, url: str, key: str | None) -> None:
        """Speak to another server from now on (the stack came back at another port)."""
        self._client.close()
        self.url, self._client = _connection(url, key)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def document(self, path: str, params: Mapping[str, str] | None = None) -> JsonObject:
        """The JSON object at ``path``."""
        return _object_in(self._call("GET", path, params=dict(params or {})))

    def text(self, path: str, params: Mapping[str, str]) -> str:
        """The text at ``path``."""
        return self._call("GET", path, params=dict(params)).text

    def listing(self, path: str, params: Mapping[str, str], limit: int | None = None) -> Iterator[JsonObject]:
        """The items at ``path``, following the pages that the server names; at most ``limit``."""
        query: dict[str, str] | None = dict(params)
        seen = 0
        for _ in range(MAX_PAGES):
            response = self._call("GET", path, params=query)
            for item in _objects_in(response):
                if seen == limit:
                    return
                seen += 1
                yield item
            following = response.links.get("next", {}).get("url")
            if not following:
                return
            # Only the path: the key goes to this server only, even if the link names another host.
            path, query = str(response.url.copy_with(raw_path=response.url.join(following).raw_path)), None

    def tagged(self, path: str) -> tuple[JsonObject, str]:
        """The JSON object at ``path`` and its ``ETag``, which a change of it sends as ``If-Match``."""
        response = self._call("GET", path)
        return _object_in(response), response.headers.get("ETag", "")

    def send(
        self,
        method: str,
        path: str,
        body: JsonObject | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> JsonObject:
        """Change something; gives the answer, empty where the server gives none (204)."""
        response = self._call(method, path, json=body, headers=dict(headers or {}))
        return _object_in(response) if response.content else {}

    def upload(
        self, file: BinaryIO, name: str, fields: Mapping[str, str], idempotency_key: str
    ) -> JsonObject:
        """Stream one recording from ``file``; gives the new session.

        The key makes a repetition of the same upload give the first one's answer.
        """
        response = self._call(
            "POST",
            "/api/sessions/upload",
            params={key: value for key, value in fields.items() if key == "patient_id"},
            data={key: value for key, value in fields.items() if key != "patient_id"},
            files={"file": (name, file, media_type_of(name))},
            headers={"Idempotency-Key": idempotency_key},
            timeout=UPLOAD_TIMEOUT,
        )
        return _object_in(response)

    def headers_of(
        self, method: str, path: str, headers: Mapping[str, str], content: bytes | Iterable[bytes] = b""
    ) -> Mapping[str, str]:
        """Call what answers in its headers alone; gives those."""
        sent = dict(headers)
        return self._call(method, path, headers=sent, content=content, timeout=UPLOAD_TIMEOUT).headers

    def download(
        self, path: str, file: BinaryIO, on_bytes: Callable[[int], None], timeout: httpx2.Timeout = TIMEOUT
    ) -> None:
        """Write what is at ``path`` to ``file``, on from where that ends; tells how much there is."""
        headers = {"Range": f"bytes={file.tell()}-"} if file.tell() else {}
        stream = self._client.stream("GET", path, headers=headers, timeout=timeout)
        with self._errors_as_ours(), stream as response:
            if not response.is_success:
                response.read()
                raise refusal(response, self._key_from)
            if response.status_code != 206:
                file.truncate(file.seek(0))
            for block in response.iter_bytes():
                file.write(block)
                on_bytes(file.tell())

    def _call(self, method: str, path: str, **options: Any) -> httpx2.Response:
        with self._errors_as_ours():
            response = self._client.request(method, path, **options)
        if not response.is_success:
            raise refusal(response, self._key_from)
        return response

    @contextmanager
    def _errors_as_ours(self) -> Iterator[None]:
        try:
            yield
        except httpx2.ConnectError as error:
            raise CallFailed(
                f"No server answers at {self.url}. Start one with `sessionscribe up`, or name it with --url."
            ) from error
        except httpx2.TimeoutException as error:
            raise CallFailed(f"The server at {self.url} did not answer in time.") from error
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise CallFailed(f"The connection to {self.url} broke before the answer was complete.") from error


def _connection(url: str, key: str | None) -> tuple[str, httpx2.Client]:
    try:
        address = httpx2.URL(url.rstrip("/"))
    except httpx2.InvalidURL as error:
        raise CommandError("The server's address is not a URL.", Exit.USAGE) from error
    if address.scheme not in ("http", "https") or not address.host:
        raise CommandError("The server's address must look like http://host:port.", Exit.USAGE)
    if key and not (key.isascii() and key.isprintable() and " " not in key):
        raise CommandError("The API key has characters that no key has. Copy it again.", Exit.USAGE)
    client = httpx2.Client(
        base_url=address,
        headers={"Authorization": f"Bearer {key}"} if key else {},
        timeout=TIMEOUT,
        # A proxy from the environment cannot reach this machine's own loopback address.
        trust_env=address.host not in ("127.0.0.1", "localhost", "::1"),
    )
    return str(address), client


def _object_in(response: httpx2.Response) -> JsonObject:
    value = _json_in(response)
    if not isinstance(value, dict):
        raise CallFailed("The server's answer is not what this command expects.", status=502)
    return value


def _objects_in(response: httpx2.Response) -> list[JsonObject]:
    value = _json_in(response)
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise CallFailed("The server's answer is not what this command expects.", status=502)
    return value


def _json_in(response: httpx2.Response) -> Any:
    try:
        return response.json()
    except ValueError as error:
        raise CallFailed("The server's answer is not JSON; is it sessionscribe?", status=502) from error
