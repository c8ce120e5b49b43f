"""Signed notes: frozen for everybody, added to, co-signed, and deleted only on purpose."""

import hashlib
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from shared.db.connection.engine import DatabaseError
from shared.domain.webhooks import USUAL
from shared.services.resources import Resources
from shared.services.sessions import reading as sessions
from tests.database import everything
from tests.integration.notes_calls import (
    Clinician,
    clinician,
    colleague,
    extract_again,
    finish_extraction,
)
from tests.integration.pipeline.test_outbox import subscribe
from tests.integration.sessions import audited
from tests.servers import Office


@pytest.fixture
def supervisor(me: Clinician, resources: Resources, office: Office, session_id: UUID) -> Clinician:
    """Another therapist, who supervises the first."""
    boss = colleague(resources, office, session_id)
    with everything(resources) as db:
        db.execute(
            text("UPDATE therapists SET supervisor_id = :boss WHERE id = :me"), {"boss": boss.id, "me": me.id}
        )
    return boss


def test_signing_freezes_the_current_version_with_a_hash_that_anybody_can_check(
    me: Clinician, session_id: UUID, resources: Resources
) -> None:
    me.put({"topic_summary": "Höre: “naïve” – 1,5 €."})
    answer = me.post("sign", headers={"If-Match": me.tag()})
    assert answer.status_code == 200
    signed = me.notes()
    assert (signed["status"], signed["version"], signed["extracted_notes"]["draft"]) == ("signed", 2, False)
    (signature,) = signed["signatures"]
    assert (signature["part"], signature["signer_id"], signature["signer"]) == (
        "author",
        str(me.id),
        "A therapist",
    )
    document = {k: v for k, v in signed["extracted_notes"].items() if k != "draft"}
    whole = {"extracted_notes": document, "session_id": str(session_id), "version": 2}
    assert signature["content_hash"] == hashlib.sha256(independent_canonical(whole).encode()).hexdigest()
    assert audited(resources, session_id, "notes.sign") == 1


def independent_canonical(value: object) -> str:
    """RFC 8785 for what notes hold: whole floats lose their fraction, names here are ASCII."""

    def plain(node: object) -> object:
        if isinstance(node, float) and node.is_integer():
            return int(node)
        if isinstance(node, dict):
            return {name: plain(item) for name, item in node.items()}
        return [plain(item) for item in node] if isinstance(node, list) else node

    return json.dumps(plain(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def test_what_is_signed_is_neither_signed_nor_changed_again(me: Clinician) -> None:
    me.post("sign")
    for answer in (me.post("sign"), me.put({"topic_summary": "Later."}), me.post("sign", {"version": 1})):
        assert (answer.status_code, answer.json["code"]) == (409, "notes_signed")
    assert me.notes()["version"] == 1


def test_nobody_signs_what_they_have_not_read(me: Clinician) -> None:
    tag = me.tag()
    me.put({})
    assert me.post("sign", headers={"If-Match": tag}).status_code == 412
    assert me.post("sign", {"version": 1}).status_code == 412
    assert me.post("sign", {"version": 2}).status_code == 200


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE notes SET engine = 'x'",
        "UPDATE note_signatures SET content_hash = 'x'",
        "DELETE FROM note_signatures",
        "DELETE FROM notes",
        "INSERT INTO notes (session_id, practice_id, version, kind, body, engine, template)"
        " SELECT session_id, practice_id, 99, 'edit', body, engine, template FROM notes",
    ],
)
def test_postgres_itself_keeps_what_is_signed(
    me: Clinician, resources: Resources, office: Office, statement: str
) -> None:
    me.post("sign")
    with (
        pytest.raises(DatabaseError, match="42501"),
        resources.database.transaction(office.caller.practice_id) as db,
    ):
        db.execute(text(statement))
    with pytest.raises(DBAPIError, match=r"signed|never changed"), everything(resources) as db:
        db.execute(text(statement))
    assert me.notes()["status"] == "signed"


def test_an_extraction_after_the_signature_is_only_offered(
    me: Clinician, resources: Resources, office: Office, session_id: UUID
) -> None:
    before = me.post("sign").json["extracted_notes"]
    extract_again(resources, office, session_id)
    found = me.notes()
    assert (found["version"], found["status"], found["offered_version"]) == (1, "signed", 2)
    assert found["extracted_notes"] == before
    assert me.post("accept", {"version": 2}).json["code"] == "notes_signed"
    assert me.post("dismiss", {"version": 2}).status_code == 200


def test_addenda_are_signed_with_their_call_and_shown_with_the_notes(me: Clinician) -> None:
    answer = me.post("addenda", {"text": "Too early."})
    assert (answer.status_code, answer.json["code"]) == (409, "not_signed")
    me.post("sign")
    key = {"Idempotency-Key": "once"}
    first = me.post("addenda", {"text": "The sister is called Zoë."}, headers=key)
    again = me.post("addenda", {"text": "The sister is called Zoë."}, headers=key)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.headers["Idempotent-Replayed"] == "true"
    (addendum,) = me.notes()["addenda"]
    assert (addendum["text"], addendum["version"], addendum["author_id"]) == (
        "The sister is called Zoë.",
        2,
        str(me.id),
    )
    assert addendum["signatures"][0]["content_hash"]
    assert me.notes(version=2)["extracted_notes"] == {"text": "The sister is called Zoë."}


def at_once(*acts: Callable[[], int]) -> list[int]:
    with ThreadPoolExecutor(len(acts)) as pool:
        return [future.result() for future in [pool.submit(act) for act in acts]]


def test_of_two_signers_one_signs(
    me: Clinician, resources: Resources, office: Office, session_id: UUID
) -> None:
    other = clinician(resources, office, session_id)
    statuses = at_once(lambda: me.post("sign").status_code, lambda: other.post("sign").status_code)
    assert sorted(statuses) == [200, 409]
    assert len(me.notes()["signatures"]) == 1


def test_an_edit_and_a_signature_at_once_leave_a_signed_current_version(
    me: Clinician, resources: Resources, office: Office, session_id: UUID
) -> None:
    other, tag = clinician(resources, office, session_id), me.tag()
    edited, signed = at_once(
        lambda: me.put({"topic_summary": "Mine."}, tag).status_code,
        lambda: other.post("sign", headers={"If-Match": tag}).status_code,
    )
    assert (edited, signed) in {(200, 412), (409, 200), (412, 200)}
    found = me.notes()
    assert found["status"] == ("signed" if signed == 200 else "draft")
    assert found["version"] == (1 if signed == 200 else 2)


def test_an_extraction_and_a_signature_at_once_lose_neither(
    me: Clinician, resources: Resources, office: Office, session_id: UUID
) -> None:
    sessions.extract_again(resources, office.caller, session_id)

    def extract() -> int:
        finish_extraction(resources, session_id)
        return 0

    _, signed = at_once(extract, lambda: me.post("sign").status_code)
    listed = {v["version"]: v["status"] for v in me("GET", f"{me.path}/versions").json}
    assert signed in (200, 412)  # 412: the extraction came first, and is not what was seen
    if signed == 200:
        assert listed in ({1: "signed", 2: "offered"}, {1: "superseded", 2: "signed"})
    assert me("GET", f"/api/sessions/{session_id}").json["status"] == "processed"


def test_a_trainees_notes_wait_for_the_supervisor(
    me: Clinician, supervisor: Clinician, resources: Resources, session_id: UUID
) -> None:
    for path in (me.path, f"{me.path}/versions", f"{me.path}/diff"):
        assert supervisor("GET", path).status_code == 404, "before the signature they are the trainee's own"
    me.put({"topic_summary": "Mine."})
    assert me.post("sign").json["status"] == "awaiting_cosignature"
    waiting = supervisor("GET", "/api/sessions/awaiting-cosignature").json
    assert [(w["session_id"], w["therapist"]) for w in waiting] == [(str(session_id), "A therapist")]
    assert me("GET", "/api/sessions/awaiting-cosignature").json == []
    assert supervisor.notes()["extracted_notes"]["topic_summary"] == "Mine."
    assert (me.post("cosign").status_code, me.post("cosign").json["code"]) == (403, "own_notes")
    done = supervisor.post("cosign")
    assert (done.status_code, done.json["status"]) == (200, "signed")
    assert [s["part"] for s in done.json["signatures"]] == ["author", "cosigner"]
    assert len({s["content_hash"] for s in done.json["signatures"]}) == 1
    assert supervisor.post("cosign").json["code"] == "nothing_to_cosign"
    assert supervisor("GET", "/api/sessions/awaiting-cosignature").json == []
    assert audited(resources, session_id, "notes.cosign") == 1


def test_a_supervisor_reads_what_is_signed_and_nothing_else(
    me: Clinician, supervisor: Clinician, session_id: UUID
) -> None:
    me.put({})
    me.post("sign")
    assert [v["version"] for v in supervisor("GET", f"{me.path}/versions").json] == [2]
    assert supervisor("GET", me.path, query_string={"version": 1}).status_code == 404
    session = f"/api/sessions/{session_id}"
    for path in (session, f"{session}/transcript", f"{session}/audio"):
        assert supervisor("GET", path).status_code == 404
    for method, path in (("PUT", me.path), ("POST", f"{me.path}/sign"), ("DELETE", session)):
        answer = supervisor(
            method, path, json={"extracted_notes": {}} if method == "PUT" else {}, headers={"If-Match": "*"}
        )
        assert answer.status_code == 404


def test_addenda_of_both_stand_and_the_trainees_waits_again(me: Clinician, supervisor: Clinician) -> None:
    me.post("sign")
    supervisor.post("cosign")
    supervisor.post("addenda", {"text": "Seen and discussed."})
    me.post("addenda", {"text": "I agree."})
    theirs, mine = me.notes()["addenda"]
    assert (theirs["author_id"], mine["author_id"]) == (str(supervisor.id), str(me.id))
    assert len(supervisor("GET", "/api/sessions/awaiting-cosignature").json) == 1
    supervisor.post("cosign")
    assert [len(a["signatures"]) for a in me.notes()["addenda"]] == [1, 2]


def test_signed_notes_are_deleted_only_on_purpose_and_leave_their_hashes(
    me: Clinician, resources: Resources, session_id: UUID
) -> None:
    digest = me.post("sign").json["signatures"][0]["content_hash"]
    me.post("addenda", {"text": "More."})
    session = f"/api/sessions/{session_id}"
    refused = me("DELETE", session)
    assert (refused.status_code, refused.json["code"]) == (409, "notes_signed")
    assert me.notes()["status"] == "signed"
    receipt = me("DELETE", session, query_string={"signed_notes": "delete"})
    assert receipt.status_code == 200
    assert [(s["version"], s["part"], s["signer_id"]) for s in receipt.json["signed"]] == [
        (1, "author", str(me.id)),
        (2, "author", str(me.id)),
    ]
    assert receipt.json["signed"][0]["content_hash"] == digest
    assert receipt.json["removed"]["notes"] == 2
    assert me("GET", me.path).status_code == 404
    assert me("DELETE", session).json == receipt.json


def test_other_systems_are_told_of_each_move_of_the_record_by_its_version(
    me: Clinician, supervisor: Clinician, resources: Resources, office: Office, session_id: UUID
) -> None:
    subscribe(resources, office, USUAL)
    me.put({})
    extract_again(resources, office, session_id)
    for alert in me("GET", "/api/risk-alerts").json:
        me("POST", f"/api/risk-alerts/{alert['id']}/acknowledge", json={})
    me.post("sign")
    supervisor.post("cosign")
    me.post("addenda", {"text": "More."})
    with everything(resources) as db:
        rows = db.execute(text("SELECT type, facts, session_id FROM webhook_deliveries ORDER BY created_at"))
        told = [(row.type, row.facts, row.session_id) for row in rows if row.type.startswith("notes.")]
    assert told == [
        ("notes.edited", {"version": 2}, session_id),
        ("notes.proposed", {"version": 3}, session_id),
        ("notes.signed", {"version": 2}, session_id),
        ("notes.cosigned", {"version": 2}, session_id),
        ("notes.addendum_added", {"version": 4}, session_id),
    ]
