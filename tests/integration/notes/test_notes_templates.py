"""Templates chosen, changed and re-rendered; notes as files over HTTP; process notes kept apart."""

import io
from uuid import UUID

import pytest
from docx import Document
from pypdf import PdfReader

from shared.services.access.caller import THERAPIST_SCOPES
from shared.services.accounts import accounts, people
from shared.services.resources import Resources
from tests.integration.api_client import Caller, app_of
from tests.integration.notes_calls import Clinician, finish_extraction
from tests.integration.sessions import audited
from tests.servers import Office

CANARY = "a-hypothesis-that-nobody-else-reads"
OWN = {
    "name": "intake",
    "title": "Intake",
    "parts": [
        {
            "name": "reasons",
            "title": "Reasons",
            "instruction": "Why the client came.",
            "sources": ["summary"],
        },
        {"name": "plan", "title": "Next steps and homework"},
        {"name": "weather", "title": "Weather", "instruction": "What the sky was like."},
    ],
}


def readable(content: bytes) -> str:
    """The words of an answer, whatever file it is."""
    if content.startswith(b"%PDF"):
        return " ".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages)
    if content.startswith(b"PK"):
        return " ".join(paragraph.text for paragraph in Document(io.BytesIO(content)).paragraphs)
    return content.decode()


def titles(notes: dict[str, object]) -> list[str]:
    return [part["title"] for part in notes["sections"]]  # type: ignore[attr-defined]


def test_notes_are_shown_in_another_template_without_being_changed(me: Clinician) -> None:
    shown = me.notes(template="soap")
    assert titles(shown["extracted_notes"]) == ["Subjective", "Objective", "Assessment", "Plan"]
    assert (shown["template"], shown["version"]) == ("soap", 1)
    assert "sections" not in me.notes()["extracted_notes"]
    assert me("GET", me.path, query_string={"template": "unheard-of"}).status_code == 422


def test_notes_put_into_another_template_are_a_new_version_from_the_same_evidence(me: Clinician) -> None:
    me.put({"unresolved_concerns": [{"text": "Rent is due", "evidence": []}]})
    made = me.post("render", {"template": "dap"}).json
    assert (made["version"], made["template"], made["kind"]) == (3, "dap", "edit")
    assert titles(made["extracted_notes"]) == ["Data", "Assessment", "Plan"]
    own = [
        s for part in made["extracted_notes"]["sections"] for s in part["sentences"] if s.get("by_clinician")
    ]
    assert [s["sentence"] for s in own] == ["Rent is due."]
    assert me.post("render", {"template": "unheard-of"}).json["code"] == "template_unknown"
    me.post("sign")
    assert me.post("render", {"template": "soap"}).status_code == 409


def test_a_clients_summary_is_written_when_it_is_asked_for(
    me: Clinician, resources: Resources, session_id: UUID
) -> None:
    assert me.notes()["extracted_notes"]["patient_summary"] == ""
    assert "Summary for the patient" not in me("GET", f"{me.path}?format=md").text
    made = me.post("client-summary").json
    assert (made["version"], made["kind"]) == (2, "edit")
    assert made["extracted_notes"]["patient_summary"].startswith("In this session you talked about")
    assert "Summary for the patient" in me("GET", f"{me.path}?format=md").text
    assert audited(resources, session_id, "notes.client_summary")
    me.post("sign")
    assert me.post("client-summary").json["code"] == "notes_signed"


def test_sections_are_edited_sentence_by_sentence(me: Clinician) -> None:
    made = me.post("render", {"template": "pie"}).json["extracted_notes"]
    made["sections"][0]["sentences"].append({"sentence": "He takes lithium.", "evidence": []})
    after = me.put({"sections": made["sections"]}).json["extracted_notes"]
    *before, mine = after["sections"][0]["sentences"]
    assert all(s["verified"] for s in before), [s for s in before if not s["verified"]]
    assert (mine["verified"], mine["by_clinician"]) == (False, True)


def test_extraction_again_with_another_template_fills_it(
    me: Clinician, resources: Resources, session_id: UUID
) -> None:
    path = f"/api/sessions/{session_id}/extract-notes"
    assert me("POST", path, json={"template": "unheard-of"}).status_code == 422
    assert me("POST", path, json={"template": "birp"}).status_code == 202
    finish_extraction(resources, session_id)
    found = me.notes()
    assert (found["template"], found["kind"]) == ("birp", "draft")
    assert titles(found["extracted_notes"]) == ["Behaviour", "Intervention", "Response", "Plan"]


def test_a_practice_has_templates_of_its_own_and_a_usual_one(me: Clinician, office: Office) -> None:
    made = me("POST", "/api/templates", json=OWN)
    assert made.status_code == 201
    address = made.headers["Location"]
    shown = me.notes(template="intake")["extracted_notes"]
    assert titles(shown) == ["Reasons", "Next steps and homework", "Weather", "Risk"]
    weather = shown["sections"][2]["sentences"]
    assert [s["sentence"] for s in weather] == ["Nothing was found in the transcript for this part."]
    assert me("POST", "/api/templates", json=OWN).json["code"] == "template_exists"
    assert me("POST", "/api/templates", json={**OWN, "name": "soap"}).json["code"] == "template_exists"
    assert me("PUT", "/api/templates/usual", json={"name": "intake"}).status_code == 200
    assert me("DELETE", address).json["code"] == "template_in_use"
    usual = [t["name"] for t in me("GET", "/api/templates").json if t["usual"]]
    assert usual == ["intake"]
    uploaded = me.upload(office.patient_id)
    assert uploaded.status_code == 202
    me("PUT", "/api/templates/usual", json={"name": "default"})
    changed = me("PUT", address, json={**OWN, "title": "First session"}).json
    assert (changed["title"], changed["id"]) == ("First session", made.json["id"])
    assert me("DELETE", address).status_code == 204
    assert me("GET", address).status_code == 404


def test_an_upload_names_its_template_or_gets_the_usual_one(
    me: Clinician, office: Office, resources: Resources
) -> None:
    refused = me.upload(office.patient_id, template="unheard-of")
    assert (refused.status_code, refused.json["code"]) == (422, "template_unknown")
    assert me.upload(office.patient_id, template="girp").status_code == 202


@pytest.mark.parametrize(
    ("form", "media_type", "begins"),
    [
        ("md", "text/markdown; charset=utf-8", b"# Session notes"),
        ("docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", b"PK"),
        ("pdf", "application/pdf", b"%PDF"),
        ("fhir", "application/fhir+json", b'{"entry"'),
    ],
)
def test_notes_leave_as_files_by_query_and_by_accept(
    me: Clinician, resources: Resources, session_id: UUID, form: str, media_type: str, begins: bytes
) -> None:
    for options in ({"query_string": {"format": form}}, {"headers": {"Accept": media_type.split(";")[0]}}):
        answer = me("GET", me.path, **options)
        assert (answer.status_code, answer.headers["Content-Type"]) == (200, media_type)
        assert answer.data.startswith(begins)
        assert "attachment" in answer.headers["Content-Disposition"]
        assert answer.headers["ETag"]
    assert audited(resources, session_id, "notes.export") == 2


def test_notes_signed_in_one_template_say_so_in_another(me: Clinician) -> None:
    me.post("sign")
    assert "SIGNED by A therapist" in me("GET", me.path, query_string={"format": "md"}).text
    other = me("GET", me.path, query_string={"format": "md", "template": "soap"}).text
    assert "NOT THE SIGNED FORM" in other
    assert "SIGNED by" not in other


def test_process_notes_are_written_read_changed_and_removed(me: Clinician, session_id: UUID) -> None:
    path = f"/api/sessions/{session_id}/process-notes"
    assert me("GET", path).status_code == 404
    first = me("PUT", path, json={"text": "A hunch.\nOn two lines."})
    assert (first.status_code, first.json["revision"]) == (200, 1)
    assert me("PUT", path, json={"text": "Again."}).status_code == 428
    again = me("PUT", path, json={"text": "Again."}, headers={"If-Match": first.headers["ETag"]})
    assert (again.status_code, again.json["revision"]) == (200, 2)
    stale = me("PUT", path, json={"text": "Lost?"}, headers={"If-Match": first.headers["ETag"]})
    assert stale.status_code == 412
    assert me("GET", path).json["text"] == "Again."
    assert me("GET", path, query_string={"format": "pdf"}).data.startswith(b"%PDF")
    assert "45 CFR 164.501" in me("GET", path, query_string={"format": "md"}).text
    assert me("DELETE", path).status_code == 204
    assert me("GET", path).status_code == 404


def test_process_notes_are_in_nothing_else_that_leaves_the_system(
    me: Clinician, resources: Resources, office: Office, session_id: UUID
) -> None:
    session = f"/api/sessions/{session_id}"
    me("PUT", f"{session}/process-notes", json={"text": CANARY})
    me.post("sign")
    places = [
        session,
        f"{session}/transcript",
        "/api/sessions/",
        me.path,
        f"{me.path}/versions",
        f"{me.path}/diff",
    ]
    places += [f"{me.path}?format={form}" for form in ("md", "docx", "pdf", "fhir")]
    for place in places:
        answer = me("GET", place)
        assert answer.status_code == 200, place
        assert CANARY not in readable(answer.data)
    boss = people.create(resources, office.caller, "Boss", "therapist")
    people.change(resources, office.caller, me.id, {"supervisor_id": boss.id})
    supervisor = Clinician(resources, office.caller.practice_id, boss.id, session_id)
    assert supervisor("GET", me.path).status_code == 200
    assert supervisor("GET", f"{session}/process-notes").status_code == 404


def test_a_usual_key_does_not_open_process_notes(
    resources: Resources, office: Office, session_id: UUID
) -> None:
    caller = office.caller
    key = accounts.create_key(resources, caller.practice_id, caller.therapist_id)[1]
    usual = Caller(app_of(resources).test_client(), key)
    answer = usual("GET", f"/api/sessions/{session_id}/process-notes")
    assert (answer.status_code, answer.json["code"]) == (403, "scope_missing")
    assert not {"process-notes:read", "process-notes:write"} & THERAPIST_SCOPES


def test_nobody_supervises_themselves_or_in_a_circle(resources: Resources, office: Office) -> None:
    boss = accounts.create_therapist(resources, office.caller.practice_id, "Boss")
    chief = accounts.create_therapist(resources, office.caller.practice_id, "Chief", "administrator")
    key = accounts.create_key(resources, office.caller.practice_id, chief.id)[1]
    office_key = Caller(app_of(resources).test_client(), key)
    mine = str(office.caller.therapist_id)

    def supervise(person: object, by: object) -> tuple[int, str | None]:
        answer = office_key("PATCH", f"/api/therapists/{person}", json={"supervisor_id": by and str(by)})
        return answer.status_code, answer.json.get("code")

    assert supervise(mine, mine) == (409, "supervision_in_a_circle")
    assert supervise(mine, chief.id) == (409, "no_supervisor")
    assert supervise(mine, boss.id) == (200, None)
    assert supervise(boss.id, mine) == (409, "supervision_in_a_circle")
    assert supervise(mine, None) == (200, None)
