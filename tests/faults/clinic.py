"""The people who use a machine: they upload, look, cancel, delete and retry over real HTTP."""

from dataclasses import dataclass, field
from types import TracebackType
from typing import Self
from uuid import UUID, uuid4

import httpx2

from tests.faults import engines
from tests.faults.looking import audited
from tests.faults.machine import Machine
from tests.waiting import wait_for

_LONG_AGO = "2001-01-01T00:00:00Z"
FINAL = ("processed", "failed", "cancelled")


@dataclass
class Accepted:
    """A session that the API has promised, and what was done to it since."""

    id: UUID
    chunks: int
    cancelled: bool = False  # perhaps: it was asked for
    deleted: bool = False
    deletion_asked: bool = False  # perhaps without an answer
    old: bool = False  # held longer ago than ``Clinic.let_go_of_old_ones`` allows
    retried: int = 0


@dataclass
class Clinic:
    """A therapist with a patient; remembers what was promised."""

    machine: Machine
    accepted: dict[UUID, Accepted] = field(default_factory=dict)
    patient_id: str = ""
    lets_go: bool = False

    def __enter__(self) -> Self:
        self.http = httpx2.Client(
            base_url=f"http://{self.machine.web_host}:{self.machine.web_port}",
            headers={"Authorization": f"Bearer {self.machine.therapist_key}"},
            timeout=60,
            limits=httpx2.Limits(keepalive_expiry=1.0),  # the server hangs up after two seconds
            trust_env=False,
        )
        consent = {"given_on": "2026-01-05", "method": "written"}
        answer = self.http.post("/api/patients", json={"name": "A. Patient", "consent": consent})
        assert answer.status_code == 201, answer.text
        self.patient_id = answer.json()["id"]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.http.close()

    def upload(self, chunks: int = 2, key: str | None = None) -> UUID:
        """Upload a recording that must be accepted; gives the session's id."""
        answer = self.send(chunks, key)
        assert answer.status_code == 202, answer.text
        return UUID(answer.json()["id"])

    def let_go_of_old_ones(self) -> None:
        """Have sessions removed ten years after they were held."""
        answer = self.http.put(
            "/api/retention/rules/session",
            json={"event": "session", "days": 3650, "grace_days": 0},
            headers={"Authorization": f"Bearer {self.machine.administrator_key}"},
        )
        assert answer.status_code == 200, answer.text
        self.lets_go = True

    def send(self, chunks: int = 2, key: str | None = None, *, old: bool = False) -> httpx2.Response:
        """Upload a recording; an accepted one is remembered. Raises TransportError."""
        answer = self.http.post(
            "/api/sessions/upload",
            params={"patient_id": self.patient_id},
            data={"session_date": _LONG_AGO} if old else {},
            files={"file": ("session.wav", engines.recording(chunks), "audio/wav")},
            headers={"Idempotency-Key": key or uuid4().hex},
        )
        if answer.status_code == 202:
            session_id = UUID(answer.json()["id"])
            self.accepted.setdefault(session_id, Accepted(session_id, chunks, old=old))
        return answer

    def status(self, session_id: UUID) -> str:
        """The session's status; what the API answered where it was no document, "" where it is away."""
        try:
            answer = self.http.get(f"/api/sessions/{session_id}")
        except httpx2.TransportError:
            return ""
        return str(answer.json().get("status", ""))

    def wait_until(self, session_id: UUID, *statuses: str, seconds: float = 150) -> None:
        wait_for(lambda: self.status(session_id) in statuses, seconds)

    def wait_until_processed(self, *session_ids: UUID, seconds: float = 150) -> None:
        """Return when all are processed."""
        for session_id in session_ids:
            wait_for(lambda session_id=session_id: self.status(session_id) in FINAL, seconds)  # type: ignore[misc]
            assert self.status(session_id) == "processed"

    def wait_until_postponed(self, session_id: UUID, code: str) -> None:
        """Return when a step of the session was put off for this reason."""
        wait_for(
            lambda: code in [event.code for event in audited(self.machine, session_id, "step.postponed")], 90
        )

    def cancel(self, session_id: UUID) -> int:
        """The answer's status; whether it arrives or not, the session may be cancelled from now on."""
        self.accepted[session_id].cancelled = True
        return self.http.post(f"/api/sessions/{session_id}/cancel").status_code

    def delete(self, session_id: UUID) -> int:
        self.accepted[session_id].deletion_asked = True
        status = self.http.delete(f"/api/sessions/{session_id}").status_code
        self.accepted[session_id].deleted |= status < 300
        return status

    def retry(self, session_id: UUID) -> int:
        status = self.http.post(f"/api/sessions/{session_id}/retry").status_code
        self.accepted[session_id].retried += status < 300
        return status
