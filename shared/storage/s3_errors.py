"""What goes wrong between us and S3, in our words: gone, full, refused, or away for now."""

from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from shared.domain.errors import NotFound, Unavailable

log = structlog.get_logger(__name__)

_ABSENT = frozenset({"NoSuchKey", "NoSuchUpload", "404", "NotFound"})
_FULL = frozenset({"QuotaExceeded", "XMinioStorageFull", "InsufficientStorage", "507"})
_EMPTY_RANGE = frozenset({"InvalidRange", "416"})


@contextmanager
def answers_as_ours(absent: type[NotFound] | type[Unavailable] = NotFound) -> Iterator[None]:
    """Raise NotFound or Unavailable for each error of boto3: its words may quote a key or an address.

    ``absent`` is what is raised where something is not there.

    A refused credential or a missing bucket is for an operator to mend, and the work waits for it:
    it is logged by its code, and told as Unavailable.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except ClientError as error:
        raise _as_ours(str(error.response.get("Error", {}).get("Code", "")), absent) from None
    except (BotoCoreError, OSError) as error:
        log.warning("storage_away", error=type(error).__name__)
        raise Unavailable(
            "The storage is not available for now; nothing was left half-done. Try again.",
            "storage_unavailable",
        ) from None


def _as_ours(code: str, absent: type[NotFound] | type[Unavailable]) -> Exception:
    if code == "NoSuchBucket":
        log.error("storage_refused", provider_code=code)
        return Unavailable(
            "The storage has no such bucket; nothing was left half-done. Tell who runs the service.",
            "storage_unavailable",
        )
    if code in _ABSENT or code in _EMPTY_RANGE:
        return absent("The stored object is gone.", "object_gone")
    log.warning("storage_refused", provider_code=code)
    if code in _FULL:
        return Unavailable(
            "The storage is full; nothing was left half-done. Try again later.", "disk_full", 60
        )
    return Unavailable(
        "The storage is not available for now; nothing was left half-done. Try again.", "storage_unavailable"
    )
