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


def test_turns_of_phrase_say_who_the_therapist_is_where_nobody_asks():
    lines = [
        ("Speaker 1", "Last time we spoke about the exam. It sounds like you had a hard week."),
        ("Speaker 2", "I had. I could not sleep, and my mother called me every day."),
        ("Speaker 1", "Tell me more about your mother."),
    ]
    assert propose_roles(conversation(*lines))["Speaker 1"]["role"] == "therapist"


def test_a_client_who_asks_as_often_and_speaks_of_themselves_is_no_therapist():
    asks = "Am I going mad? I mean, is it me? I cannot stop, my head hurts and I hate my job."
    lines = [("Speaker 1", "What happened? And how did you feel?"), ("Speaker 2", asks)]
    proposed = propose_roles(conversation(*lines, ("Speaker 1", "How long have you had your headaches?")))
    assert {speaker: said["role"] for speaker, said in proposed.items()} == {
        "Speaker 1": "therapist",
        "Speaker 2": "client",
    }


def test_a_client_who_quotes_a_questionnaire_is_no_therapist():
    quoted = "They asked me on a scale of one to ten. I said I was a four. I felt I had to. My hands shook."
    lines = [("Speaker 1", quoted), ("Speaker 2", "How did you sleep? Did your wife wake you? And then?")]
    assert propose_roles(conversation(*lines))["Speaker 2"]["role"] == "therapist"


def test_you_know_is_not_about_the_other_person():
    chatter = (
        "It was, you know, late. It was, you know, dark. And you know, cold. You know, it rained, you know."
    )
    assert propose_roles(conversation(("Speaker 1", chatter), ("Speaker 2", "So it was. Yes."))) == {}


def test_a_single_turn_of_phrase_says_nothing():
    lines = [("Speaker 1", "Tell me more."), ("Speaker 2", "No.")]
    assert propose_roles(conversation(*lines)) == {}
