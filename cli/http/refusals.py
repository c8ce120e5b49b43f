"""What a server refuses, as errors of the command line."""

from collections.abc import Iterator

import httpx2

from cli.exits import CommandError, Exit
from cli.http.words import in_our_words
from cli.sanitise import one_line

# The request before is not over on the server's side, or its process died a moment ago.
_STILL_RUNNING = {"idempotency_in_progress", "upload_offset_conflict", "upload_overtaken", "uploads_at_once"}
# An operator has to make room first: said at once instead of after many attempts.
_WAITS_FOR_PEOPLE = {"disk_full"}

_EXIT_OF_STATUS = {
    **dict.fromkeys((401, 403), Exit.NOT_ALLOWED),
    **dict.fromkeys((404, 410), Exit.NOT_FOUND),
    429: Exit.UNAVAILABLE,
}


class CallFailed(CommandError):
    """A call was refused or got no answer.

    ``status`` is None where no answer came. ``code`` is the server's machine word.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        code: str = "",
        retry_after_seconds: float | None = None,
    ) -> None:
        unavailable = status is None or status >= 500
        code_of_exit = Exit.UNAVAILABLE if unavailable else _EXIT_OF_STATUS.get(status or 0, Exit.REFUSED)
        super().__init__(message, code_of_exit)
        self.status = status
        self.code = code
        self.retry_after_seconds = retry_after_seconds

    @property
    def transient(self) -> bool:
        """Whether the same call may succeed a little later."""
        away = self.status is None or self.status >= 500
        return (away and self.code not in _WAITS_FOR_PEOPLE) or self.code in _STILL_RUNNING


def refusal(response: httpx2.Response, key_from: str) -> CallFailed:
    """The server's problem document (RFC 9457) as an error, or what can be said without one."""
    retry_after = response.headers.get("Retry-After", "")
    pause = float(retry_after) if retry_after.isdecimal() else None
    try:
        problem = response.json()
    except ValueError:
        problem = None
    if not isinstance(problem, dict) or not isinstance(problem.get("code"), str):
        message = f"The server answered {response.status_code} without saying why."
        return CallFailed(message, status=response.status_code)
    code = one_line(problem["code"])
    detail = one_line(problem.get("detail") or problem.get("title") or "The server refused this.")
    lines = [in_our_words(detail, pause)]
    lines += [f"  {field}: {text}" for field, text in _field_errors(problem.get("errors"))]
    if response.status_code in (401, 403):
        lines.append(f"  (the key: {key_from})")
    origin = f"  (status {response.status_code}, code {code}"
    origin += f", request {one_line(problem['request_id'])})" if problem.get("request_id") else ")"
    return CallFailed(
        "\n".join([*lines, origin]),
        status=response.status_code,
        code=code,
        retry_after_seconds=pause,
    )


def _field_errors(errors: object, path: str = "") -> Iterator[tuple[str, str]]:
    """Every message of a nested ``errors`` value with the dotted name of its field."""
    if isinstance(errors, dict):
        for name, value in errors.items():
            yield from _field_errors(value, f"{path}.{one_line(name)}".lstrip("."))
    elif isinstance(errors, list):
        for value in errors:
            yield from _field_errors(value, path)
    elif errors is not None:
        yield path, one_line(errors)
