"""The command ``sandbox``: a practice full of invented sessions, for trying and for screenshots.

They are pieces of the sample recordings, in synthetic voices, and go the way of every recording: uploaded
through the API, transcribed and written up by the engines of the server. Nothing is put there past them.
"""

import json
import tempfile
import wave
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click
from rich.text import Text

from cli.commands.operations.demo import SAMPLES, server_for
from cli.commands.recordings.sessions import failure_of
from cli.commands.records.patients import today
from cli.exits import CommandError, Exit
from cli.http.client import Api
from cli.http.retrying import Patience
from cli.http.uploads import send_recording
from cli.interrupts import Interrupts
from cli.options import EPILOG, pass_target
from cli.output import console as screen
from cli.output.progress import Display, display
from cli.output.session_watch import follow
from cli.profile import Target

RATE = 16_000
PATIENTS = ("Ada Example", "Ben Example", "Cora Example", "Dev Example", "Eli Example", "Fay Example")
MOST_SESSIONS, TURNS, RISK_EVERY = 30, 12, 10


# A therapist has a handful of sessions an hour; this is a month of them.
_SETTINGS = {"SESSIONSCRIBE_UPLOADS_PER_HOUR": "100"}


@dataclass(frozen=True, slots=True)
class Piece:
    """What one invented session is cut from: a sample, and from when to when in seconds."""

    number: int
    sample: str
    start: float
    end: float

    @property
    def external_id(self) -> str:
        """By which a second run finds what the first has sent."""
        return f"sandbox-{self.number:02}"

    @property
    def patient(self) -> str:
        """Whose session it is: each has one every week."""
        return PATIENTS[self.number % len(PATIENTS)]

    @property
    def session_date(self) -> str:
        """The days go back from yesterday, a week for each round of patients."""
        weeks, place = divmod(self.number, len(PATIENTS))
        return (datetime.now(UTC) - timedelta(days=1 + place % 5, weeks=weeks)).date().isoformat()


@click.command(epilog=EPILOG)
@click.option(
    "--sessions", type=click.IntRange(1, MOST_SESSIONS), default=MOST_SESSIONS, show_default=True,
    help="Number of sessions.",
)  # fmt: skip
@pass_target
def sandbox(target: Target, sessions: int) -> None:
    """Fill the practice with invented sessions, for trying it.

    The voices are synthetic. Starts the stack if none is running, and stops it again in the end; 30 sessions
    take some minutes. A server that is running may take fewer uploads an hour
    (SESSIONSCRIBE_UPLOADS_PER_HOUR): run it again for the rest. What is there is left as it is. Do not use a
    practice with real patients.
    """
    with (
        Interrupts() as interrupts,
        display(screen.notices()) as shown,
        server_for(target, shown, interrupts, _SETTINGS) as (api, patience),
        tempfile.TemporaryDirectory() as folder,
    ):
        made = _fill(api, patience, shown, pieces(sessions), Path(folder))
        shown.rest()
        person = patience(lambda: api.document("/api/whoami"))
    screen.results().print(Text(f"{made} sessions made; {sessions} invented sessions are there."))
    hint = f"To see them in a browser: sessionscribe recover {person.get('therapist_id')} --sign-in"
    screen.notices().print(Text(hint), soft_wrap=True)


def pieces(count: int) -> list[Piece]:
    """The first ``count``: stretches of the long sample, and now and then the one of risk."""
    turns = _turns("therapy_session")
    found = []
    for number in range(count):
        if number % RISK_EVERY == RISK_EVERY - 1:
            found.append(Piece(number, "risk_session", 0.0, _turns("risk_session")[-1]["end"] + 1))
            continue
        first = 2 * number % (len(turns) - TURNS)  # a therapist's turn, so that no answer comes first
        found.append(
            Piece(number, "therapy_session", turns[first]["start"], turns[first + TURNS - 1]["end"] + 0.3)
        )
    return found


def cut(piece: Piece, to: Path) -> None:
    """Write the piece of its sample as a WAV file."""
    import av  # no other command of a client decodes

    sound = bytearray()
    with av.open(str(SAMPLES / f"{piece.sample}.m4a"), "r") as container:
        resampler = av.AudioResampler("s16", "mono", RATE)
        for frame in container.decode(audio=0):
            for made in resampler.resample(frame):
                sound += bytes(made.planes[0])[: 2 * made.samples]
    with wave.open(str(to), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(sound[2 * round(piece.start * RATE) : 2 * round(piece.end * RATE)])


def _fill(api: Api, patience: Patience, shown: Display, wanted: Sequence[Piece], folder: Path) -> int:
    """Send what is missing, then wait for all of it; gives how many were missing."""
    there = {str(one.get("external_id")) for one in api.listing("/api/sessions/", {"limit": "1000"})}
    patients = {
        str(one.get("name")): str(one["id"]) for one in api.listing("/api/patients", {"limit": "1000"})
    }
    sent = []
    for piece in wanted:
        if piece.external_id in there:
            continue
        if piece.patient not in patients:
            patients[piece.patient] = _add_patient(api, piece.patient)
        path = folder / f"{piece.external_id}.wav"
        cut(piece, path)
        sent.append(_send(api, patience, shown, piece, patients[piece.patient], path))
        path.unlink()
    for session_id in sent:
        outcome = follow(api, session_id, shown, patience)
        if not outcome.processed:
            raise CommandError(failure_of(outcome.session), Exit.FAILED)
    return len(sent)


def _add_patient(api: Api, name: str) -> str:
    body = {"name": name, "consent": {"method": "written", "given_on": today()}}
    return str(api.send("POST", "/api/patients", body)["id"])


def _send(api: Api, patience: Patience, shown: Display, piece: Piece, patient_id: str, path: Path) -> str:
    shown.begin(path.name, path.stat().st_size)
    fields = {
        "patient_id": patient_id,
        "session_date": piece.session_date,
        "external_id": piece.external_id,
        "speakers": "2",
    }
    session = send_recording(api, path, fields, patience, lambda sent: shown.reach(path.name, sent))
    shown.finish(path.name)
    return str(session["id"])


def _turns(sample: str) -> list[dict[str, float]]:
    try:
        found: list[dict[str, float]] = json.loads((SAMPLES / f"{sample}.json").read_text("utf-8"))["turns"]
    except OSError:
        raise CommandError(f"There are no sample recordings in {SAMPLES}.", Exit.FAILED) from None
    return found
