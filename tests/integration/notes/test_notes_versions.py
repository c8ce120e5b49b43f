"""Versions of the notes: edits, offers, and what of them can never be lost."""

from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest

from shared.db.queries.records import notes as rows
from shared.services.resources import Resources
from shared.vault.sealing import Subject
from tests.integration.notes_calls import Clinician, clinician, drafted, extract_again
from tests.integration.sessions import audited
from tests.servers import Office


def test_an_edit_is_a_new_version_with_its_author_and_nothing_is_overwritten(
    me: Clinician, resources: Resources, session_id: UUID
) -> None:
    first = me.notes()
    answer = me.put({"therapist_notes": "She came late. " + first["extracted_notes"]["therapist_notes"]})
    assert answer.status_code == 200
    made = answer.json
    assert (made["version"], made["kind"], made["status"]) == (2, "edit", "draft")
    assert (made["author_id"], made["based_on"]) == (str(me.id), 1)
    assert made["extracted_notes"]["therapist_notes"].startswith("She came late. ")
    assert me.notes(version=1)["extracted_notes"] == first["extracted_notes"]
    listed = me("GET", f"{me.path}/versions").json
    assert [(v["version"], v["kind"], v["status"]) for v in listed] == [
        (1, "draft", "superseded"),
        (2, "edit", "draft"),
    ]
    assert audited(resources, session_id, "notes.edit") == 1


def test_what_a_clinician_adds_is_marked_as_theirs_and_what_was_heard_stays_verified(me: Clinician) -> None:
    before = me.notes()["extracted_notes"]
    invented = {
        "text": "Takes sertraline 50 mg",
        "evidence": [{"segment": 0, "start": 0, "end": 1, "quote": "i take sertraline fifty milligrams"}],
    }
    made = me.put({"unresolved_concerns": [*before["unresolved_concerns"], invented]}).json["extracted_notes"]
    mine = made["unresolved_concerns"][-1]
    assert (mine["verified"], mine["by_clinician"], mine["evidence"]) == (False, True, [])
    assert mine["text"] == "Takes sertraline 50 mg"
    assert made["key_topics"] == before["key_topics"]
    assert all(item["verified"] for item in made["key_topics"])


def test_sentences_that_stay_keep_their_evidence_and_new_ones_have_none(me: Clinician) -> None:
    before = me.notes()["extracted_notes"]
    with_evidence = [s for s in before["field_evidence"]["therapist_notes"] if s["evidence"]]
    assert with_evidence
    text = f"He looked tired. {before['therapist_notes']} We agreed to go on."
    after = me.put({"therapist_notes": text}).json["extracted_notes"]
    assert after["therapist_notes"] == text
    sentences = after["field_evidence"]["therapist_notes"]
    assert [s for s in sentences if s["evidence"]] == with_evidence
    own = [s["sentence"] for s in sentences if s.get("by_clinician")]
    assert own == ["He looked tired.", "We agreed to go on."]


def test_a_sentence_changed_in_its_place_changes_the_text(me: Clinician) -> None:
    before = me.notes()["extracted_notes"]
    sentences = before["field_evidence"]
    sentences["topic_summary"] = [{"sentence": "All in my words.", "evidence": []}]
    after = me.put({"field_evidence": sentences}).json["extracted_notes"]
    assert after["topic_summary"] == "All in my words."


def test_a_quote_that_was_not_said_is_refused(me: Clinician) -> None:
    quote = {"quote": "i am fine", "context": "", "timestamp_start": 0, "evidence": []}
    answer = me.put({"significant_quotes": [quote]})
    assert (answer.status_code, answer.json["code"]) == (400, "quote_not_said")
    assert me.notes()["version"] == 1


def test_a_risk_that_is_left_out_is_kept_apart_and_never_said_to_be_absent(me: Clinician) -> None:
    flags = me.notes()["extracted_notes"]["risk_flags"]
    assert flags
    after = me.put({"risk_flags": []}).json["extracted_notes"]
    apart = [u for u in after["unsupported"] if u["reason"] == "Set aside by the clinician."]
    assert [u["item"]["type"] for u in apart] == [flag["type"] for flag in flags]
    assert "set aside" in after["risk_statement"]
    assert "No mention" not in after["risk_statement"]


def test_an_edit_cannot_set_what_only_the_server_knows(me: Clinician) -> None:
    before = me.notes()["extracted_notes"]
    item = {"text": "Invented", "evidence": [], "verified": True}
    forged = {
        "draft": False,
        "engine": "me",
        "unsupported": [],
        "risk_statement": "No risk.",
        "key_topics": [item],
    }
    after = me.put(forged).json["extracted_notes"]
    for name in ("draft", "engine", "unsupported", "risk_statement"):
        assert after[name] == before[name]
    assert after["key_topics"][0]["verified"] is False


def test_the_same_edit_again_verifies_to_the_same(me: Clinician) -> None:
    first = me.put({"topic_summary": "My own summary."}).json["extracted_notes"]
    assert me.put({}).json["extracted_notes"] == first


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 422),
        ({"extracted_notes": {"session_mood": "splendid"}}, 422),
        ({"extracted_notes": {"key_topics": [{"text": "x"}]}}, 422),
        ({"extracted_notes": {"topic_summary": "a\x00b"}}, 422),
        ({"extracted_notes": {"topic_summary": "a\ud800b"}}, 422),
        ({"extracted_notes": {"topic_summary": "a\u202eb"}}, 422),
        ({"extracted_notes": {"unheard_of": 1}}, 422),
    ],
)
def test_an_edit_that_fails_its_schema_is_refused(
    me: Clinician, body: dict[str, object], status: int
) -> None:
    answer = me("PUT", me.path, json=body, headers={"If-Match": me.tag()})
    assert answer.status_code == status
    assert me.notes()["version"] == 1


def test_an_edit_must_say_what_it_is_an_edit_of(me: Clinician) -> None:
    tag = me.tag()
    answer = me("PUT", me.path, json={"extracted_notes": {}})
    assert (answer.status_code, answer.json["code"]) == (428, "if_match_required")
    assert me.put({}, tag).status_code == 200
    answer = me.put({"topic_summary": "Lost?"}, tag)
    assert (answer.status_code, answer.json["code"]) == (412, "outdated")
    assert me("PUT", me.path, json={"extracted_notes": {}}, headers={"If-Match": "*"}).status_code == 200


def test_an_unchanged_tag_spares_the_body(me: Clinician) -> None:
    assert me("GET", me.path, headers={"If-None-Match": me.tag()}).status_code == 304
    old = me.tag()
    me.put({})
    assert me("GET", me.path, headers={"If-None-Match": old}).status_code == 200


def test_of_edits_at_the_same_moment_one_wins_and_the_others_learn_of_it(
    me: Clinician, resources: Resources, office: Office, session_id: UUID
) -> None:
    tag = me.tag()
    people = [clinician(resources, office, session_id) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        statuses = list(pool.map(lambda one: one.put({"topic_summary": "Mine."}, tag).status_code, people))
    assert sorted(statuses) == [200, 412, 412, 412]
    assert me.notes()["version"] == 2


def test_an_extraction_replaces_what_an_engine_wrote(
    me: Clinician, resources: Resources, office: Office, session_id: UUID
) -> None:
    extract_again(resources, office, session_id)
    found = me.notes()
    assert (found["version"], found["kind"], found["based_on"], found["offered_version"]) == (
        2,
        "draft",
        1,
        None,
    )


def test_an_extraction_after_an_edit_is_offered_and_changes_nothing(
    me: Clinician, resources: Resources, office: Office, session_id: UUID
) -> None:
    mine = me.put({"topic_summary": "In my words."}).json
    tag = me.tag()
    extract_again(resources, office, session_id)
    found = me.notes()
    assert (found["version"], found["offered_version"]) == (2, 3)
    assert found["extracted_notes"] == mine["extracted_notes"]
    assert me("GET", f"/api/sessions/{session_id}").json["extracted_notes"] == mine["extracted_notes"]
    assert me.notes(version=3)["status"] == "offered"
    changes = me("GET", f"{me.path}/diff", query_string={"from": 2, "to": 3}).json
    assert (changes["from"], changes["to"]) == (2, 3)
    assert "topic_summary" in {change["field"] for change in changes["changes"]}
    assert me.put({}, tag).status_code == 200, "an offer takes nothing from an edit"


def test_an_offer_is_accepted_whole_or_in_part_or_dismissed_once(
    me: Clinician, resources: Resources, office: Office, session_id: UUID
) -> None:
    engines = me.notes()["extracted_notes"]
    me.put({"topic_summary": "In my words.", "follow_up_topics": []})
    extract_again(resources, office, session_id)  # version 3
    taken = me.post("accept", {"version": 3, "fields": ["topic_summary"]})
    assert taken.status_code == 200
    assert taken.json["extracted_notes"]["topic_summary"] == engines["topic_summary"]
    assert taken.json["extracted_notes"]["follow_up_topics"] == []
    assert (taken.json["kind"], taken.json["author_id"], taken.json["based_on"]) == ("edit", str(me.id), 2)
    assert me.notes(version=3)["status"] == "accepted"
    assert me.post("accept", {"version": 3}).status_code == 404
    extract_again(resources, office, session_id)  # version 5
    assert me.post("dismiss", {"version": 5}).json["version"] == 4
    assert me.notes(version=5)["status"] == "dismissed"
    assert me.notes()["offered_version"] is None
    extract_again(resources, office, session_id)  # version 6
    whole = me.post("accept", {"version": 6}).json
    assert whole["version"] == 7
    assert whole["extracted_notes"]["follow_up_topics"] == engines["follow_up_topics"]


def test_the_difference_of_an_edit_is_to_what_it_came_from(me: Clinician) -> None:
    concern = {"text": "Rent is due", "evidence": []}
    me.put({"unresolved_concerns": [concern], "session_mood": "positive"})
    changes = me("GET", f"{me.path}/diff").json["changes"]
    mood = {"field": "session_mood", "change": "changed", "before": "very_low", "after": "positive"}
    assert mood in changes
    added = [c for c in changes if c["field"] == "unresolved_concerns" and c["change"] == "added"]
    assert [c["after"]["text"] for c in added] == ["Rent is due"]


def test_versions_that_do_not_exist_are_not_found(me: Clinician) -> None:
    assert me("GET", me.path, query_string={"version": 9}).status_code == 404
    assert me("GET", f"{me.path}/diff", query_string={"from": 9}).status_code == 404
    assert me.post("accept", {"version": 1}).status_code == 404
    assert me.post("dismiss", {"version": 1}).status_code == 404


def test_notes_of_a_past_release_are_read_rendered_and_edited(
    me: Clinician, resources: Resources, office: Office, session_id: UUID
) -> None:
    lost = {"emotional_themes", "triggers", "follow_up_topics", "completeness", "provenance", "needs_review"}
    old = {name: value for name, value in drafted().items() if name not in lost}
    unread = {"code": "not_screened_for_risk", "detail": "Not screened for risk: German."}
    old["review_reasons"] = [unread]
    session = Subject(office.caller.practice_id, session_id)
    with resources.database.transaction(session.practice_id) as db:
        sealed = resources.vault.seal(session, rows.kind(2), old)
        rows.add(
            db, session.practice_id, session_id, version=2, body=sealed, engine="rules-1", template="default"
        )
    assert me.notes()["extracted_notes"]["triggers"] == []
    assert me.notes()["notices"] == [unread]
    for template in ("soap", "dap"):
        assert me("GET", me.path, query_string={"template": template}).status_code == 200
    assert me("GET", me.path, query_string={"format": "md"}).status_code == 200
    assert me.post("render", {"template": "soap"}).status_code == 200
    assert me.put({"therapist_notes": "He looked tired."}).status_code == 200
    assert me.notes(version=2)["extracted_notes"]["emotional_themes"] == []
