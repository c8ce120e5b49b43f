"""Sentences, question marks and capitals from bare words."""

import pytest

from shared.domain.transcripts.punctuation import punctuate
from shared.domain.values import Word


def spoken(*sentences: str, gap: float = 0.3) -> list[Word]:
    """Words of 0.2 s each; sentences are ``gap`` seconds apart."""
    words, at = [], 0.0
    for sentence in sentences:
        for text in sentence.split():
            words.append(Word(text, at, at + 0.2, 0.9))
            at += 0.2
        at += gap
    return words


def test_a_pause_ends_a_sentence():
    assert punctuate(spoken("it was hard", "my boss was angry")) == "It was hard. My boss was angry."


def test_a_gap_shorter_than_a_fifth_of_a_second_does_not_end_a_sentence():
    assert punctuate(spoken("it was hard", "for me", gap=0.15)) == "It was hard for me."


@pytest.mark.parametrize(
    "question",
    [
        "what happened next",
        "how have you been sleeping",
        "have you had any thoughts of hurting yourself",
        "and can we meet again on thursday",
        "when do you wake up",
        "don't you think so",
    ],
)
def test_a_sentence_that_opens_like_a_question_gets_a_question_mark(question):
    assert punctuate(spoken(question)).endswith("?")


@pytest.mark.parametrize(
    "statement",
    ["when you wake up you worry", "do not call him", "that is what i said", "will told me about it", "yes"],
)
def test_a_statement_that_looks_like_a_question_gets_a_full_stop(statement):
    assert punctuate(spoken(statement)).endswith(".")


def test_each_sentence_is_judged_on_its_own():
    assert punctuate(spoken("thank you", "did you practice it")) == "Thank you. Did you practice it?"


def test_the_first_person_and_names_of_days_are_capitalised():
    assert punctuate(spoken("on monday i felt that i'm better")) == "On Monday I felt that I'm better."


def test_words_that_are_also_verbs_are_not_taken_for_months():
    assert punctuate(spoken("we may march on")) == "We may march on."


def test_no_words_give_no_text():
    assert punctuate([]) == ""
