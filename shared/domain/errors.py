"""Every error that the domain knows, as one tree.

::

    DomainError
    ├── NotAuthenticated        no or bad credentials
    ├── NotAllowed              known caller without the right
    │   └── ConfirmationNeeded  known caller who must show again that it is them
    ├── NotFound                no such thing, or another person's
    ├── Gone                    it was here, and has been removed for good
    ├── Conflict                the state forbids it
    │   ├── InProgress          the first request with the same key is still running
    │   ├── Outdated            it has changed since the caller read it
    │   └── Unanswered          something must be answered for first
    ├── InvalidInput            a value is out of range or malformed
    │   ├── KeyReused           an idempotency key came with another request before
    │   └── UnknownBase         a change does not say what it is a change of
    ├── LimitReached            this was done as often, or as much, as is allowed
    ├── UnsupportedMedia        not the audio it claims to be
    ├── TooLarge                over a size limit
    ├── WrongVersion            a protocol's version that is not spoken here
    ├── ChecksumMismatch        what came is not what was sent
    ├── Unavailable             database, storage or disk is away; try again
    └── StepError               one run of a step ended badly
        ├── RetryableStepError  the next attempt may succeed
        └── PermanentStepError  no attempt will

``code`` is a stable machine word; ``detail`` is a sentence for a person that says what was
wrong and what to do. Neither ever holds clinical text, a file name or a path: both reach
clients, logs and the database.
"""

from collections.abc import Mapping


class DomainError(Exception):
    """Base of all errors that callers are meant to understand."""

    default_code = "error"

    def __init__(self, detail: str, code: str | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.code = code or self.default_code


class NotAuthenticated(DomainError):
    """No credentials, or credentials that are unknown, expired or revoked."""

    default_code = "not_authenticated"


class NotAllowed(DomainError):
    """The caller is known but lacks the scope."""

    default_code = "not_allowed"


class ConfirmationNeeded(NotAllowed):
    """What is wanted needs a factor that was shown a few minutes ago at most."""

    default_code = "confirmation_needed"


class NotFound(DomainError):
    """No such thing, or it belongs to another person; the two look the same."""

    default_code = "not_found"


class Gone(DomainError):
    """The thing existed and was removed for good."""

    default_code = "gone"


class Conflict(DomainError):
    """The state of the thing forbids the action."""

    default_code = "conflict"


class InProgress(Conflict):
    """The same is being done by another request; ``retry_after_seconds`` says when to ask again."""

    default_code = "in_progress"

    def __init__(self, detail: str, code: str | None = None, retry_after_seconds: int = 2) -> None:
        super().__init__(detail, code)
        self.retry_after_seconds = retry_after_seconds


class LimitReached(DomainError):
    """Over a rate limit or a quota; ``retry_after_seconds`` says when there is room again."""

    default_code = "rate_limited"

    def __init__(self, detail: str, code: str | None = None, retry_after_seconds: int = 60) -> None:
        super().__init__(detail, code)
        self.retry_after_seconds = retry_after_seconds


class Outdated(Conflict):
    """The thing has changed since the caller read it; a change of the older state would lose that."""

    default_code = "outdated"


class Unanswered(Conflict):
    """Something must be answered for first; ``fields`` maps what it is to the ids that wait."""

    default_code = "unanswered"

    def __init__(self, detail: str, code: str | None = None, fields: Mapping[str, list[str]] | None = None):
        super().__init__(detail, code)
        self.fields = dict(fields or {})


class InvalidInput(DomainError):
    """A value is malformed or out of range; ``fields`` maps field names to messages."""

    default_code = "invalid_input"

    def __init__(
        self, detail: str, code: str | None = None, fields: Mapping[str, list[str]] | None = None
    ) -> None:
        super().__init__(detail, code)
        self.fields = dict(fields or {})


class KeyReused(InvalidInput):
    """An idempotency key came with another request before."""

    default_code = "idempotency_key_reused"


class UnknownBase(InvalidInput):
    """A change that does not say which state it is a change of."""

    default_code = "if_match_required"


class UnsupportedMedia(DomainError):
    """The declared type is not accepted, or the content is not decodable audio."""

    default_code = "unsupported_media"


class TooLarge(DomainError):
    """The content is over a size limit."""

    default_code = "too_large"


class WrongVersion(DomainError):
    """The client speaks another version of a protocol."""

    default_code = "wrong_version"


class ChecksumMismatch(DomainError):
    """What came is not what was sent: its checksum says so."""

    default_code = "checksum_mismatch"


class Unavailable(DomainError):
    """Something we need is away for now; ``retry_after_seconds`` says when to try again."""

    default_code = "unavailable"

    def __init__(self, detail: str, code: str | None = None, retry_after_seconds: int = 5) -> None:
        super().__init__(detail, code)
        self.retry_after_seconds = retry_after_seconds


class Stopping(Unavailable):
    """This process is about to end, and another takes its place; what has come so far may be kept."""

    default_code = "stopping"

    def __init__(self) -> None:
        super().__init__(
            "The server is about to stop, and this request did not come in time. Send it again; a recording "
            "best by a resumable upload, which goes on where it was.",
            retry_after_seconds=1,
        )


class StepError(DomainError):
    """A run of a step ended badly; the subclass decides whether it is tried again."""

    default_code = "step_failed"


class RetryableStepError(StepError):
    """Worth another attempt, not before ``retry_after_seconds`` if the cause named a time."""

    def __init__(
        self, detail: str, code: str | None = None, retry_after_seconds: float | None = None
    ) -> None:
        super().__init__(detail, code)
        self.retry_after_seconds = retry_after_seconds


class PermanentStepError(StepError):
    """No further attempt can succeed: bad media, refused credentials, an invalid answer twice."""
