"""``Range`` (RFC 9110, section 14): which bytes of a whole are wanted."""

import re

from werkzeug.exceptions import RequestedRangeNotSatisfiable

_ONE_RANGE = re.compile(r"bytes=(?:(?P<first>[0-9]+)-(?P<last>[0-9]*)|-(?P<suffix>[0-9]+))\Z", re.IGNORECASE)
_BEYOND = 10**18  # past the end of any recording; longer numbers are not worth reading


def wanted(header: str | None, size: int) -> tuple[int, int] | None:
    """The first wanted byte and the one after the last, of ``size``; None if all are to be sent.

    A header that is malformed or asks for several ranges is ignored, as the RFC allows. Raises
    RequestedRangeNotSatisfiable for a range that lies beyond the end.
    """
    match = _ONE_RANGE.match((header or "").strip())
    if match is None:
        return None
    if match["suffix"]:  # the last so many bytes
        first, last = max(size - _number(match["suffix"]), 0), size
    else:
        first, last = _number(match["first"]), _number(match["last"])
    if last < first:
        return None
    if first >= size:
        raise RequestedRangeNotSatisfiable(size)
    return first, min(last + 1, size)


def _number(digits: str) -> int:
    """The number; ``_BEYOND`` for one that is left out or too long."""
    significant = digits.lstrip("0")
    if not digits or len(significant) > 18:
        return _BEYOND
    return int(significant or "0")
