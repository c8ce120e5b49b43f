"""Words corrected by their therapist: read everywhere, undone, and the notes held against them."""

from typing import Any
from uuid import UUID

from shared.services.resources import Resources
from tests.integration.notes_calls import SAID, Clinician, extract_again
from tests.integration.sessions import audited, products
from tests.servers import Office

BROTHER = SAID.replace("sister", "brother")


def correct(me: Clinician, *changes: dict[str, Any]):
    return me("PUT", path(me), json={"corrections": list(changes)})


def path(me: Clinician) -> str:
    return me.path.replace("/notes", "/transcript/corrections")


def everywhere(text: str, was: str = SAID) -> list[dict[str, Any]]:
    return [{"segment": number, "was": was, "text": text} for number in range(3)]


def marks(notes: dict[str, Any]) -> list[str]:
    """The words of every sentence that rests on words that were corrected since."""
    sentences = [s for of_field in notes["extracted_notes"]["field_evidence"].values() for s in of_field]
    return [sentence["sentence"] for sentence in sentences if sentence.get("words_changed")]


def test_a_correction_is_read_in_every_form_and_the_engines_words_are_kept(
    me: Clinician, resources: Resources, session_id: UUID
) -> None:
    answer = correct(me, {"segment": 1, "was": SAID, "text": "I felt anxious.", "speaker": "Speaker 1"})
    assert answer.status_code == 200, answer.json
    (said,) = answer.json["corrections"]
    assert (said["segment"], said["text"], said["speaker"]) == (1, "I felt anxious.", "Speaker 1")
    assert (said["heard"], said["by"]) == (SAID, str(me.id))
    session = me.path.removesuffix("/notes")
    assert "I felt anxious." in me("GET", f"{session}/transcript?format=vtt").text
    read = me("GET", f"{session}/transcript").json["segments"]
    assert read[1]["corrected"]["heard"] == SAID
    assert [segment["speaker"] for segment in read] == ["Speaker 1"] * 3
    assert "corrected" not in read[0]
    assert me("GET", session).json["transcript_segments"][1]["text"] == "I felt anxious."
    assert me("GET", path(me)).json == answer.json
    assert audited(resources, session_id, "transcript.correct") == 1


def test_a_correction_is_taken_back_by_null_or_by_the_words_that_were_heard(
    me: Clinician, resources: Resources, session_id: UUID
) -> None:
    for undone in (None, SAID):
        assert correct(me, {"segment": 0, "was": SAID, "text": "Other words."}).status_code == 200
        back = correct(me, {"segment": 0, "was": "Other words.", "text": undone})
        assert (back.status_code, back.json["corrections"]) == (200, [])
        assert "corrections" not in products(resources, session_id)


def test_a_text_that_is_not_as_it_was_read_is_a_conflict_and_nothing_is_changed(me: Clinician) -> None:
    good = {"segment": 0, "was": SAID, "text": "Other words."}
    answer = correct(me, good, {"segment": 1, "was": "what i read", "text": "Mine."})
    assert (answer.status_code, answer.json["code"]) == (409, "words_changed")
    assert me("GET", path(me)).json["corrections"] == []


def test_segments_and_speakers_that_are_not_there_are_refused(me: Clinician) -> None:
    beyond = correct(me, {"segment": 3, "was": "", "text": "Mine."})
    assert (beyond.status_code, beyond.json["code"]) == (404, "no_such_segment")
    stranger = correct(me, {"segment": 0, "was": SAID, "text": "Mine.", "speaker": "Speaker 9"})
    assert (stranger.status_code, stranger.json["code"]) == (400, "no_such_speaker")


def test_notes_that_rest_on_words_that_were_corrected_say_so(me: Clinician) -> None:
    before = me.notes()
    assert marks(before) == []
    assert correct(me, *everywhere(BROTHER)).status_code == 200
    after = me.notes()
    assert [s for s in marks(after) if "sister" in s]
    assert not [s for s in marks(after) if "sister" not in s]
    assert "brother" in str(after["extracted_notes"]["field_evidence"])  # quotes read as they do now
    assert correct(me, *everywhere(None, BROTHER)).status_code == 200  # type: ignore[arg-type]
    assert me.notes() == before


def test_an_edit_after_a_correction_is_held_against_the_corrected_words(me: Clinician) -> None:
    assert correct(me, *everywhere("Something else was said here.")).status_code == 200
    answer = me("PUT", me.path, json={"extracted_notes": {}}, headers={"If-Match": me.tag()})
    assert answer.status_code == 200, answer.json
    notes = answer.json["extracted_notes"]
    assert notes["significant_quotes"] == []
    fallen = marks(answer.json)
    assert fallen  # the engine's words stay the engine's, and say why they stand no more
    sentences = [one for of_field in notes["field_evidence"].values() for one in of_field]
    assert not any(one.get("by_clinician") for one in sentences)
    assert not any(one["verified"] for one in sentences if one["sentence"] in fallen)


def test_notes_that_are_made_again_are_made_of_the_corrected_words(
    me: Clinician, resources: Resources, office: Office, session_id: UUID
) -> None:
    assert correct(me, *everywhere(BROTHER)).status_code == 200
    extract_again(resources, office, session_id)
    notes = me.notes()
    assert marks(notes) == []
    assert "brother" in str(notes["extracted_notes"])
    assert "sister" not in str(notes["extracted_notes"])


def test_what_is_signed_stays_as_it_was_signed(me: Clinician, resources: Resources) -> None:
    assert me.post("sign").status_code == 200
    signed = me.notes()
    assert correct(me, *everywhere(BROTHER)).status_code == 200
    assert me.notes() == signed


def test_off_the_record_takes_the_corrected_words_too(
    me: Clinician, resources: Resources, session_id: UUID
) -> None:
    assert correct(me, *everywhere("Never to be read again.")).status_code == 200
    session = me.path.removesuffix("/notes")
    answer = me("POST", f"{session}/off-the-record", json={"ranges": [{"start": 21.0, "end": 22.0}]})
    assert answer.status_code == 202, answer.json
    assert len(me("GET", path(me)).json["corrections"]) == 2
    texts = [segment["text"] for segment in me("GET", f"{session}/transcript").json["segments"]]
    assert texts.count("Never to be read again.") == 2
