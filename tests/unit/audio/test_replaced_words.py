"""What a vocabulary learns from corrections: which words, and which are offered."""

import pytest

from shared.domain.transcripts.replaced_words import offers, replaced


@pytest.mark.parametrize(
    ("heard", "said", "found"),
    [
        ("I take serta lean now.", "I take sertraline now.", [("serta lean", "sertraline")]),
        ("so soul often, yes", "so “Zoloft”, yes", [("soul often", "Zoloft")]),
        ("i saw ana yesterday", "I saw Hannah yesterday.", [("ana", "Hannah")]),
        ("hello there", "Hello, there!", []),  # case and marks alone
        ("it was for me", "it was 4 me", []),  # nothing to expect
        ("I am", "I am very tired", []),  # words that were left out
        ("one two three four", "all other words completely", []),  # a sentence of its own
        ("", "Something", []),
    ],
)
def test_short_replacements_are_found(heard: str, said: str, found: list[tuple[str, str]]) -> None:
    assert list(replaced(heard, said)) == found


def test_a_word_is_offered_when_it_was_corrected_twice_in_the_same_way() -> None:
    pairs = [("soul often", "Zoloft"), ("soul often", "zoloft"), ("so loft", "Zoloft"), ("ana", "Hannah")]
    (offer,) = offers(pairs, (), ())
    assert (offer.heard, offer.word, offer.times) == ("soul often", "Zoloft", 2)
    assert "Zoloft" not in repr(offer)


def test_known_and_dismissed_words_are_not_offered() -> None:
    pairs = [("soul often", "Zoloft")] * 2
    (offer,) = offers(pairs, (), ())
    assert offers(pairs, ("ZOLOFT",), ()) == []
    assert offers(pairs, (), (offer.id,)) == []
    assert offers([("so loft", "Zoloft")] * 2, (), (offer.id,)) != []
