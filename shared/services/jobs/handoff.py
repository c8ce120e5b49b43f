"""Going on: the worker that ends a step takes the session's next one along."""

import time
from dataclasses import dataclass

from shared.db.queries.work.step_claims import Lease
from shared.pipeline import Step
from shared.services.jobs.worker_context import Workbench

# A step that took longer leaves the next to fair scheduling. So only one chunk, or the union of all, skips
# the turns, and no message's time limit has to hold two long steps.
TAKE_ALONG_SECONDS = 60.0


@dataclass
class Along:
    """Lets the worker that ends a step go on with the session's next one, without a message and a turn.

    ``save`` names the ``step`` if it made one ready; the ``lease`` of it is claimed in the same transaction.
    """

    lease_seconds: float
    step: Step | None = None
    lease: Lease | None = None

    @classmethod
    def at(cls, bench: Workbench) -> "Along":
        """For the worker at this workbench."""
        return cls(bench.resources.settings.lease_seconds)

    def take(self, step: Step, after: Lease) -> None:
        """Have ``step`` claimed too, unless what came before it took long."""
        in_time = time.monotonic() - after.claimed_at < TAKE_ALONG_SECONDS
        self.step = step if in_time else None
