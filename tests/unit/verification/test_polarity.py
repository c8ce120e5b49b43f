"""What a negation denies, and what only sounds like a denial."""

import pytest

from shared.domain.english.polarity import (
    denies_risk,
    governing_negation,
    has_negation,
    is_risk_worded,
    risk_places,
)

# Each holds a word that denies elsewhere; here what follows it stands.
STATED = (
    "i'm not sure i could keep from suicide",
    "i am not certain suicide is out",
    "i don't know if i want to die",
    "i do not know whether to kill myself",
    "i didn't know i wanted to die",
    "it is not only suicide",
    "it is not just suicide",
    "no wonder my plan is to die",
    "i can't stop planning suicide",
    "i cannot stop planning suicide",
    "i couldn't stop planning suicide",
    "i could not stop planning suicide",
    "i can't help planning suicide",
    "i couldn't help planning suicide",
    "i'm no longer afraid of dying",
    "i can't say suicide is out",
    "i cannot say suicide is out",
    "not that i haven't planned suicide",
    "not that i don't plan suicide",
    "i'm never not planning suicide",
    "don't think i don't plan suicide",
    "i don't see why suicide is wrong",
    "i don't care if death kills me",
    "i do not care if this kills me",
    "i wouldn't mind dying",
    "i would not mind dying",
    "why not suicide then",
    "why don't people choose suicide",
    "why shouldn't it be suicide",
    "no doubt it ends in suicide",
    "no matter what suicide it is",
    "i never stop planning suicide",
    "i never stopped planning suicide",
    "i don't remember when suicide was far",
    "i can't deny suicide is near",
    "there is nothing left but suicide",
    "nothing else than suicide helps",
    "no one would stop my suicide",
    "nobody would stop my suicide",
    "i have no choice but suicide",
    "i see no other way than suicide",
    "there is no reason not to die",
    "i am not afraid of dying",
    "i never told people of my suicide plan",
    "i haven't told people of my suicide plan",
    "i have not told people of my suicide plan",
    "i didn't tell people of my suicide plan",
    "i did not tell people of my suicide plan",
    "i told nobody of my suicide plan",
    "i tell nobody of my suicide plan",
    "nobody knows of my suicide plan",
    "there is nobody that stops my suicide",
    "he does not know of my suicide plan",
    "he doesn't know of my suicide plan",
    "don't tell people of my suicide plan",
    "do not tell people of my suicide plan",
)
DENIED = (
    "i don't want to die",
    "i would never kill myself",
    "no i am not planning to kill myself",
    "i deny any suicide plan",
    "there is no plan to kill him",
    "he never asked me to kill him",
    "i don't think i want to die",
    "i don't believe i would kill myself",
    "i don't feel i want to die",
    "i wasn't thinking i should die",
    "i don't suppose i would kill him",
)


@pytest.mark.parametrize("said", STATED)
def test_a_phrase_that_only_holds_a_negation_denies_nothing(said: str) -> None:
    words = said.split()
    assert has_negation(words)
    assert not denies_risk(words)
    assert any(governing_negation(words, place) is None for place in risk_places(words))


@pytest.mark.parametrize("said", DENIED)
def test_a_negation_before_what_it_denies_denies_it(said: str) -> None:
    words = said.split()
    assert denies_risk(words)
    assert all(governing_negation(words, place) is not None for place in risk_places(words))


@pytest.mark.parametrize(
    ("said", "governs"),
    [
        ("not one two three four five kill", True),
        ("not one two three four five six kill", False),
        ("i did not mean it but kill", False),
        ("i did not mean it except kill", False),
        ("i did not mean it yet kill", False),
        ("that is no joke i want to kill", False),
        ("that is no joke i'm going to kill", False),
        ("that is no joke i've planned to kill", False),
        ("that is no joke i'd kill", False),
        ("that is no joke i'll kill", False),
        ("no i want to kill", False),
        ("nope i want to kill", False),
        ("nope he wants to kill", False),
        ("no we planned to kill", False),
        ("no he wants to kill", False),
        ("no she wants to kill", False),
        ("no they want to kill", False),
        ("no killing", True),
        ("they never told me to kill", True),
        ("they never asked us to kill", True),
        ("not sure but not planning to kill", True),
        ("no plan to kill", True),
        ("well no he wants to kill", True),
        ("i would be lying saying no to kill", False),
        ("saying no to kill", True),
    ],
)
def test_a_negation_reaches_as_far_as_its_clause(said: str, governs: bool) -> None:
    words = said.split()
    place = next(n for n, word in enumerate(words) if word.startswith("kill"))
    assert (governing_negation(words, place) is not None) is governs


def test_the_negation_that_governs_is_named_by_its_place() -> None:
    assert governing_negation(["well", "i", "do", "not", "ever", "kill"], 5) == 3
    assert governing_negation(["kill", "not"], 0) is None


@pytest.mark.parametrize("said", ["no not at all", "oh no", "well that is not", "never"])
def test_an_answer_that_names_no_risk_denies_by_its_first_four_words(said: str) -> None:
    assert denies_risk(said.split())


@pytest.mark.parametrize("said", ["yes", "well i might at times not", "i see"])
def test_an_answer_that_names_no_risk_denies_by_no_later_word(said: str) -> None:
    assert not denies_risk(said.split())


@pytest.mark.parametrize(
    "said",
    [
        "i do not want to live", "i don't want to be alive", "i wish i did not wake up",
        "there is no point in killing time", "never wanted to exist or be hurt",
        "i can not go on i could kill", "no reason for living to die", "i do not want to be here and die",
        "it is not going on without harm",
    ],
)  # fmt: skip
def test_not_to_want_to_live_is_no_denial(said: str) -> None:
    assert not denies_risk(said.split())


@pytest.mark.parametrize(
    "said",
    [
        "suicidal", "killing", "to die", "dying", "self-harm", "self harm", "hurts", "overdosed",
        "end my life", "ending your life", "end his life", "abused", "violence", "an attempt", "a plan",
        "intent", "End Her life", "end their life",
    ],
)  # fmt: skip
def test_words_of_death_and_harm_are_known(said: str) -> None:
    assert is_risk_worded(said)
    assert risk_places(said.casefold().split())[0] < len(said.split())


def test_other_words_are_none_of_death() -> None:
    assert not is_risk_worded("the diet and the plans for dinner at the end of the day")
    assert risk_places(["we", "kill", "time", "and", "plan", "to", "hurt"]) == [1, 4, 6]


def test_a_quote_denies_only_if_all_that_it_names_is_denied() -> None:
    assert denies_risk(["i", "would", "never", "kill", "or", "hurt", "him"])
    assert not denies_risk(["i", "would", "never", "hurt", "him", "but", "kill", "myself"])
