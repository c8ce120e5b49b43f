"""What was said off the record does not come back, whatever becomes of the workers that take it out."""

import io
import os
import signal
import wave
from uuid import UUID

from tests.faults import engines
from tests.faults.clinic import Clinic
from tests.faults.engines import STRETCH_SECONDS
from tests.faults.machine import Machine
from tests.waiting import wait_for


def cut(clinic: Clinic, session_id: UUID, stretch: int) -> None:
    """Take a stretch of the recording, counted from nought, off the record."""
    start = stretch * STRETCH_SECONDS
    ranges = [{"start": start, "end": start + STRETCH_SECONDS}]
    path = f"/api/sessions/{session_id}/off-the-record"
    assert clinic.http.post(path, json={"ranges": ranges}).status_code == 202


def silent_stretches(clinic: Clinic, session_id: UUID) -> list[int]:
    """Those of the stored recording in which nothing is heard; none while it cannot be heard."""
    answer = clinic.http.get(f"/api/sessions/{session_id}/audio")
    if answer.status_code != 200:
        return []
    with wave.open(io.BytesIO(answer.content)) as file:
        frames = round(STRETCH_SECONDS * file.getframerate())
        stretches = [file.readframes(frames) for _ in range(file.getnframes() // frames)]
    return [number for number, heard in enumerate(stretches) if not any(heard)]


def join(clinic: Clinic, session_id: UUID) -> None:
    """Send two stretches more, to go on behind the session."""
    file = ("session.wav", engines.recording(1), "audio/wav")
    answer = clinic.http.post("/api/sessions/upload", data={"joins": str(session_id)}, files={"file": file})
    assert answer.status_code == 202, answer.text


def heard(clinic: Clinic, session_id: UUID) -> list[int]:
    """The stretches that the transcript tells, without the silence at the seam."""
    text = clinic.http.get(f"/api/sessions/{session_id}").json()["transcript_text"] or ""
    return [number for number in engines.heard_in(text) if number]


def test_a_worker_killed_while_it_joins_a_recording_loses_nothing_and_joins_it_once(
    clinic: Clinic, machine: Machine
) -> None:
    session_id = clinic.upload()
    clinic.wait_until_processed(session_id)
    machine.orders.arm("redacting", "kill")  # before the recording is replaced
    machine.orders.arm("rewritten", "kill")  # after that, and before the database knows
    join(clinic, session_id)
    machine.orders.wait_until_taken("rewritten")
    clinic.wait_until_processed(session_id)
    assert heard(clinic, session_id) == [1, 2, 3, 4, 1, 2]
    assert machine.orders.taken("redacting")


def test_a_redaction_that_was_frozen_brings_nothing_back_that_was_cut_since(
    clinic: Clinic, machine: Machine
) -> None:
    session_id = clinic.upload()
    clinic.wait_until_processed(session_id)
    machine.orders.arm("redacting", "stop")
    cut(clinic, session_id, 0)
    (frozen,) = machine.orders.wait_until_taken("redacting")
    wait_for(lambda: silent_stretches(clinic, session_id) == [0], 60)  # by another worker
    cut(clinic, session_id, 2)
    wait_for(lambda: silent_stretches(clinic, session_id) == [0, 2], 60)
    os.kill(frozen, signal.SIGCONT)
    worker = machine.worker_of(frozen)
    wait_for(lambda: '"lease_lost"' in machine.log_of(worker), 60)
    assert silent_stretches(clinic, session_id) == [0, 2]
