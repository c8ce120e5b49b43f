"""``Range`` (RFC 9110, section 14): which bytes of a whole are wanted."""

import re

from werkzeug.exceptions import RequestedRangeNotSatisfiable

_ONE_RANGE = re.compile(r"bytes=([0-9]*)-([0-9]*)\Z", re.IGNORECASE)
_BEYOND = 10**18  # past the end of any recording; longer numbers are not worth reading


def wanted(header: str | None, size: int) -> tuple[int, int] | None:
    """The first wanted byte and the one after the last, of ``size``; None if all are to be sent.

    A header that is malformed or asks for several ranges is ignored, as the RFC allows. Raises
    RequestedRangeNotSatisfiable for a range that lies beyond the end.
    """
    match = _ONE_RANGE.match((header or "").strip())
    if match is None or match.group() == "bytes=-":
        return None
    first, last = (_number(digits) for digits in match.groups())
    if first is None:  # the last so many bytes
        first, last = max(size - (last or 0), 0), size
    if last is not None and last < first:
        return None
    if first >= size:
        raise RequestedRangeNotSatisfiable(size)
    return first, size if last is None else min(last + 1, size)


def _number(digits: str) -> int | None:
    significant = digits.lstrip("0")
    if not digits:
        return None
    return int(significant or "0") if len(significant) <= 18 else _BEYOND
