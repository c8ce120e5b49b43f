"""One clean quote, denial or number never speaks for another."""

from shared.domain.values import JsonObject
from shared.domain.verification.acceptance import TURNED_DOWN
from shared.domain.verification.cues import NOT_KEPT
from shared.domain.verification.objections.facts import NUMBER
from tests.fixtures.transcripts.loading import from_lines
from tests.note_documents import verify
from tests.unit.verification.test_evidence import flag, notes, piece, sentence, therapist_notes, topic
from workers.engines.rules import screen


def test_a_dictated_link_is_no_evidence_beside_what_is() -> None:
    said = from_lines(
        ["C: I could not sleep at all on Monday.", "C: I read about sleep on www.evil.example and liked it."]
    )
    both = topic("sleep", piece(0, said.segments[0].text), piece(1, said.segments[1].text))
    verified = verify(notes(key_topics=[both]), said)
    assert [e["segment"] for e in verified["key_topics"][0]["evidence"]] == [0]
    assert "www.evil" not in str(verified)


def test_a_denial_of_one_thing_does_not_deny_another() -> None:
    said = from_lines(["C: I do not want to hurt my kids but I want to kill myself."])
    (stands,) = verify(
        notes(risk_flags=[flag("I do not want to hurt my kids but I want to kill myself.", 0)]), said
    )["risk_flags"]
    assert stands["negated"] is False


def test_one_true_number_does_not_carry_an_invented_one() -> None:
    said = from_lines(["C: I take twenty five milligrams of sertraline."])
    quote = piece(0, "I take twenty five milligrams of sertraline")
    assert verify(therapist_notes(sentence("Takes 25 mg of sertraline.", quote)), said)["therapist_notes"]
    assert (
        verify(therapist_notes(sentence("Takes 25 mg of sertraline, 4 tablets.", quote)), said)[
            "therapist_notes"
        ]
        == ""
    )


def test_of_two_answers_the_graver_decides() -> None:
    ask = "T: Have you had any thoughts of killing yourself?"
    found = screen(from_lines([ask, "C: Hm.", ask, "C: Yes."]))
    assert "high" in {f["severity"] for f in found}


TASK = from_lines([
    "T: Could you write down three worries every evening?",
    "C: I don't think I'll do that.",
    "T: Could you walk for ten minutes after lunch?",
    "C: Yeah, I can do that.",
    "T: Could you call your sister on Sunday?",
    "C: I heard that the weather is bad.",
])  # fmt: skip


def task(text: str, segment: int, agreement: str = "accepted") -> JsonObject:
    quote = TASK.segments[segment].text
    return {"task": text, "category": "other", "agreement": agreement, "evidence": [piece(segment, quote)]}


def test_a_task_is_as_far_agreed_as_the_client_answered() -> None:
    walk, call = task("Walk for ten minutes after lunch.", 2), task("Call your sister on Sunday.", 4)
    turned_down = task("Write down three worries every evening.", 0)
    verified = verify(notes(action_items=[walk, call, turned_down]), TASK)
    assert [one["agreement"] for one in verified["action_items"]] == ["accepted", "open"]
    assert [one["reason"] for one in verified["unsupported"]] == [TURNED_DOWN]
    (invented,) = verify(notes(action_items=[task("Walk 20 minutes after lunch.", 2)]), TASK)["unsupported"]
    assert invented["reason"] == NUMBER


def test_what_an_engine_names_in_a_long_session_keeps_its_place() -> None:
    said = from_lines([*(["C: Hm."] * 200), "C: I could not sleep at all on Monday."])
    verified = verify(notes(key_topics=[topic("sleep", piece(200, "I could not sleep at all"))]), said)
    assert [e["segment"] for e in verified["key_topics"][0]["evidence"]] == [200]
    apart = verify(notes(key_topics=[topic("sleep", piece(150, "never said at all"))]), said)["unsupported"]
    assert apart[0]["item"]["evidence"][0]["segment"] == 150


def test_only_a_sentence_in_words_of_its_own_is_held_to_the_cues_of_its_quote() -> None:
    said = from_lines(["T: Go on.", "C: I've had the letter, the benefits are stopped."])
    quote = piece(1, said.segments[1].text)
    claim = sentence("The client's benefits may be stopped.", quote)
    assert [one["reason"] for one in verify(therapist_notes(claim), said)["unsupported"]] == [NOT_KEPT]
    assert verify(notes(key_topics=[topic("benefits may be stopped", quote)]), said)["key_topics"]


def test_what_the_rest_of_the_segment_says_supports_a_claim_beside_its_quote() -> None:
    said = from_lines(
        ["T: Hm.", "C: I could not sleep at all. The noise of the hotel and the heat kept me up."]
    )
    claim = sentence(
        "I could not sleep at all for the noise, the heat, the hotel.", piece(1, "I could not sleep at all")
    )
    verified = verify(therapist_notes(claim), said)
    (stands,) = verified["field_evidence"]["therapist_notes"]
    assert stands["support"] == "claim_supported"


def test_a_sentence_that_repeats_its_quote_is_held_to_whom_it_was_said_of() -> None:
    said = from_lines(["T: How is home?", "C: My mother drinks every day when it is cold."])
    claim = sentence("The client drinks every day.", piece(1, "drinks every day"))
    assert verify(therapist_notes(claim), said)["field_evidence"]["therapist_notes"] == []
