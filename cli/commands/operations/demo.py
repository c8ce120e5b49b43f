"""The command ``demo``: the whole way of one sample recording, through the real API."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import click
from rich.console import Console
from rich.text import Text

from cli.commands.recordings.sessions import failure_of
from cli.commands.records.patients import today
from cli.exits import CommandError, Exit
from cli.http.client import Api, JsonObject
from cli.http.reader import sha256_of
from cli.http.retrying import Patience
from cli.http.uploads import send_recording
from cli.interrupts import Interrupts
from cli.invocation import command
from cli.options import EPILOG, pass_target
from cli.output import console as screen
from cli.output import digest, notes_rendering, rendering
from cli.output.progress import Display, display
from cli.output.session_watch import Outcome, follow, status_of
from cli.profile import Target
from cli.sanitise import clock
from shared.domain.status import Status

PATIENT = "Demo patient"
UPLOADING = "Uploading"
SAMPLES = Path(__file__).resolve().parents[3] / "samples"
AUDIO = (".m4a", ".mp3", ".wav", ".ogg", ".opus", ".flac")


@click.command(epilog=EPILOG, short_help="Take a sample recording through to notes.")
@click.option("--fresh", is_flag=True, help="Upload and process the sample again.")
@click.option("--all", "whole", is_flag=True, help="Show the whole transcript and all notes.")
@pass_target
def demo(target: Target, fresh: bool, whole: bool) -> None:
    """Take a sample recording through upload, transcript and notes, and show a screen of what came of it.

    Starts the stack if none is running, and stops it again in the end.
    """
    console = screen.results()
    began = time.monotonic()
    with (
        Interrupts() as interrupts,
        display(screen.notices()) as shown,
        server_for(target, shown, interrupts) as (api, patience),
    ):
        run = DemoRun(api, patience, shown)
        outcome = run.outcome(sample(), fresh)
        shown.rest()
        if not outcome.processed:
            raise CommandError(failure_of(outcome.session), Exit.FAILED)
        _print(outcome, run, console, time.monotonic() - began, whole=whole)


class DemoRun:
    """One run of the sample through ``api``."""

    def __init__(self, api: Api, patience: Patience, shown: Display) -> None:
        self._api, self._patience, self._shown = api, patience, shown
        self.was_there = False

    def outcome(self, recording: Path, fresh: bool) -> Outcome:
        """The final session of the sample: one that is there already, or a new one."""
        patient_id = self._patience(self._demo_patient)
        sha256 = sha256_of(recording)
        known = self._patience(lambda: self._sessions_of(sha256))
        session = None if fresh else _best(known)
        if session is None:
            session = self._upload(recording, patient_id)
        elif status_of(session) is Status.PROCESSED:
            self.was_there = True
        elif status_of(session) is Status.FAILED:
            path = f"/api/sessions/{session['id']}/retry"
            self._patience(lambda: self._api.send("POST", path))
        return follow(self._api, str(session["id"]), self._shown, self._patience)

    def _demo_patient(self) -> str:
        for patient in self._api.listing("/api/patients", {"limit": "1000"}):
            consent = patient.get("consent") or {}
            if patient.get("name") == PATIENT and consent.get("given_on") and not consent.get("revoked_on"):
                return str(patient["id"])
        body = {"name": PATIENT, "consent": {"method": "written", "given_on": today()}}
        return str(self._api.send("POST", "/api/patients", body)["id"])

    def _sessions_of(self, sha256: str) -> list[JsonObject]:
        every = self._api.listing("/api/sessions/", {"limit": "1000"})
        return [session for session in every if session.get("audio_sha256") == sha256]

    def _upload(self, recording: Path, patient_id: str) -> JsonObject:
        self._shown.begin(UPLOADING, recording.stat().st_size)
        session = send_recording(
            self._api,
            recording,
            {"patient_id": patient_id, "session_date": today(), "speakers": "2"},
            self._patience,
            lambda sent: self._shown.reach(UPLOADING, sent),
        )
        self._shown.finish(UPLOADING)
        return session


def sample() -> Path:
    """The sample recording; raises CommandError if it is not there."""
    found = [path for path in sorted(SAMPLES.glob("therapy_session.*")) if path.suffix in AUDIO]
    if not found:
        raise CommandError(f"There is no sample recording in {SAMPLES}.", Exit.FAILED)
    return found[0]


@contextmanager
def server_for(
    target: Target, shown: Display, interrupts: Interrupts, settings: Mapping[str, str] | None = None
) -> Iterator[tuple[Api, Patience]]:
    """A server to speak to: the one that is named or running, else a stack for this block alone.

    ``settings`` are of that stack, where the environment does not say otherwise.
    """
    from embedded import state  # not needed with --url, and not there on a mere client

    running = target.url is None and state.status(target.data)
    if target.url is not None or running:
        if running:
            from cli.local.stack import wait_until_ready

            shown.waiting("Waiting for the running stack …")
            wait_until_ready(target.data)
        with Api(*target.address()) as api:
            yield api, Patience()
        return
    from cli.local.child_stack import ChildStack

    stack = ChildStack(target.data, shown, interrupts, settings)
    try:
        stack.start()
        profile = stack.wait_until_ready()
        with Api(profile.url, target.key or profile.therapist_key) as api:

            def see_to_it() -> None:
                if stack.see_to_it():
                    again = stack.wait_until_ready()
                    api.move_to(again.url, target.key or again.therapist_key)

            yield api, Patience(on_trouble=see_to_it)
    finally:
        stack.stop()


def _best(sessions: list[JsonObject]) -> JsonObject | None:
    """Of several of the same recording: one that is processed, else one still worked on, else failed."""
    order = {Status.PROCESSED: 0, Status.FAILED: 2, Status.CANCELLED: 3}
    usable = [one for one in sessions if status_of(one) is not Status.CANCELLED]
    return min(usable, key=lambda one: order.get(status_of(one) or Status.PENDING, 1), default=None)


def _print(outcome: Outcome, run: DemoRun, console: Console, seconds: float, *, whole: bool) -> None:
    session = outcome.session
    if run.was_there:
        console.print(Text("The sample was processed before; to do it again: make demo ARGS=--fresh"))
    if whole:
        rendering.transcript(console, session)
        notes_rendering.notes(console, session.get("extracted_notes") or {})
    else:
        digest.print_digest(console, session)
    rendering.heading(console, "Times")
    steps = [f"{step.lower()} {took:.1f} s" for step, took in outcome.seconds.items()]
    length = clock(session.get("duration_seconds"))
    steps.append(f"everything {seconds:.1f} s for a recording of {length}")
    console.print(Text(", ".join(steps)))
    rendering.heading(console, "What next")
    upload = f"{command()} upload FILE --patient '{PATIENT}' --wait"
    for line in (
        *(() if whole else ("All of it:              make demo ARGS=--all",)),
        "Keep the stack running: make up",
        f"Then a recording of your own, from another terminal: {upload}",
    ):
        console.print(Text(line), soft_wrap=True)
