"""One clean quote, denial or number never speaks for another."""

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
