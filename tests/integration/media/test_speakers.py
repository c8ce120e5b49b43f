"""Who spoke: shown, and corrected by one call that transcript, notes and findings follow."""

from uuid import UUID

import pytest
from sqlalchemy import text

from shared.domain.status import Status
from shared.domain.values import Chunk, SpeechPlan, Turn, Utterance
from shared.services.resources import Resources
from tests.database import everything
from tests.fakes.speech import FakeSpeechAnalyser, FakeTranscriber
from tests.integration.sessions import audited, bench_with, promise, row, step, versions, work
from tests.servers import Office

RISK = "sometimes i want to kill myself"
SWAPPED = [
    {"label": "Speaker 1", "role": "client", "name": "Ann Onymous"},
    {"label": "Speaker 2", "role": "therapist"},
]


@pytest.fixture
def session_id(resources: Resources, office: Office) -> UUID:
    """A processed session of two speakers who both say something alarming."""
    session_id = promise(resources, office)
    work(bench_with(resources, transcriber=FakeTranscriber(RISK)), session_id)
    return session_id


def test_speakers_are_shown_with_how_long_they_spoke(call, session_id):
    answer = call("GET", f"/api/sessions/{session_id}/speakers")
    assert [(s["label"], s["seconds"], s["words"]) for s in answer.json["speakers"]] == [
        ("Speaker 1", 39.0, 12),
        ("Speaker 2", 19.5, 6),
    ]


def test_one_call_relabels_the_transcript_in_every_format_the_notes_and_the_findings(
    call, resources, session_id
):
    path = f"/api/sessions/{session_id}"
    before = call("GET", path)
    answer = call("PUT", f"{path}/speakers", json={"speakers": SWAPPED})
    assert answer.status_code == 200, answer.json
    assert answer.json["extracting_notes"]
    work(bench_with(resources), session_id)
    after = call("GET", path, headers={"If-None-Match": before.headers["ETag"]})
    assert after.status_code == 200
    assert {s["speaker"] for s in after.json["transcript_segments"]} == {"Ann Onymous", "Therapist"}
    assert {flag["speaker"] for flag in after.json["risk_flags"]} <= {"Ann Onymous", "Therapist"}
    assert after.json["risk_flags"]
    for form in ("txt", "vtt", "srt"):
        shown = call("GET", f"{path}/transcript?format={form}").text
        assert "Ann Onymous" in shown
        assert "Speaker" not in shown
    segments = call("GET", f"{path}/transcript").json["segments"]
    assert {s["speaker"] for s in segments} == {"Ann Onymous", "Therapist"}
    notes = call("GET", f"{path}/notes").json["extracted_notes"]
    assert {flag["speaker"] for flag in notes["risk_flags"]} <= {"Ann Onymous", "Therapist"}
    assert audited(resources, session_id, "speakers.change") == 1


def test_of_a_couple_both_are_clients_and_keep_their_names_apart(call, resources, office):
    utterances = [Utterance(i * 20.0, i * 20.0 + 18.0) for i in range(3)]
    turns = tuple(Turn(u.start, u.end, f"Speaker {i + 1}") for i, u in enumerate(utterances))
    plan = SpeechPlan(60.0, tuple(Chunk((utterance,)) for utterance in utterances), turns)
    bench = bench_with(resources, analyser=FakeSpeechAnalyser(plan), transcriber=FakeTranscriber(RISK))
    path = f"/api/sessions/{(couple := promise(resources, office))}"
    work(bench, couple)
    roles = {"Speaker 1": "therapist", "Speaker 2": "client", "Speaker 3": "client"}
    cast = [{"label": label, "role": role} for label, role in roles.items()]
    call("PUT", f"{path}/speakers", json={"speakers": cast})
    work(bench, couple)
    segments = call("GET", f"{path}/transcript").json["segments"]
    assert [s["speaker"] for s in segments] == ["Therapist", "Client 1", "Client 2"]
    for flag in call("GET", path).json["risk_flags"]:
        assert flag["speaker"] == segments[flag["evidence"][0]["segment"]]["speaker"]
    named = [{"label": "Speaker 3", "role": "client", "name": "Bo"}]
    call("PUT", f"{path}/speakers", json={"speakers": named})
    segments = call("GET", f"{path}/transcript").json["segments"]
    assert [s["speaker"] for s in segments] == ["Therapist", "Client", "Bo"]


def test_a_role_that_changes_has_the_notes_made_again(call, resources, session_id):
    call("PUT", f"/api/sessions/{session_id}/speakers", json={"speakers": SWAPPED})
    assert row(resources, session_id).status is Status.EXTRACTING_NOTES
    work(bench_with(resources), session_id)
    assert row(resources, session_id).status is Status.PROCESSED
    assert versions(resources, session_id) == [1, 2]


def test_a_name_alone_makes_no_work(call, resources, session_id):
    named = {"speakers": [{"label": "Speaker 1", "name": "Ann"}]}
    answer = call("PUT", f"/api/sessions/{session_id}/speakers", json=named)
    assert not answer.json["extracting_notes"]
    assert row(resources, session_id).status is Status.PROCESSED
    flags = call("GET", f"/api/sessions/{session_id}").json["risk_flags"]
    assert "Ann" in {flag["speaker"] for flag in flags}


def test_a_run_of_extraction_that_knew_other_roles_is_fenced(call, resources, session_id):
    path = f"/api/sessions/{session_id}"
    call("POST", f"{path}/extract-notes")
    with everything(resources) as db:
        db.execute(
            text("UPDATE steps SET state = 'running', lease_token = :id WHERE name = 'extract_notes'"),
            {"id": UUID(int=1)},
        )
    call("PUT", f"{path}/speakers", json={"speakers": SWAPPED})
    after = step(resources, session_id, "extract_notes")
    assert (after.state, after.lease_token) == ("ready", None)


def test_an_unknown_label_is_refused_and_nothing_changes(call, session_id):
    path = f"/api/sessions/{session_id}"
    mixed = {"speakers": [{"label": "Speaker 1", "name": "Ann"}, {"label": "Speaker 9", "name": "Bo"}]}
    answer = call("PUT", f"{path}/speakers", json=mixed)
    assert (answer.status_code, answer.json["code"]) == (404, "no_such_speaker")
    assert "Ann" not in call("GET", path).text


def test_before_there_is_a_transcript_nobody_is_there_to_be_named(call, resources, office):
    waiting = promise(resources, office)
    for method, options in (("GET", {}), ("PUT", {"json": {"speakers": SWAPPED}})):
        answer = call(method, f"/api/sessions/{waiting}/speakers", **options)
        assert (answer.status_code, answer.json["code"]) == (404, "no_transcript_yet")


def test_names_lie_encrypted_and_go_with_the_session(call, resources, session_id):
    call("PUT", f"/api/sessions/{session_id}/speakers", json={"speakers": SWAPPED})
    with everything(resources) as db:
        stored = db.execute(text("SELECT body FROM outputs WHERE name = 'speakers'")).scalar_one()
    assert b"Onymous" not in bytes(stored)
    call("DELETE", f"/api/sessions/{session_id}")
    with everything(resources) as db:
        assert not db.execute(text("SELECT 1 FROM outputs WHERE name = 'speakers'")).all()
