"""Each request's own id: in its answer, its log lines and its audit rows."""

import re
from uuid import uuid4

from flask import g, request

_WELL_FORMED = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{7,63}")


def request_id() -> str:
    """The client's ``X-Request-Id`` if it is well formed, else one of ours."""
    if "request_id" not in g:
        offered = request.headers.get("X-Request-Id", "")
        g.request_id = offered if _WELL_FORMED.fullmatch(offered) else uuid4().hex
    return str(g.request_id)
