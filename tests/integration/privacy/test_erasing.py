"""What is removed of a deleted session beside its rows, in which order, and what keeps it from that."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from shared.db.queries.privacy.deletions import Remains
from shared.db.queries.records.notes import Signed
from shared.domain.errors import Conflict
from shared.domain.notes.record import Part
from shared.domain.rights import PackageForm
from shared.services.lifecycle import deletion
from shared.services.resources import Resources
from shared.services.retention import holds
from shared.services.retention.holds import Target
from shared.services.rights import packages
from shared.services.rights.packages import Lock
from tests.database import everything, is_locked
from tests.integration.sessions import promise
from tests.servers import Office

ALL = ["key", "recording", "pieces", "package", "speech"]


class Noting:
    """Recordings and keys that note what is removed."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def delete(self, _: object, name: str) -> None:
        self.told.append(name)

    def discard_pieces(self, _: object) -> None:
        self.told.append("pieces")

    def destroy(self, _: object) -> None:
        self.told.append("key")


@pytest.fixture
def session_id(resources: Resources, office: Office) -> UUID:
    return promise(resources, office)


def erased(resources: Resources, session_id: UUID, office: Office, *, whole: bool) -> list[str]:
    """What is removed of the session, in order."""
    found: Any = Noting()
    deletion.erase(resources.database, found, found, Remains(session_id, office.caller.practice_id, whole))
    return list(found.told)


def trail(resources: Resources, session_id: UUID) -> list[tuple[str, str]]:
    with everything(resources) as db:
        lines = text("SELECT actor, action FROM audit_events WHERE subject_id = :id AND actor = 'eraser'")
        return [(row.actor, row.action) for row in db.execute(lines, {"id": session_id})]


def change(resources: Resources, values: str) -> None:
    with everything(resources) as db:
        db.execute(text(f"UPDATE sessions SET {values}"))


def test_of_a_deleted_session_the_key_goes_first_and_then_every_object(
    resources: Resources, office: Office, session_id: UUID
) -> None:
    assert erased(resources, session_id, office, whole=True) == ALL
    assert trail(resources, session_id) == [("eraser", "session.erased")]


@pytest.mark.parametrize(
    ("values", "removed"),
    [
        ("status = 'cancelled'", ["speech"]),
        ("status = 'cancelled', audio_removed_at = now()", ["recording", "pieces", "speech"]),
    ],
)
def test_of_a_cancelled_session_goes_what_it_was_decoded_to(
    resources: Resources, office: Office, session_id: UUID, values: str, removed: list[str]
) -> None:
    assert erased(resources, session_id, office, whole=False) == []
    assert trail(resources, session_id) == []
    change(resources, values)
    assert erased(resources, session_id, office, whole=False) == removed
    assert trail(resources, session_id) == [("eraser", "session.decoded_discarded")]


def test_the_end_of_a_copy_of_a_record_is_told_under_its_patient_alone(
    resources: Resources, office: Office
) -> None:
    made = packages.request(resources, office.caller, office.patient_id, Lock(PackageForm.ZIP, "x" * 20))
    assert erased(resources, made.id, office, whole=True) == ALL
    assert trail(resources, made.id) == []


def test_what_is_on_hold_is_not_deleted(resources: Resources, office: Office, session_id: UUID) -> None:
    target = Target(session_id=session_id)
    holds.place(resources, office.caller, target, matter="A", reason="B", review_on=date(2100, 1, 1))
    with pytest.raises(Conflict) as refusal:
        deletion.delete(resources, office.caller, session_id)
    assert refusal.value.code == "on_hold"


@pytest.mark.parametrize(
    ("end", "words"),
    [
        (datetime(2099, 5, 6, tzinfo=UTC), "until 2099-05-06"),
        (datetime(deletion.FOREVER, 1, 1, tzinfo=UTC), "until the patient's year of birth is known"),
    ],
)
def test_what_is_signed_stays_for_the_practices_minimum(
    resources: Resources,
    office: Office,
    session_id: UUID,
    monkeypatch: pytest.MonkeyPatch,
    end: datetime,
    words: str,
) -> None:
    monkeypatch.setattr(deletion.retention, "minimum_end", lambda *_: end)
    with pytest.raises(Conflict, match=words) as refusal, everything(resources) as db:
        deletion.require_minimum_over(db, db.get_one(deletion.TherapySession, session_id))
    assert refusal.value.code == "minimum_not_over"
    monkeypatch.setattr(deletion.retention, "minimum_end", lambda *_: None)
    with everything(resources) as db:
        deletion.require_minimum_over(db, db.get_one(deletion.TherapySession, session_id))


def test_signed_notes_are_looked_at_under_the_lock_and_kept(
    resources: Resources, office: Office, session_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    held: list[bool] = []

    def signatures(*_: object) -> list[object]:
        held.append(is_locked(resources, "sessions", session_id))
        return [object()]

    monkeypatch.setattr(deletion.notes, "signatures", signatures)
    with pytest.raises(Conflict) as refusal:
        deletion.delete(resources, office.caller, session_id)
    assert refusal.value.code == "notes_signed"
    assert held == [True]


def test_the_minimum_is_asked_for_where_signed_notes_are_deleted_on_purpose(
    resources: Resources, office: Office, session_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deletion.notes, "signatures", lambda *_: [object()])
    monkeypatch.setattr(deletion.retention, "minimum_end", lambda *_: datetime(2099, 5, 6, tzinfo=UTC))
    with pytest.raises(Conflict) as refusal:
        deletion.delete(resources, office.caller, session_id, signed_too=True)
    assert refusal.value.code == "minimum_not_over"


def test_the_receipt_names_each_signature_with_its_time() -> None:
    at, who = datetime(2026, 1, 2, 3, 4, tzinfo=UTC), uuid4()
    signed = Signed(2, Part.AUTHOR, who, "A therapist", "ab", needs_cosigner=False, signed_at=at)
    assert deletion._as_left(signed) == {
        "version": 2,
        "part": "author",
        "signer_id": str(who),
        "content_hash": "ab",
        "signed_at": at.isoformat(),
    }
