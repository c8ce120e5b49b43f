"""Answers that say ``Connection: close``: gunicorn drops that header, and promises one more request."""

from collections.abc import Callable, Iterable
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment


def closing(app: WSGIApplication) -> WSGIApplication:
    """``app`` behind gunicorn, whose own answer object is what its ``start_response`` belongs to."""

    def call(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Callable[..., object]:
            if any((name.lower(), value.lower()) == ("connection", "close") for name, value in headers):
                answer: Any = start_response
                answer.__self__.force_close()
            return start_response(status, headers, exc_info)

        return app(environ, start)

    return call
