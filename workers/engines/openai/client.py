"""The one way to OpenAI and to servers that speak its API."""

import os
import re
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from shared.domain.errors import StepError
from workers.engines.openai.call_limits import CallLimits, NoPlace, Unlimited
from workers.engines.openai.errors import RATE_LIMITED, Target, from_status, retryable

if TYPE_CHECKING:
    from openai import OpenAI

OFFICIAL_BASE_URL = "https://api.openai.com/v1"
CONNECT_SECONDS = 5.0
# A transcript of ten minutes with word times has about 200 kB: this only stops a runaway server.
MAX_ANSWER_BYTES = 16 * 1024 * 1024
# How long a call waits for its turn among all workers' calls, before the step is put off.
WAIT_SECONDS = 300.0
# A server that refuses for want of a limit of its own, and names no time, is left alone so long.
UNNAMED_PAUSE_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Answer:
    """The body of an answer with status 200, and its declared media type in lower case."""

    text: str
    media_type: str

    @property
    def is_web_page(self) -> bool:
        """True for HTML: a login page, or an address that is not an API."""
        opening = self.text[:200].lstrip().lower()
        return self.media_type.endswith("html") or opening.startswith(("<!doctype", "<html"))


class OpenAIClient:
    """The SDK's client, imported and made at first use, once for each process.

    ``api_key`` may be empty for a server of one's own that asks for none. ``base_url`` None is
    OpenAI itself. ``limits`` are those of all workers together. Raises ValueError for values
    that could never work.
    """

    def __init__(self, api_key: str, base_url: str | None = None, limits: CallLimits | None = None) -> None:
        if not re.fullmatch(r"[!-~]*", api_key):
            raise ValueError("OPENAI_API_KEY holds blanks or characters that are not ASCII.")
        if base_url and not base_url.startswith(("https://", "http://")):
            raise ValueError("OPENAI_BASE_URL must start with https:// or http://.")
        self.base_url = (base_url or OFFICIAL_BASE_URL).rstrip("/")
        self._api_key = api_key
        self._limits = limits or Unlimited()
        self._lock = threading.Lock()
        self._made_by = 0
        self._sdk: OpenAI | None = None

    def __repr__(self) -> str:
        return f"OpenAIClient({self.base_url!r})"

    @property
    def official(self) -> bool:
        """True for OpenAI's own API (or its regional hosts, as ``eu.api.openai.com``).

        It takes parameters that compatible servers do not know.
        """
        host = urlsplit(OFFICIAL_BASE_URL).hostname or ""
        return f".{urlsplit(self.base_url).hostname}".endswith(f".{host}")

    def sdk(self) -> "OpenAI":
        """The client of this process; sockets must not be shared with a forked parent."""
        with self._lock:
            if self._sdk is None or self._made_by != os.getpid():
                self._sdk, self._made_by = self._make(), os.getpid()
            return self._sdk

    def _make(self) -> "OpenAI":
        import openai  # here, because it costs 2 s of CPU and 50 MB

        return openai.OpenAI(
            api_key=self._api_key or "none",
            # Always given: the SDK would otherwise read the environment behind the settings' back.
            base_url=self.base_url,
            # The attempts belong to the step's row; the SDK's own would multiply them.
            max_retries=0,
            # Followed, a redirect would carry the recording to an address that was not configured.
            http_client=openai.DefaultHttpxClient(follow_redirects=False),
        )

    def close(self) -> None:
        """Give back the connections; the next call opens new ones."""
        with self._lock:
            if self._sdk is not None and self._made_by == os.getpid():
                self._sdk.close()
            self._sdk = None

    def call(
        self,
        target: Target,
        seconds: float,
        request: Callable[["OpenAI", Any], AbstractContextManager[Any]],
        checkpoint: Callable[[], None] = lambda: None,
    ) -> Answer:
        """The answer to ``request(sdk, timeout)``, which must be a streaming-response call.

        ``seconds`` bounds each wait for the server, and the answer as a whole. ``checkpoint`` is
        called while the call waits for its turn. Raises RetryableStepError or PermanentStepError.
        """
        try:
            # Twice: the answer may begin at the end of the time, and then has as long to come.
            with self._limits.place(2 * seconds + CONNECT_SECONDS, WAIT_SECONDS, checkpoint):
                return self._called(target, seconds, request)
        except NoPlace:
            raise retryable(target, "engine_busy", "has more calls from us than it may have.") from None

    def _called(
        self,
        target: Target,
        seconds: float,
        request: Callable[["OpenAI", Any], AbstractContextManager[Any]],
    ) -> Answer:
        import httpx2
        import openai

        sdk = self.sdk()
        failure: StepError
        try:
            with request(sdk, httpx2.Timeout(seconds, connect=CONNECT_SECONDS)) as response:
                return _read(response, time.monotonic() + seconds)
        except openai.APIStatusError as error:
            failure = from_status(error, target)
        except (openai.APITimeoutError, httpx2.TimeoutException):
            failure = retryable(target, "engine_timeout", "did not answer in time.")
        except (openai.OpenAIError, httpx2.HTTPError):
            failure = retryable(target, "engine_unreachable", "cannot be reached or hung up.")
        except _OversizedAnswer:
            failure = retryable(target, "engine_bad_answer", "sent an answer without end.")
        if failure.code == RATE_LIMITED:
            self._limits.pause(getattr(failure, "retry_after_seconds", None) or UNNAMED_PAUSE_SECONDS)
        # Outside the except block, so that no cause with the server's words hangs on our error.
        raise failure


class _OversizedAnswer(Exception):
    """The body is longer than any transcript or notes can be."""


def _read(response: Any, deadline: float) -> Answer:
    """The body, block by block, so that a server that drips or floods is cut off."""
    import httpx2

    body = bytearray()
    # Without a block size, which would gather drops until a block is full.
    for block in response.iter_bytes():
        body += block
        if len(body) > MAX_ANSWER_BYTES:
            raise _OversizedAnswer
        if time.monotonic() > deadline:
            raise httpx2.ReadTimeout("the answer as a whole took too long")
    media_type = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    return Answer(body.decode("utf-8", "replace"), media_type)
