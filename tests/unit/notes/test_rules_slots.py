"""Slots hear kinds of risk in words that no phrase lists, in dialects too, and leave ordinary talk alone."""

import pytest

from shared.domain.values import JsonObject
from tests.unit.notes.test_rules_risk import flags
from workers.engines.rules.lexicons.spelling import in_standard_english
from workers.engines.rules.slots.notation import compiled

SAID = ("T: How was your week?", "C: It was all right.", "T: Did you go to work?", "C: I did.")


def said(line: str) -> list[JsonObject]:
    """What is found in a client's ``line``, figures of speech and denials left out."""
    found = flags(*SAID, "T: Tell me more.", f"C: {line}")
    return [flag for flag in found if not (flag["figurative"] or flag["negated"])]


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("I pray the good Lord takes me before the spring.", "passive_suicidal_ideation"),
        ("I was gutted that I woke up again.", "passive_suicidal_ideation"),
        ("I wouldn't be sorry if I died in the night.", "passive_suicidal_ideation"),
        ("I am tired of being alive.", "passive_suicidal_ideation"),
        ("I keep thinking about stepping off the platform.", "suicidal_ideation"),
        ("I don't trust myself with the tablets.", "suicidal_ideation"),
        ("I haven't the courage to go through with it.", "suicidal_ideation"),
        ("I would make it look like an accident.", "suicide_plan"),
        ("I measured the drop.", "suicide_plan"),
        ("I know which rope.", "suicide_plan"),
        ("I can't promise I won't kill myself.", "suicide_intent"),
        ("This is the last time you'll see me.", "suicide_intent"),
        ("I won't live past my next birthday.", "suicide_intent"),
        ("I looped the belt round my neck.", "suicidal_behaviour"),
        ("I drank antifreeze on Tuesday.", "suicidal_behaviour"),
        ("I climbed over the parapet.", "suicidal_behaviour"),
    ],
)
def test_suicide_is_heard_as_a_wish_a_thought_a_plan_an_intent_or_an_act(line: str, kind: str) -> None:
    assert kind in {flag["type"] for flag in said(line)}


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("There's a razor in my school bag.", "self_harm"),
        ("I rub my skin until it's raw.", "self_harm"),
        ("My daughter is cutting herself.", "self_harm"),
        ("I carry a screwdriver in my coat.", "harm_to_others"),
        ("I know where he parks.", "harm_to_others"),
        ("I'm scared I'll do something to my wife.", "harm_to_others"),
        ("My uncle takes the strap to us.", "child_abuse"),
        ("I slapped my toddler so hard.", "child_abuse"),
        ("There's nothing to eat at home.", "child_abuse"),
        ("The night staff shout at the residents.", "dependent_adult_abuse"),
        ("My nephew has drained my aunt's savings.", "dependent_adult_abuse"),
        ("They leave him in the same pad.", "dependent_adult_abuse"),
        ("My wife kicks me in the ribs.", "domestic_violence"),
        ("My partner checks my messages.", "domestic_violence"),
        ("If I leave he'll find me.", "domestic_violence"),
        ("He raises his fist to me.", "domestic_violence"),
        ("The newsreader speaks to me by name.", "psychosis"),
        ("There's a transmitter in my tooth.", "psychosis"),
        ("The neighbours are plotting against me.", "psychosis"),
        ("I swallowed all of my tablets.", "overdose"),
        ("They had to give me naloxone.", "overdose"),
        ("I'm back on the gear.", "substance_use"),
        ("I hide the vodka in the shed.", "substance_use"),
        ("I put my fingers down my throat.", "eating"),
        ("I weigh myself ten times a day.", "eating"),
    ],
)
def test_each_other_kind_of_risk_is_heard_by_its_slots(line: str, kind: str) -> None:
    assert kind in {flag["type"] for flag in said(line)}


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("Ah cannae stop thinkin aboot endin it aw.", "suicidal_ideation"),
        ("He bate me wi the belt.", "domestic_violence"),
        ("I'm gon kill him.", "harm_to_others"),
        ("I keep cuttin meself at night.", "self_harm"),
    ],
)
def test_dialect_is_read_as_what_it_stands_for(line: str, kind: str) -> None:
    assert kind in {flag["type"] for flag in said(line)}


def test_a_word_of_a_dialect_stays_one_word() -> None:
    spoken = ("ah", "think", "ma", "heid", "is", "deid")
    assert in_standard_english(spoken) == ("i", "think", "my", "head", "is", "dead")


@pytest.mark.parametrize(
    "line",
    [
        "I'm scared of spiders.",
        "He shook my hand and left.",
        "We did suicide prevention at work.",
        "The new timetable is suicide.",
        "I drink too much coffee.",
        "I binged on that series about bakers.",
        "I purged the garage at last.",
        "The toddler bit me at nursery.",
        "I could have strangled him, the daft thing.",
        "That song won't leave, I hear it in my head.",
        "I starved all morning for my bloods.",
        "I chose the canal path today.",
        "If looks could kill, she would be in jail.",
    ],
)
def test_ordinary_talk_of_the_same_words_is_no_risk(line: str) -> None:
    assert [flag for flag in said(line) if flag["severity"] != "low"] == []


def test_somebody_elses_death_is_about_another() -> None:
    found = said("A lad from my school took his own life.")
    assert {flag["about"] for flag in found} == {"other"}


def test_a_pattern_names_slots_and_gaps() -> None:
    slots = {"cat": "cat|kitten", "pet": "<cat>|dog"}
    (pattern,) = compiled({"feeding": "# one line\nfed .. <pet>"}, slots)["feeding"]
    assert pattern.search("i fed the little kitten")
    assert pattern.search("i fed the very big and hungry dog") is None
    assert pattern.search("i fed the dogged cattle") is None
