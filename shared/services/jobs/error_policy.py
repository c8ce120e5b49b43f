"""What becomes of an error at work: the one table of causes, and the one of codes with what to do.

The type of the error decides whether there is another attempt (``KINDS``, nearest ancestor first), unless
its code is known as an outage (``CODES``). ``docs/codes.md`` is made from the same tables:
``python -m shared.services.jobs.error_policy``.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from shared.db.connection.engine import DatabaseError
from shared.domain import codes
from shared.domain.errors import (
    DomainError,
    PermanentStepError,
    RetryableStepError,
    StepError,
    Unavailable,
)
from shared.vault.frames import TamperedObject
from shared.vault.keystore import KeyStoreError


class Kind(StrEnum):
    """``permanent``: no attempt gets over it. ``retryable``: tried again, as often as the step's
    attempts. ``outage``: something else is away; it costs no attempt, and is tried again for a day."""

    PERMANENT = "permanent"
    RETRYABLE = "retryable"
    OUTAGE = "outage"


# The nearest ancestor decides. What stands here for ``BaseException`` is a bug of ours, or of a library:
# one in Rust that panics raises what is no ``Exception``.
KINDS: dict[type[BaseException], Kind] = {
    PermanentStepError: Kind.PERMANENT,
    RetryableStepError: Kind.RETRYABLE,
    Unavailable: Kind.OUTAGE,
    KeyStoreError: Kind.PERMANENT,
    TamperedObject: Kind.PERMANENT,
    DatabaseError: Kind.RETRYABLE,
    DomainError: Kind.RETRYABLE,
    BaseException: Kind.RETRYABLE,
}

_WHAT_TO_DO = {
    Kind.PERMANENT: codes.PERMANENT,
    Kind.RETRYABLE: codes.RETRYABLE,
    Kind.OUTAGE: codes.OUTAGES,
}
CODES = {code: kind for kind, of_kind in _WHAT_TO_DO.items() for code in of_kind}


@dataclass(frozen=True, slots=True)
class Failure:
    """An error as it is written down: ``detail`` is a sentence for a client, never a library's."""

    kind: Kind
    code: str
    detail: str
    retry_after_seconds: float = 0.0


# Other errors address the caller of a request ("try again"), which does not fit a session at work.
_STAYED_AWAY = "Something that the work needs stayed away. The recording is kept: retry the session."
_UNREADABLE = (
    "The stored record cannot be opened: its key or its data is missing or damaged. Restore the key store or "
    "the recordings from a backup, then retry the session."
)
_UNEXPECTED = (
    "The step ended unexpectedly. Report the `step_broke` lines of the worker's log, then retry the session."
)

# Pauses of ten minutes in the end: these many last for a day.
OUTAGE_ATTEMPTS = 150


def kind_of(error: type[BaseException]) -> Kind:
    """By the nearest ancestor that the table names."""
    return next(KINDS[base] for base in error.__mro__ if base in KINDS)


def failure_of(error: BaseException) -> Failure:
    """What the table says of an error that ended an attempt."""
    kind = kind_of(type(error))
    if isinstance(error, DomainError):
        detail = error.detail if isinstance(error, StepError) else _STAYED_AWAY
        named = float(getattr(error, "retry_after_seconds", None) or 0.0)
        return Failure(CODES.get(error.code, kind), error.code, detail, named)
    if kind is Kind.PERMANENT:
        return Failure(kind, "record_unreadable", _UNREADABLE)
    return Failure(kind, "unexpected_error", _UNEXPECTED)


def is_final(failure: Failure, attempt: int, max_attempts: int) -> bool:
    """Whether the failure of this attempt (1, 2, …) ends the step."""
    if failure.kind is Kind.OUTAGE:
        return attempt >= OUTAGE_ATTEMPTS
    return failure.kind is Kind.PERMANENT or attempt >= max_attempts


def pause_seconds(failure: Failure, attempt: int, *, first: float, longest: float) -> float:
    """Until the next attempt: doubling from ``first``, jittered, never before the time the cause named."""
    doubled = min(first * 2.0 ** min(attempt - 1, 30), longest)
    jittered = doubled * random.uniform(0.5, 1.0)  # noqa: S311 - spreads retries, guards no secret
    return max(jittered, failure.retry_after_seconds)


def document() -> Iterator[str]:
    """The lines of ``docs/codes.md``."""
    yield "# Codes of failed sessions\n"
    yield "Made by `python -m shared.services.jobs.error_policy`; a test holds it to the code.\n"
    for kind in Kind:
        yield f"## {kind.capitalize()}\n"
        yield f"{_INTRODUCTIONS[kind]}\n"
        yield "| code | means | what to do |\n|---|---|---|"
        lines = sorted(_WHAT_TO_DO[kind].items())
        yield from (f"| `{code}` | {means} | {do} |" for code, (means, do) in lines)
        yield ""


_INTRODUCTIONS = {
    Kind.PERMANENT: "No attempt gets over these: the session fails at once, and keeps what it has.",
    Kind.RETRYABLE: (
        "Tried again with pauses that double from ten seconds to ten minutes; the session fails with the "
        "last one's code when the step's attempts (eight) are used up, after about twenty minutes."
    ),
    Kind.OUTAGE: (
        "Something else is away. These cost no attempt: the session waits, with the same pauses, or as long "
        "as a `Retry-After` says, and fails with the code after about a day."
    ),
}


if __name__ == "__main__":
    print("\n".join(document()), end="")
