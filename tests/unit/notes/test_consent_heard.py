"""Passages in which consent to being recorded is asked for and given: proposed, not decided."""

import pytest

from shared.domain.transcripts.consent_heard import WITHIN_SECONDS, Heard, Said, find


def heard(*texts: str, start: float = 5.0, alone: bool = False) -> list[Heard]:
    """What is found where two speakers say these texts in turn, or one says all of them."""
    said = [
        Said(start + 10 * number, start + 10 * number + 5, "A" if alone else "AB"[number % 2], text)
        for number, text in enumerate(texts)
    ]
    return find(said)


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("Before we start, is it okay if I record our session today?", "Yeah, that's fine."),
        ("do you mind if i record this", "no not at all"),
        ("Would you mind if we recorded the session?", "No, go ahead."),
        ("Do you consent to this session being recorded and transcribed?", "I do."),
        ("Can I record us today?", "Uh, sure."),
        ("Are you still comfortable with me recording these?", "Yes, I am."),
        ("I'd like to record so that I can listen to you. Is that all right with you?", "Of course."),
        ("do i have your permission to tape this session", "mm hmm yes"),
        ("As we discussed, I record for my notes, if that's okay?", "It's totally fine."),
        ("It will be recorded. Are you okay with that?", "Well, yes, I guess."),
    ],
)
def test_a_question_with_its_answer_is_proposed(question: str, answer: str) -> None:
    (found,) = heard(question, answer)
    assert (found.start, found.end) == (5.0, 20.0)
    assert found.asked is not None
    assert (found.asked.text, found.given.text) == (question, answer)


@pytest.mark.parametrize(
    "answer",
    [
        "No.",
        "Um, no, not today.",
        "I'd rather you didn't.",
        "I'd rather not.",
        "I'm not sure about that.",
        "Yes, but please don't record the part about my son.",
        "I don't want that.",
        "Okay, but not today.",
        "What is it for?",
        "",
    ],
)
def test_a_refusal_a_doubt_and_a_condition_are_not_proposed(answer: str) -> None:
    assert heard("Is it okay if I record our session?", answer) == []


@pytest.mark.parametrize("answer", ["Yes, I do mind.", "Yes.", "I do mind, actually.", "No, please don't."])
def test_a_person_who_minds_did_not_consent(answer: str) -> None:
    assert heard("Do you mind if I record this?", answer) == []


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("My boss recorded me at work. Is that okay?", "Yes."),
        ("Is it okay if we begin?", "Yes."),
        ("I am recording now. How are you?", "Okay."),
        ("She set a record, is it good?", "Yes."),
        ("Was it okay that we recorded it last week?", "Yes."),
    ],
)
def test_other_questions_are_not_proposed(question: str, answer: str) -> None:
    assert heard(question, answer) == []


def test_a_question_of_two_segments_is_one() -> None:
    said = [
        Said(1, 4, "A", "I would like to record this session."),
        Said(5, 6, "A", "Is that okay?"),
        Said(7, 8, "B", "Sure."),
    ]
    (found,) = find(said)
    assert (found.start, found.end) == (1, 8)


def test_an_answer_in_the_same_segment_counts_where_speakers_are_not_told_apart() -> None:
    (found,) = heard("Is it okay if I record this? Yes, that's fine.", alone=True)
    assert found.asked == found.given
    assert heard("Is it okay if I record this? Yes, but please don't keep it.", alone=True) == []
    assert len(heard("Is it okay if I record this?", "Yes.", alone=True)) == 1


def test_consent_in_words_of_its_own_is_proposed() -> None:
    (found,) = heard("I consent to being recorded.")
    assert found.asked is None
    assert heard("Do I consent to being recorded?") == []


def test_what_comes_late_or_is_answered_late_is_not_proposed() -> None:
    question, answer = "Is it okay if I record our session?", "Yes."
    assert heard(question, answer, start=WITHIN_SECONDS) != []
    assert heard(question, answer, start=WITHIN_SECONDS + 1) == []
    assert find([Said(0, 5, "A", question), Said(60, 61, "B", answer)]) == []


def test_one_passage_is_told_once() -> None:
    question = "Is it okay if I record this?"
    assert len(heard(question, "Yes.", "Great, so it is okay to record. I agree to record.", "Okay.")) <= 2
    assert len(heard(*[question, "Yes."] * 9)) == 5
