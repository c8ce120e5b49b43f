"""What was said off the record does not come back, whatever becomes of the workers that take it out."""

import io
import os
import signal
import wave
from uuid import UUID

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
