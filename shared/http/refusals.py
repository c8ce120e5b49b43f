"""Which refused calls come into the audit trail, and how many: an attacker must not fill the disk."""

from uuid import UUID

import structlog
from flask import current_app, g, request

from shared.db.connection.engine import DatabaseError
from shared.domain.errors import DomainError, Unavailable
from shared.http import rate_limits
from shared.http.request_ids import request_id
from shared.services.access import refusals
from shared.services.access.caller import Caller

_STATUSES = (401, 403, 404)
KEY_IN_URL = "key_in_url"

log = structlog.get_logger(__name__)


def note(error: DomainError, status: int) -> None:
    """Record the refusal, unless too many were recorded within the hour; never raises for want of a database.

    The last one that is recorded says so in its action, so that readers know of the gap.
    """
    if status not in _STATUSES and error.code != KEY_IN_URL:
        return
    left = rate_limits.refusals_left()
    if left is None:
        return
    caller: Caller | None = g.get("caller")
    action = f"refused.{request.endpoint or 'unknown'}" + ("" if left else ".further_ones_not_recorded")
    refusal = refusals.Refusal(
        action=action,
        code=getattr(error, "reason", error.code),
        subject_id=next(
            (value for value in (request.view_args or {}).values() if isinstance(value, UUID)), None
        ),
        request_id=request_id(),
        address=rate_limits.address(),
        key=getattr(error, "key", None),
    )
    try:
        refusals.record(current_app.extensions["sessionscribe"], caller, refusal)
    except (Unavailable, DatabaseError) as failure:
        log.warning("refusal_not_recorded", code=error.code, error=type(failure).__name__)
