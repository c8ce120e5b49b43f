"""Who is proposed as the therapist."""

from shared.domain.transcripts.roles import propose_roles
from shared.domain.values import Segment


def conversation(*lines: tuple[str, str]) -> list[Segment]:
    return [Segment(i, i + 0.9, text, speaker) for i, (speaker, text) in enumerate(lines)]


def test_the_one_who_asks_is_the_therapist():
    asked = [
        ("Speaker 2", "How was your week? And your sleep?"),
        ("Speaker 1", "Bad."),
        ("Speaker 2", "Why?"),
    ]
    assert propose_roles(conversation(*asked)) == {
        "Speaker 1": {"role": "client", "confidence": 0.8},
        "Speaker 2": {"role": "therapist", "confidence": 0.8},
    }


def test_two_who_ask_alike_get_no_roles():
    asked = [("Speaker 1", "Why? Why?"), ("Speaker 2", "Why? Why?")]
    assert propose_roles(conversation(*asked)) == {}


def test_a_single_question_says_nothing():
    assert propose_roles(conversation(("Speaker 1", "How are you?"), ("Speaker 2", "Fine."))) == {}


def test_of_a_couple_both_are_clients():
    lines = [("Speaker 1", "Why? Why? Why? Why?"), ("Speaker 2", "So."), ("Speaker 3", "So.")]
    proposed = propose_roles(conversation(*lines))
    assert [proposed[f"Speaker {n}"]["role"] for n in (1, 2, 3)] == ["therapist", "client", "client"]
    assert proposed["Speaker 1"]["confidence"] == 0.71


def test_among_three_the_one_who_asks_must_ask_more_than_all_others():
    lines = [("Speaker 1", "Why? Why? Why?"), ("Speaker 2", "Why? Why?"), ("Speaker 3", "So.")]
    assert propose_roles(conversation(*lines)) == {}
