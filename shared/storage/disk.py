"""What the disk refuses, in our words."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from shared.domain.errors import Unavailable


@contextmanager
def errors_as_ours() -> Iterator[None]:
    """Raise Unavailable (``disk_full``, ``storage_unavailable``) instead of the system's errors."""
    try:
        yield
    except OSError as error:
        raise as_unavailable(error) from error


def as_unavailable(error: OSError) -> Unavailable:
    """The system's error in our words."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return Unavailable(
            "The storage is full; nothing was left half-done. Try again later.", "disk_full", 60
        )
    return Unavailable(
        "The storage is not available for now; nothing was left half-done. Try again.", "storage_unavailable"
    )
