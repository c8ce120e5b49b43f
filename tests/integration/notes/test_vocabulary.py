"""Words that were corrected twice: offered, taken or dismissed, and expected by the engines."""

import logging
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from shared.domain.values import Phrase, TranscriptionHints
from shared.services.lifecycle import deletion
from shared.services.resources import Resources
from tests.database import everything
from tests.fakes.speech import FakeTranscriber
from tests.integration.api_client import Caller, app_of, caller_of
from tests.integration.browser import browser_of
from tests.integration.notes_calls import SAID, processed
from tests.integration.sessions import audited, bench_with, promise, work
from tests.servers import Office, make_office

RIGHT = SAID.replace("sister", "Zoloft")
WORDS = "/api/vocabulary"


class Listening(FakeTranscriber):
    """Keeps what it was told."""

    def __init__(self) -> None:
        super().__init__()
        self.hints: list[TranscriptionHints] = []

    def transcribe(self, pcm: bytes, hints: TranscriptionHints) -> list[Phrase]:
        self.hints.append(hints)
        return super().transcribe(pcm, hints)


def heard(resources: Resources, office: Office) -> UUID:
    return processed(resources, office)


def correct(call: Caller, session_id: UUID, segment: int, was: str = SAID, says: str | None = RIGHT) -> None:
    change = {"segment": segment, "was": was, "text": says}
    path = f"/api/sessions/{session_id}/transcript/corrections"
    answer = call("PUT", path, json={"corrections": [change]})
    assert answer.status_code == 200, answer.text


def offered(call: Caller) -> list[dict[str, Any]]:
    return list(call("GET", WORDS).json["offers"])


def test_a_word_is_offered_after_the_second_correction_and_expected_when_it_is_accepted(
    call: Caller, resources: Resources, office: Office
) -> None:
    correct(call, heard(resources, office), 0)
    assert offered(call) == []
    correct(call, heard(resources, office), 1)
    (offer,) = offered(call)
    assert (offer["heard"], offer["word"], offer["times"]) == ("sister", "Zoloft", 2)
    answer = call("POST", f"{WORDS}/answers", json={"offer": offer["id"], "accept": True})
    assert answer.json == {"words": ["Zoloft"], "practice": [], "offers": []}
    transcriber = Listening()
    work(bench_with(resources, transcriber=transcriber), promise(resources, office))
    assert transcriber.hints[0].vocabulary == ("Zoloft",)
    assert audited(resources, office.caller.therapist_id, "vocabulary.accept") == 1


def test_a_dismissed_word_is_not_offered_again(call: Caller, resources: Resources, office: Office) -> None:
    session_id = heard(resources, office)
    correct(call, session_id, 0)
    correct(call, session_id, 1)
    (offer,) = offered(call)
    body = {"offer": offer["id"], "accept": False}
    assert call("POST", f"{WORDS}/answers", json=body).json["words"] == []
    correct(call, session_id, 2)
    assert offered(call) == []
    again = call("POST", f"{WORDS}/answers", json=body)
    assert (again.status_code, again.json["code"]) == (404, "no_such_offer")


def test_corrections_that_were_taken_back_or_deleted_count_no_more(
    call: Caller, resources: Resources, office: Office
) -> None:
    first, second = heard(resources, office), heard(resources, office)
    correct(call, first, 0)
    correct(call, second, 0)
    correct(call, second, 0, RIGHT, None)
    assert offered(call) == []
    correct(call, second, 0)
    assert len(offered(call)) == 1
    deletion.delete(resources, office.caller, first)
    assert offered(call) == []


@pytest.mark.parametrize("of_patient", [True, False])
def test_records_under_part_2_offer_no_word(
    call: Caller, resources: Resources, office: Office, of_patient: bool
) -> None:
    session_id = heard(resources, office)
    correct(call, session_id, 0)
    correct(call, session_id, 1)
    subject = f"patients/{office.patient_id}" if of_patient else f"sessions/{session_id}"
    for flag, count in ((True, 0), (False, 1)):
        assert call("PUT", f"/api/{subject}/part2", json={"is_part2": flag}).status_code == 200
        assert len(offered(call)) == count


def test_own_words_are_set_sealed_and_seen_by_their_therapist_alone(
    call: Caller, resources: Resources, office: Office
) -> None:
    set_to = call("PUT", WORDS, json={"words": ["Lamictal", "Elm Street", "lamictal"]})
    assert (set_to.status_code, set_to.json["words"]) == (200, ["Lamictal", "Elm Street"])
    with everything(resources) as db:
        (stored,) = db.scalars(text("SELECT body FROM therapist_words")).all()
    assert b"Lamictal" not in bytes(stored)
    other = caller_of(app_of(resources), resources, make_office(resources))
    assert other("GET", WORDS).json["words"] == []
    assert call("PUT", WORDS, json={"words": ["x" * 101]}).status_code == 422


def test_pages_offer_the_word_and_take_one_click(
    call: Caller, resources: Resources, office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    session_id = heard(resources, office)
    caplog.set_level(logging.DEBUG)
    correct(call, session_id, 0)
    me = browser_of(app_of(resources), resources, office.caller.practice_id, office.caller.therapist_id)
    assert "Words to expect?" not in me.get(f"/sessions/{session_id}").text
    correct(call, session_id, 1)
    page = me.get(f"/sessions/{session_id}").text
    assert "<strong>Zoloft</strong> twice" in page
    assert "your words go with them" in page
    (offer,) = offered(call)
    back = {"offer": offer["id"], "do": "accept", "back": f"/sessions/{session_id}"}
    answer = me.submit("/vocabulary/answers", **back)
    assert (answer.status_code, answer.location) == (303, f"/sessions/{session_id}")
    assert "Words to expect?" not in me.get(f"/sessions/{session_id}").text
    assert "Zoloft" in me.get("/vocabulary").text
    assert me.submit("/vocabulary", words="Lamictal\nElm Street").status_code == 303
    assert call("GET", WORDS).json["words"] == ["Lamictal", "Elm Street"]
    assert me.submit("/vocabulary", words="x" * 101).status_code == 422
    assert "zoloft" not in caplog.text.casefold()
    assert "sister" not in caplog.text
