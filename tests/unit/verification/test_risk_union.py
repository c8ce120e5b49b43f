"""Two readers' findings of risk become one list: the graver reading holds; what both affirm is an alert."""

from typing import Any

import pytest

from shared.domain.notes.items import Item
from shared.domain.verification.risk import (
    LANGUAGE_MODEL,
    LOCAL_MODEL,
    RULES,
    Screening,
    found_by_model_alone,
    levelled,
    only_model,
    settled_flag,
    united_flags,
)

SEVERITIES = ("low", "medium", "high")


def flag(reader: str = RULES, *segments: int, quote: str = "I want to die", **fields: Any) -> Item:
    evidence = [
        {"segment": segment, "quote": quote, "start": 1.0, "end": 2.0} for segment in segments or (300,)
    ]
    return Item.of({
        "type": "suicidal_ideation", "severity": "medium", "negated": False, "figurative": False,
        "temporality": "present", "about": "self", "readers": [reader], "found_by": ["screen"],
        "evidence": evidence, **fields,
    })  # fmt: skip


def levels(*flags: Item) -> list[str]:
    return [one.text("level") for one in flags]


@pytest.mark.parametrize(
    "kind",
    [
        "passive_suicidal_ideation",
        "suicidal_ideation",
        "suicide_plan",
        "suicide_intent",
        "suicidal_behaviour",
    ],
)
def test_every_kind_of_suicide_is_affirmed_by_any_other(kind: str) -> None:
    other = "suicide_plan" if kind != "suicide_plan" else "suicide_intent"
    found = united_flags([flag(RULES, type=kind)], [flag(LOCAL_MODEL, type=other, level="flag")])
    assert levels(*found) == ["alert", "alert"]


@pytest.mark.parametrize(
    ("own", "other"),
    [
        (flag(RULES, type="abuse"), flag(LOCAL_MODEL, type="self_harm", level="flag")),
        (flag(RULES, 300), flag(LOCAL_MODEL, 301, level="flag")),
        (flag(RULES, 300), flag(LOCAL_MODEL, 300, level="look")),
        (flag(RULES, 300), flag(LOCAL_MODEL, 300)),
        (flag(RULES), flag(LANGUAGE_MODEL, level="flag")),
        (flag(LOCAL_MODEL, level="flag"), flag(LOCAL_MODEL, level="flag")),
        (flag(RULES, severity="low"), flag(LOCAL_MODEL, level="flag")),
        (flag(RULES), flag(LOCAL_MODEL, level="flag", severity="low")),
        (flag(RULES, negated=True), flag(LOCAL_MODEL, level="flag")),
        (flag(RULES, figurative=True), flag(LOCAL_MODEL, level="flag")),
        (flag(RULES, temporality="past"), flag(LOCAL_MODEL, level="flag")),
        *(
            (flag(RULES, type=kind), flag(LOCAL_MODEL, type=kind, level="flag"))
            for kind in ("substance_use", "eating", "other")
        ),
    ],
)
def test_no_alert_where_two_readers_do_not_affirm_the_same_in_the_same_place(own: Item, other: Item) -> None:
    assert "alert" not in levels(*united_flags([own], [other]))


@pytest.mark.parametrize("severity", ["medium", "high"])
@pytest.mark.parametrize("own_first", [True, False])
def test_the_local_model_and_another_reader_together_raise_an_alert(severity: str, own_first: bool) -> None:
    rules, model = flag(RULES, severity=severity), flag(LOCAL_MODEL, severity=severity, level="flag")
    (one,) = united_flags([rules], [model]) if own_first else united_flags([model], [rules])
    assert one.text("level") == "alert"
    assert one.texts("readers") == (RULES, LOCAL_MODEL)


def test_the_readers_stand_in_one_order_whoever_read_first() -> None:
    (one,) = united_flags([flag(LANGUAGE_MODEL)], [flag(RULES)])
    assert one.texts("readers") == (RULES, LANGUAGE_MODEL)
    (one,) = united_flags([flag(LOCAL_MODEL, level="flag")], [flag(RULES)])
    assert one.texts("readers") == (RULES, LOCAL_MODEL)


def test_who_found_it_is_kept_of_both() -> None:
    (one,) = united_flags([flag(found_by=["screen"])], [flag(LANGUAGE_MODEL, found_by=["engine"])])
    assert one.texts("found_by") == ("engine", "screen")


def test_of_flags_in_the_same_segments_the_one_with_just_these_takes_the_reading() -> None:
    wide, narrow = flag(RULES, 300, 301, severity="low"), flag(RULES, 301, severity="low")
    found = united_flags([wide, narrow], [flag(LANGUAGE_MODEL, 301, severity="high")])
    assert {one.segments: one.text("severity") for one in found} == {
        frozenset({300, 301}): "low",
        frozenset({301}): "high",
    }


def test_of_flags_that_only_touch_every_one_takes_the_reading_and_the_other_stays() -> None:
    mine = flag(RULES, 300, severity="low")
    found = united_flags([mine], [flag(LANGUAGE_MODEL, 300, 301, severity="high")])
    assert sorted(len(one.segments) for one in found) == [1, 2]
    assert {one.text("severity") for one in found} == {"high"}


@pytest.mark.parametrize("one", SEVERITIES)
@pytest.mark.parametrize("other", SEVERITIES)
def test_the_union_is_never_milder_than_one_of_its_readers(one: str, other: str) -> None:
    (flag_of_both,) = united_flags([flag(severity=one)], [flag(LANGUAGE_MODEL, severity=other)])
    assert flag_of_both.text("severity") == max(one, other, key=SEVERITIES.index)


@pytest.mark.parametrize("doubt", ["negated", "figurative"])
def test_a_doubt_stays_only_if_both_have_it(doubt: str) -> None:
    for one, other in ((True, False), (False, True), (True, True), (False, False)):
        (both,) = united_flags([flag(**{doubt: one})], [flag(LANGUAGE_MODEL, **{doubt: other})])
        assert both.properties[doubt] is (one and other)


def test_the_present_and_the_client_are_graver_than_the_past_and_another() -> None:
    past = {"temporality": "past", "about": "other"}
    for own, other in ((past, {}), ({}, past)):
        (one,) = united_flags([flag(**own)], [flag(LANGUAGE_MODEL, **other)])
        assert (one.text("temporality"), one.text("about")) == ("present", "self")
    (one,) = united_flags([flag(**past)], [flag(LANGUAGE_MODEL, **past)])
    assert (one.text("temporality"), one.text("about")) == ("past", "other")


def test_a_look_of_the_local_model_takes_no_denial_back_and_a_flag_does() -> None:
    denied = flag(negated=True)
    (faint,) = united_flags([denied], [flag(LOCAL_MODEL, level="look")])
    (strong,) = united_flags([denied], [flag(LOCAL_MODEL, level="flag")])
    assert (faint.has("negated"), strong.has("negated")) == (True, False)


def test_the_question_is_kept_from_whoever_has_it() -> None:
    asked = flag(LANGUAGE_MODEL, question="Do you want to die?")
    for own, other in ((flag(), asked), (asked, flag())):
        (one,) = united_flags([own], [other])
        assert one.text("question") == "Do you want to die?"


def test_alerts_come_first_then_what_is_grave() -> None:
    mild, grave = flag(severity="low"), flag(severity="high", type="abuse")
    alert = flag(severity="low", type="eating", level="alert")
    assert united_flags([mild, grave, alert], []) == [alert, grave, mild]


@pytest.mark.parametrize(
    ("severity", "least", "level"),
    [
        ("low", "high", "look"), ("medium", "high", "flag"), ("high", "high", "alert"),
        ("low", "medium", "look"), ("medium", "medium", "alert"), ("low", "low", "alert"),
    ],
)  # fmt: skip
def test_the_level_follows_from_the_severity(severity: str, least: str, level: str) -> None:
    assert levels(*levelled([flag(severity=severity)], least)) == [level]
    assert levels(*levelled([flag(severity="low", level="alert")], "high")) == ["alert"]


@pytest.mark.parametrize(
    ("readers", "alone"),
    [([LOCAL_MODEL], True), ([RULES], False), ([RULES, LOCAL_MODEL], False), ([], False), (["a"], False)],
)
def test_the_local_model_alone_is_told_from_it_with_others(readers: list[str], alone: bool) -> None:
    assert found_by_model_alone(flag(readers=readers)) is alone
    assert only_model({"readers": readers}) is alone


@pytest.mark.parametrize(
    ("quotes", "negated"),
    [
        (("I would never hurt myself",), True),
        (("I want to hurt myself",), False),
        (("Do you not want to hurt yourself?",), False),
        (("Do you want to hurt yourself?", "I would never hurt myself"), True),
    ],
)
def test_an_engines_denial_stands_only_on_a_statement_that_denies(
    quotes: tuple[str, ...], negated: bool
) -> None:
    evidence = [{"segment": 1, "quote": quote} for quote in quotes]
    claimed = flag(found_by=["engine"], negated=True, evidence=evidence)
    assert settled_flag(claimed).has("negated") is negated
    of_screen = flag(found_by=["screen"], negated=True, evidence=evidence)
    assert settled_flag(of_screen).has("negated")
    assert not settled_flag(flag(found_by=["engine"], evidence=evidence)).has("negated")


def test_a_screening_has_both_readers_of_this_machine() -> None:
    assert Screening([]).readers == (RULES, LOCAL_MODEL)


def test_kinds_are_compared_by_their_words_as_they_come_from_a_document() -> None:
    """Two strings of the same words, read from two documents, are not one object."""
    kinds = ["".join(["self", "_", "harm"]) for _ in range(2)]
    found = united_flags([flag(type=kinds[0])], [flag(LOCAL_MODEL, type=kinds[1], level="flag")])
    assert levels(*found) == ["alert"]
