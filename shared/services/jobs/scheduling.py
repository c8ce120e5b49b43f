"""Turns: a message wakes a worker up; what the worker does is what is next, by fairness.

Redis hands messages out in the order in which they came, and a practice that uploads two hundred
recordings would keep all others waiting. So a worker that is woken up asks Postgres whose turn it
is among the steps of the message's queue. There are as many messages as steps that wait, so the
session of a message that was used for another gets its turn by another's.
"""

import time
from collections.abc import Callable, Mapping
from uuid import UUID

from shared.db.queries.records import sessions
from shared.db.queries.work import scheduling
from shared.db.queries.work.scheduling import Candidate
from shared.db.queries.work.step_claims import Lease
from shared.domain.errors import Unavailable
from shared.pipeline import STEPS, Step, following
from shared.services.jobs import leases
from shared.services.jobs.worker_context import Workbench

Run = Callable[[Workbench, UUID, Lease], bool | Lease]
"""Does a step under a lease that is held; True if the step is done, or the lease of what was taken along."""

# Beyond as many as ask at the same moment for the same, one finds something the others left.
_CANDIDATES = 16
_ROUNDS = 3
# As patient as the end of a step: longer than a Postgres needs to restart.
PATIENCE_SECONDS = 120.0
PAUSE_SECONDS = 0.5


def take(bench: Workbench, step: Step, woken_for: UUID, run: Mapping[str, Run]) -> bool:
    """Do what is next in the step's queue; True if the chain of ``woken_for`` should go on from here.

    ``run`` has a function for each step. Urgent steps, which a person waits for, are done as they come.
    """
    lease = _claim_patiently(bench, step, woken_for)
    done = False
    while lease is not None:
        outcome = _do(bench, lease, run[lease.step])
        if isinstance(outcome, bool):
            done = outcome
            break
        lease = outcome
    if lease is not None and done:
        if (lease.session_id, lease.step) == (woken_for, step.name):
            return following(step) is not None  # which that end made ready
        _go_on(bench, lease)  # the message that would is still in the queue, behind others
    return _waits(bench, woken_for, following(step))


def _do(bench: Workbench, lease: Lease, run: Run) -> bool | Lease:
    """What the run gives; where the worker must go before it has begun, another goes on at once."""
    try:
        return run(bench, lease.session_id, lease)
    except (SystemExit, KeyboardInterrupt):
        leases.give_back(bench.resources.database, lease)
        raise


def _claim(bench: Workbench, step: Step, woken_for: UUID) -> Lease | None:
    candidates = _fairest(bench, step, _CANDIDATES, woken_for)
    for _ in range(_ROUNDS):
        for candidate in candidates:
            lease = leases.claim_at(bench, candidate.session_id, STEPS[candidate.step], candidate.practice_id)
            if lease is not None or candidate.urgent:
                return lease
        if len(candidates) < _CANDIDATES:
            return None
        candidates = _fairest(bench, step, _CANDIDATES)
    return None


def _claim_patiently(bench: Workbench, step: Step, woken_for: UUID) -> Lease | None:
    """As ``_claim``; while Postgres is away, which leaves nothing else to do, it is waited for.

    A message that is given up is sent again only after the pause of its session.
    """
    give_up_at = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return _claim(bench, step, woken_for)
        except Unavailable:
            if time.monotonic() > give_up_at:
                raise
            time.sleep(PAUSE_SECONDS)


def _fairest(bench: Workbench, step: Step, most: int, woken_for: UUID | None = None) -> list[Candidate]:
    past_all = (woken_for, step) if woken_for is not None else None
    with bench.resources.database.operating() as db:
        return scheduling.fairest(db, _names(step), most=most, woken_for=past_all)


def _names(step: Step) -> list[str]:
    """The steps that share the step's queue."""
    return [other.name for other in STEPS.values() if other.queue == step.queue]


def is_next(bench: Workbench, session_id: UUID, step: Step) -> bool:
    """Whether it is this step's turn, among all that wait for its queue."""
    return [(one.session_id, one.step) for one in _fairest(bench, step, most=1)] == [(session_id, step.name)]


def _go_on(bench: Workbench, lease: Lease) -> None:
    """Send a message for the session's next step: its own message is still in the queue."""
    after = following(STEPS[lease.step])
    if after is not None:
        bench.resources.queue.publish(lease.session_id, after)


def _waits(bench: Workbench, session_id: UUID, step: Step | None) -> bool:
    """Whether the step could be claimed now (after the last step, nothing could)."""
    if step is None:
        return False
    with bench.resources.database.operating() as db:
        return step.name in sessions.ready_work(db, session_id)
