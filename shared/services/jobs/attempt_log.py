"""What is written down about each attempt of a step: in the audit trail, the tallies and the log."""

import time

from sqlalchemy.orm import Session as DbSession

from shared.db.queries.privacy import audit
from shared.db.queries.work import counters
from shared.db.queries.work.step_claims import Lease


def begin(db: DbSession, lease: Lease) -> None:
    """Note that the attempt begins, and that another was lost if its worker was not heard of any more."""
    _audit(db, lease, "step.started")
    if lease.took_over:
        counters.add(db, "step.lost", lease.session_id, step=lease.step)


def end(db: DbSession, lease: Lease, outcome: str, *, code: str | None = None) -> None:
    """Note how the attempt ended: ``step.done``, ``.fanned_out``, ``.postponed``, ``.failed``,
    ``.given_back`` or ``.fenced``."""
    _audit(db, lease, outcome, code=code)
    seconds = time.monotonic() - lease.claimed_at
    counters.add(db, outcome, lease.session_id, step=lease.step, code=code or "", seconds=seconds)


def fields(lease: Lease) -> dict[str, object]:
    """What each line of the log about the attempt holds."""
    return {
        "session_id": lease.session_id,
        "step": lease.step,
        "part": lease.part,
        "attempt": lease.attempt,
        "request_id": lease.request_id,
    }


def _audit(db: DbSession, lease: Lease, action: str, *, code: str | None = None) -> None:
    audit.record(
        db,
        practice_id=lease.practice_id,
        actor=f"worker:{lease.worker}",
        action=action,
        subject_id=lease.session_id,
        request_id=lease.request_id,
        step=lease.step,
        part=lease.part,
        attempt=lease.attempt,
        code=code,
    )
