"""From a spoken recording to notes, through real HTTP, real workers and the offline engines."""

import signal
from pathlib import Path
from uuid import uuid4

import httpx2
import psutil
import pytest

from shared.schemas.notes import NotesSchema
from tests.e2e.conftest import RunningStack
from tests.leaks import encodings, holders_of
from tests.waiting import wait_for

# Words of the sample's first sentences that the offline engine gets right.
SAID = ("difficult", "worried")


def add_patient(client: httpx2.Client, name: str = "A. Patient") -> str:
    consent = {"given_on": "2026-01-05", "method": "written"}
    answer = client.post("/api/patients", json={"name": name, "consent": consent})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def upload(client: httpx2.Client, recording: bytes, patient_id: str, name: str = "session.wav") -> str:
    answer = client.post(
        "/api/sessions/upload",
        params={"patient_id": patient_id},
        files={"file": (name, recording, "audio/wav")},
    )
    assert answer.status_code == 202, answer.text
    return str(answer.json()["id"])


def session(client: httpx2.Client, session_id: str) -> dict[str, object]:
    """The session's document; empty while the API is away."""
    try:
        answer = client.get(f"/api/sessions/{session_id}")
    except httpx2.TransportError:
        return {}
    return answer.json() if answer.status_code == 200 else {}


def wait_until_processed(client: httpx2.Client, session_id: str, seconds: float = 90) -> dict[str, object]:
    wait_for(lambda: session(client, session_id).get("status") in ("processed", "failed"), seconds)
    found = session(client, session_id)
    assert found["status"] == "processed", found["error"]
    return found


def test_a_spoken_recording_becomes_a_transcript_and_notes_with_evidence(
    stack: RunningStack, spoken: bytes
) -> None:
    with stack.client() as client:
        session_id = upload(client, spoken, add_patient(client))
        done = wait_until_processed(client, session_id)
        notes = client.get(f"/api/sessions/{session_id}/notes").json()
        vtt = client.get(f"/api/sessions/{session_id}/transcript", params={"format": "vtt"}).text
    assert all(word in str(done["transcript_text"]) for word in SAID)
    segments = done["transcript_segments"]
    assert isinstance(segments, list)
    assert {segment["speaker"] for segment in segments} == {"Speaker 1", "Speaker 2"}
    assert vtt.startswith("WEBVTT")
    assert NotesSchema().validate(done["extracted_notes"]) == {}
    assert notes
    for evidence in evidence_in(done["extracted_notes"]):
        segment = segments[evidence["segment"]]
        assert evidence["quote"] in segment["text"]
        assert segment["start"] <= evidence["start"] < evidence["end"] <= segment["end"]


def evidence_in(found: object) -> list[dict[str, object]]:
    """Every piece of evidence anywhere in the notes."""
    if isinstance(found, list):
        return [piece for item in found for piece in evidence_in(item)]
    if not isinstance(found, dict):
        return []
    own = found.get("evidence", [])
    nested = [value for name, value in found.items() if name != "evidence"]
    return [*own, *evidence_in(nested)]


KILLS: dict[str, tuple[str, ...]] = {
    "a worker": ("workers.app", "worker-1"),
    "both workers": ("workers.app", "--concurrency"),
    "the dispatcher": ("workers.dispatcher",),
    "the web server": ("gunicorn",),
    "Flower": ("flower",),
    "Redis": ("valkey-server",),
    "Postgres": ("postgres", "-D"),
}


@pytest.mark.parametrize("victim", KILLS)
def test_killing_any_process_delays_the_work_and_loses_nothing(
    stack: RunningStack, spoken: bytes, victim: str
) -> None:
    with stack.client() as client:
        session_id = upload(client, spoken, add_patient(client))
        wait_for(lambda: session(client, session_id).get("status") == "transcribing", 60)
        victims = stack.processes(*KILLS[victim])
        assert victims
        for process in victims:
            try_kill(process)
        done = wait_until_processed(client, session_id)
    assert all(word in str(done["transcript_text"]) for word in SAID)


def try_kill(process: psutil.Process) -> None:
    try:
        process.send_signal(signal.SIGKILL)
    except psutil.NoSuchProcess:
        """It went with its parent."""


def test_an_upload_is_accepted_while_redis_is_away_and_done_when_it_is_back(
    stack: RunningStack, spoken: bytes
) -> None:
    with stack.client() as client:
        patient_id = add_patient(client)
        (redis,) = stack.processes("valkey-server")
        redis.suspend()
        try:
            session_id = upload(client, spoken, patient_id)
        finally:
            redis.resume()
        wait_until_processed(client, session_id)


def test_nothing_said_or_named_lies_readable_in_any_file_queue_log_or_dashboard(
    stack: RunningStack, spoken: bytes
) -> None:
    patient, file_name = f"Canary{uuid4().hex}", f"canary{uuid4().hex}"
    with stack.client() as client:
        session_id = upload(client, spoken, add_patient(client, patient), f"{file_name}.wav")
        done = wait_until_processed(client, session_id)
        phrase = str(done["transcript_text"]).split(".")[2].strip()
        user, password = "flower", (stack.data / "flower.password").read_text().strip()
        with httpx2.Client(auth=(user, password), trust_env=False) as dashboard:
            pages = [
                dashboard.get(stack.status.addresses["flower"] + path).text
                for path in ("/api/tasks", "/tasks")
            ]
    assert len(phrase.split()) > 3
    for secret in (patient, file_name, phrase):
        assert holders_of(secret, stack.data) == []
        assert not any(secret in page for page in pages)
    assert "pipeline.transcribe" in pages[0]
    assert session_id in pages[0]


def test_the_search_for_leaks_finds_one(stack: RunningStack, tmp_path: Path) -> None:
    word = f"planted{uuid4().hex}"
    for number, form in enumerate(encodings(word)):
        (tmp_path / str(number)).write_bytes(b"before " + form + b" after")
    assert len(holders_of(word, tmp_path)) == len(encodings(word))
    assert (
        holders_of("Demo practice", stack.data) != []
    )  # not secret, so it shows that Postgres' files are read


def test_no_process_of_an_idle_stack_keeps_for_itself_what_it_can_share_or_does_not_use(
    stack: RunningStack,
) -> None:
    """The web server loads the application once for all its processes; Flower needs no database."""
    with stack.client() as client:
        assert client.get("/readyz").status_code == 200  # all of it is loaded
    children = [process for process in stack.processes("gunicorn") if process.ppid() != stack.process.pid]
    assert len(children) == 2
    for child in children:
        memory = child.memory_full_info()
        assert memory.uss < memory.rss / 2
    (flower,) = stack.processes("flower_dashboard")
    assert not [mapped.path for mapped in flower.memory_maps() if "psycopg2" in mapped.path]


def test_flower_asks_for_its_password_and_changes_nothing(stack: RunningStack) -> None:
    address = stack.status.addresses["flower"]
    password = (stack.data / "flower.password").read_text().strip()
    with httpx2.Client(trust_env=False) as client:
        assert client.get(f"{address}/api/tasks").status_code == 401
        start = f"{address}/api/task/async-apply/pipeline.persist"
        assert client.post(start, json={"args": []}, auth=("flower", password)).status_code == 403
