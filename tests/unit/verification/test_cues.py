"""A sentence in words of its own stands where it keeps the cues of its quote, and says no more than that."""

import json
from pathlib import Path

import pytest

from benchmarks.claims import judge_all, summary
from shared.domain.values import JsonObject, Transcript
from shared.domain.verification.cues import CUES, FEATURES, NOT_KEPT, WEIGHTS, cue_objection
from tests.fixtures.transcripts.loading import from_lines
from tests.note_documents import verify

TURNS = Path(__file__).parents[2] / "fixtures" / "developed_on" / "turns"
MOST_FALSE_VERIFIED, MOST_TRUE_REJECTED = 111, 367  # they only fall


def checked(said: Transcript, claim: str, quote: str) -> JsonObject:
    evidence = [{"segment": len(said.segments) - 1, "quote": quote}]
    sentence = {"sentence": claim, "structural": False, "evidence": evidence, "verified": False}
    return verify({"therapist_notes": claim, "field_evidence": {"therapist_notes": [sentence]}}, said)


def test_a_paraphrase_that_keeps_the_doubt_stands_and_is_not_called_supported() -> None:
    quote = "I might look at college in September, if my nerves let me."
    said = from_lines(("T: What is next?", f"C: {quote}"))
    (kept,) = checked(said, "The client may apply to college.", quote)["field_evidence"]["therapist_notes"]
    assert kept["verified"]
    assert kept["support"] == "quote_found"


@pytest.mark.parametrize(
    ("quote", "claim"),
    [
        ("I've had the letter, the benefits are stopped.", "The client's benefits may be stopped."),
        ("I might take the tablets if it gets no better, I don't know.", "The client takes the tablets now."),
        ("I only cry on the bus, and not every day.", "The client cries because of the bus."),
        ("My husband never speaks to me now.", "The client currently feels close to her husband."),
        ("My husband hardly speaks to me now.", "The client currently feels close to her husband."),
    ],
)
def test_a_cue_that_is_lost_or_added_counts_against_a_claim_of_the_same_words(quote: str, claim: str) -> None:
    said = from_lines(("T: Go on.", f"C: {quote}"))
    assert NOT_KEPT in [one["reason"] for one in checked(said, claim, quote)["unsupported"]]


def test_words_of_its_own_are_not_enough() -> None:
    quote = "I might look at college in September."
    said = from_lines(("T: What is next?", f"C: {quote}"))
    assert checked(said, "The client may emigrate with relatives.", quote)["unsupported"]


def test_a_sentence_that_only_quotes_has_nothing_to_keep() -> None:
    assert cue_objection("You said: “I never slept.”", []) is None


def test_no_weight_goes_against_the_sense_of_its_cue() -> None:
    assert WEIGHTS.keys() <= set(FEATURES)
    for name in CUES:
        assert WEIGHTS.get(f"{name}.both", 0) >= 0
        assert WEIGHTS.get(f"{name}.claim", 0) <= 0
        assert WEIGHTS.get(f"{name}.quote", 0) <= 0


def test_no_more_is_got_wrong_than_before_on_what_the_weights_were_fitted_to() -> None:
    judged = [one for path in sorted(TURNS.glob("*.json")) for one in judge_all(json.loads(path.read_text()))]
    figures = summary(judged)
    assert figures["false_verified"] <= MOST_FALSE_VERIFIED
    assert figures["true_rejected"] <= MOST_TRUE_REJECTED
