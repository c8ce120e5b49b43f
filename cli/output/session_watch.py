"""Follows a session from step to step until it is final."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from cli.http.client import Api, JsonObject
from cli.http.retrying import Patience
from cli.output.progress import Display
from shared.domain.status import FINAL, Status

POLL_SECONDS = 0.5
SLOW_POLL_SECONDS = 2.0
SLOW_AFTER_SECONDS = 60.0

TRANSCRIBE, NOTES = "Transcribing", "Extracting notes"
STEP_OF_STATUS = {
    Status.UPLOADING: None,
    Status.PENDING: None,
    Status.TRANSCRIBING: TRANSCRIBE,
    Status.TRANSCRIBED: NOTES,
    Status.EXTRACTING_NOTES: NOTES,
}
# From and to which percentage of the session each step goes.
SHARE = {TRANSCRIBE: (0, 90), NOTES: (90, 100)}


@dataclass
class Outcome:
    """A final session, and how many seconds each step was seen to take."""

    session: JsonObject
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def processed(self) -> bool:
        return status_of(self.session) is Status.PROCESSED


def status_of(session: JsonObject) -> Status | None:
    """The session's status; None for a word that this version does not know."""
    try:
        return Status(session.get("status", ""))
    except ValueError:
        return None


def follow(
    api: Api,
    session_id: str,
    display: Display,
    patience: Patience,
    each_turn: Callable[[], None] | None = None,
) -> Outcome:
    """Poll until the session is final; a server that is away for a while is waited for.

    ``each_turn`` is called between two polls. Raises CallFailed.
    """
    return _Follower(api, session_id, display, patience, each_turn).run()


class _Follower:
    def __init__(
        self,
        api: Api,
        session_id: str,
        display: Display,
        patience: Patience,
        each_turn: Callable[[], None] | None,
    ) -> None:
        self._path = f"/api/sessions/{session_id}"
        self._api, self._display, self._patience, self._each_turn = api, display, patience, each_turn
        self._step: str | None = None
        self._step_began = 0.0
        self._seconds: dict[str, float] = {}

    def run(self) -> Outcome:
        began = time.monotonic()
        while True:
            session = self._patience(lambda: self._api.document(self._path))
            status = status_of(session)
            if status in FINAL:
                if status is Status.PROCESSED and self._step == TRANSCRIBE:
                    self._begin_step(NOTES)  # it came and went between two polls
                self._end_step("done" if status is Status.PROCESSED else str(status))
                return Outcome(session, self._seconds)
            self._show(status, session)
            if self._each_turn:
                self._each_turn()
            slow = time.monotonic() - began > SLOW_AFTER_SECONDS
            self._patience.pause(SLOW_POLL_SECONDS if slow else POLL_SECONDS)

    def _show(self, status: Status | None, session: JsonObject) -> None:
        step = STEP_OF_STATUS.get(status) if status else None
        if step is None:
            self._display.waiting("Waiting for a worker …")
            return
        if step != self._step:
            self._begin_step(step)
        self._display.reach(step, fraction_in(session, step), seconds_left_of(session))

    def _begin_step(self, step: str) -> None:
        self._end_step("done")
        self._step, self._step_began = step, time.monotonic()
        self._display.begin(step)

    def _end_step(self, how: str) -> None:
        if self._step is None:
            return
        self._display.finish(self._step, how)
        self._seconds[self._step] = time.monotonic() - self._step_began
        self._step = None


def seconds_left_of(session: JsonObject) -> float | None:
    """The server's estimate for the rest of the transcription, if it has one."""
    left = session.get("seconds_left")
    return left if isinstance(left, int | float) and not isinstance(left, bool) else None


def fraction_in(session: JsonObject, step: str) -> float:
    """How much of the step is done, 0 to 1; ``progress`` is percent of the whole session."""
    progress = session.get("progress")
    if not isinstance(progress, int | float) or isinstance(progress, bool):
        return 0.0
    first, last = SHARE[step]
    return min(max((progress - first) / (last - first), 0.0), 1.0)
