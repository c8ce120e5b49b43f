"""After how long without an act of their person a practice signs browsers out."""

from shared.db.queries.people import second_factors as rows
from shared.domain.errors import InvalidInput
from shared.services.access.caller import Caller
from shared.services.accounts import accounts
from shared.services.resources import Resources
from shared.services.sign_in.browser_sessions import IDLE_MINUTES


def minutes(resources: Resources, caller: Caller) -> int:
    """The caller's practice's time."""
    with resources.database.transaction(caller.practice_id) as db:
        return rows.idle_minutes(db, caller.practice_id)


def change(resources: Resources, caller: Caller, wanted: str) -> None:
    """Change it, from the next request of everybody on; raises InvalidInput."""
    least, most = IDLE_MINUTES
    if not (wanted.isascii() and wanted.isdecimal() and len(wanted) < 4 and least <= int(wanted) <= most):
        reason = f"Write a whole number of minutes from {least} to {most}."
        raise InvalidInput(reason, "idle_minutes_refused", {"idle_minutes": [reason]})
    with resources.database.transaction(caller.practice_id) as db:
        rows.set_idle_minutes(db, caller.practice_id, int(wanted))
        accounts.record(db, caller.practice_id, "practice.idle_minutes", caller.practice_id, caller)
