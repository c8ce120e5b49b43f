"""Evidence: what is shown as said was said, at the time given."""

from typing import Any
from uuid import UUID

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shared.domain.english.quotes import cite, words_of
from shared.domain.notes.canonical_json import content_hash
from shared.domain.notes.items import Item
from shared.domain.notes.values import Notes
from shared.domain.values import JsonObject, Segment, Transcript, Word
from shared.domain.verification import risk
from shared.domain.verification.agreement import SPEAKER
from shared.domain.verification.boilerplate import MOOD_UNKNOWN, NO_SPEECH
from shared.domain.verification.claims import FLIPPED, MARKUP, MISQUOTED, NO_EVIDENCE, NOT_FOUND
from shared.domain.verification.objections.facts import MEDICATION, NAME, NUMBER, invented_fact
from shared.schemas.notes import NotesSchema
from tests.fixtures.transcripts.loading import from_lines
from tests.note_documents import verify

SAID = from_lines([
    "T: Have you had any thoughts of killing yourself?",
    "C: I have no plan to kill myself. I take twenty five milligrams of sertraline.",
    "T: How is work?",
    "C: My boss yelled at me on Monday, and I could not sleep.",
])  # fmt: skip


def notes(**fields: Any) -> JsonObject:
    lists = (
        "key_topics", "strategies", "emotional_themes", "triggers", "action_items", "significant_quotes",
        "follow_up_topics", "unresolved_concerns", "risk_flags",
    )  # fmt: skip
    empty: JsonObject = {name: [] for name in lists}
    empty.update(topic_summary="", therapist_notes="", patient_summary="", session_mood="low")
    empty.update(mood_trajectory="stable", field_evidence={}, unsupported=[], draft=True, engine="test")
    empty.update(template="default", risk_statement="")
    return {**empty, **fields}


def piece(segment: int, quote: str) -> JsonObject:
    return {"segment": segment, "start": 0.0, "end": 0.0, "quote": quote}


def topic(text: str, *evidence: JsonObject) -> JsonObject:
    return {"text": text, "evidence": list(evidence), "verified": False}


def sentence(text: str, *evidence: JsonObject, structural: bool = False) -> JsonObject:
    return {"sentence": text, "structural": structural, "evidence": list(evidence), "verified": False}


def flag(quote: str, segment: int = 1, **fields: Any) -> JsonObject:
    return {
        "type": "suicidal_ideation", "severity": "low", "negated": True, "asked_by_therapist": False,
        "temporality": "present", "about": "self", "figurative": False, "speaker": "Speaker 2",
        "evidence": [piece(segment, quote)], "verified": False, **fields,
    }  # fmt: skip


def therapist_notes(*sentences: JsonObject) -> JsonObject:
    text = " ".join(s["sentence"] for s in sentences)
    return notes(therapist_notes=text, field_evidence={"therapist_notes": list(sentences)})


def with_risk_flags(document: JsonObject, screened: list[JsonObject]) -> JsonObject:
    return risk.with_risk_flags(Notes.of(document), [Item.of(found) for found in screened]).document


def reasons(verified: JsonObject) -> list[str]:
    return [entry["reason"] for entry in verified["unsupported"]]


def test_a_quote_that_was_said_stands_with_the_transcripts_words_and_times() -> None:
    (item,) = verify(notes(key_topics=[topic("work", piece(3, "my BOSS  yelled, at me"))]), SAID)[
        "key_topics"
    ]
    assert item["verified"] is True
    (found,) = item["evidence"]
    assert found["quote"] == "My boss yelled at me"
    words = SAID.segments[3].words
    assert (found["start"], found["end"]) == (words[0].start, words[4].end)


def test_a_quote_that_was_never_said_moves_to_unsupported() -> None:
    verified = verify(notes(key_topics=[topic("work", piece(3, "I was promoted on Friday"))]), SAID)
    assert verified["key_topics"] == []
    assert reasons(verified) == [NOT_FOUND]


def test_an_item_without_evidence_moves_to_unsupported() -> None:
    assert reasons(verify(notes(key_topics=[topic("work")]), SAID)) == [NO_EVIDENCE]


def test_a_segment_that_no_session_has_cannot_keep_the_notes_from_being_signed() -> None:
    verified = verify(notes(key_topics=[topic("work", piece(10**30, "never said"))]), SAID)
    (apart,) = verified["unsupported"]
    assert len(content_hash(UUID(int=1), 1, {"unsupported": [apart]})) == 64


@pytest.mark.parametrize("segment", [-1, 4, 99])
def test_a_segment_that_does_not_exist_is_no_evidence(segment: int) -> None:
    assert reasons(verify(notes(key_topics=[topic("work", piece(segment, "my boss yelled"))]), SAID)) == [
        NOT_FOUND
    ]


def test_a_single_word_is_no_evidence_in_a_longer_segment() -> None:
    assert cite(SAID, 3, "boss") is None


def test_a_near_miss_is_replaced_by_the_exact_words() -> None:
    found = cite(SAID, 3, "my boss yelled to me on Monday")
    assert found is not None
    assert found.quote == "My boss yelled at me on Monday"


def test_a_near_miss_never_bridges_a_lost_negation() -> None:
    assert cite(SAID, 3, "on Monday and I could sleep") is None


def test_a_quote_is_never_cut_away_from_its_negation() -> None:
    found = cite(SAID, 1, "plan to kill myself")
    assert found is not None
    assert found.quote == "no plan to kill myself."


def test_a_quote_never_ends_just_before_a_negation() -> None:
    found = cite(SAID, 3, "and I could")
    assert found is not None
    assert found.quote == "and I could not sleep."


def test_a_quote_in_the_wrong_segment_is_found_where_it_was_said() -> None:
    found = cite(SAID, 0, "my boss yelled at me")
    assert found is not None
    assert found.segment == 3


def test_words_without_times_get_the_segments_times() -> None:
    bare = Transcript((Segment(3.0, 9.0, "It was a hard week.", "C"),), 9.0, "en", "test", True)
    found = cite(bare, 0, "a hard week")
    assert found is not None
    assert (found.start, found.end) == (3.0, 9.0)


def test_a_sentence_without_evidence_leaves_the_text() -> None:
    verified = verify(
        therapist_notes(
            sentence("The boss yelled.", piece(3, "My boss yelled at me")),
            sentence("The client is improving."),
        ),
        SAID,
    )
    assert verified["therapist_notes"] == "The boss yelled."
    assert reasons(verified) == [NO_EVIDENCE]


def test_a_text_that_came_without_its_sentences_is_unsupported_as_a_whole() -> None:
    verified = verify(notes(patient_summary="You did very well."), SAID)
    assert verified["patient_summary"] == ""
    assert reasons(verified) == [NO_EVIDENCE]


def test_a_claim_cannot_call_itself_structural() -> None:
    verified = verify(therapist_notes(sentence("The client has no risk.", structural=True)), SAID)
    assert verified["therapist_notes"] == ""


def test_a_sentence_that_rests_on_words_is_not_structural_whatever_its_engine_says() -> None:
    """What is structural is shown without a mark even where no words bear it out."""
    claimed = sentence("The boss yelled.", piece(3, "My boss yelled at me"), structural=True)
    (stands,) = verify(therapist_notes(claimed), SAID)["field_evidence"]["therapist_notes"]
    assert (stands["verified"], stands["structural"]) == (True, False)


def test_speech_that_was_found_is_never_called_absent() -> None:
    assert verify(therapist_notes(sentence(NO_SPEECH, structural=True)), SAID)["therapist_notes"] == ""


@pytest.mark.parametrize("subject", ["suicide", "suicide, self-harm or harm to others", "alcohol or drugs"])
def test_that_something_was_not_mentioned_is_never_stated(subject: str) -> None:
    absent = sentence(f"No mention of {subject} was found in the transcript.", structural=True)
    assert verify(therapist_notes(absent), SAID)["therapist_notes"] == ""


@pytest.mark.parametrize(
    ("claim", "quote", "reason"),
    [
        ("Takes 200 mg.", "twenty five milligrams of sertraline", NUMBER),
        ("Takes fifty milligrams.", "twenty five milligrams of sertraline", NUMBER),
        ("Takes lithium.", "twenty five milligrams of sertraline", MEDICATION),
        ("Has a plan for suicide.", "plan to kill myself", FLIPPED),
        ("Said “I want to die”.", "plan to kill myself", MISQUOTED),
        ("See https://evil.example now.", "plan to kill myself", MARKUP),
        ("See <b>this</b>.", "plan to kill myself", MARKUP),
    ],
)
def test_an_invented_or_flipped_claim_does_not_stand_on_a_true_quote(
    claim: str, quote: str, reason: str
) -> None:
    assert reasons(verify(therapist_notes(sentence(claim, piece(1, quote))), SAID)) == [reason]


def test_a_dose_in_digits_stands_on_the_dose_in_words() -> None:
    given_notes = therapist_notes(sentence("Takes 25 mg.", piece(1, "twenty five milligrams of sertraline")))
    assert verify(given_notes, SAID)["therapist_notes"] == "Takes 25 mg."


def test_denying_what_was_affirmed_does_not_stand() -> None:
    said = from_lines(["C: I want to die every single night."])
    claim = sentence("Denies suicidal thoughts.", piece(0, "I want to die every single night"))
    assert reasons(verify(therapist_notes(claim), said)) == [FLIPPED]


def test_no_link_survives_in_what_is_unsupported() -> None:
    verified = verify(
        therapist_notes(sentence("Go to https://evil.example ![x](y)", piece(1, "I have"))), SAID
    )
    assert "https:" not in str(verified)


def test_a_risk_flag_that_cannot_be_verified_is_listed_and_stated() -> None:
    verified = verify(notes(risk_flags=[flag("I bought a gun")]), SAID)
    assert [entry["field"] for entry in verified["unsupported"]] == ["risk_flags"]
    assert "could not be verified: 1" in verified["risk_statement"]
    assert "No mention" not in verified["risk_statement"]


def test_a_risk_flag_is_not_negated_without_a_negation_in_its_evidence() -> None:
    said = from_lines(["C: I want to die every night."])
    (stands,) = verify(notes(risk_flags=[flag("I want to die every night", 0)]), said)["risk_flags"]
    assert stands["negated"] is False


def test_risk_words_without_a_flag_are_never_stated_as_absent() -> None:
    said = from_lines(["C: I feel suicidal today."])
    assert "No mention" not in verify(notes(), said)["risk_statement"]


def test_flags_of_another_screen_are_added_once() -> None:
    first = notes(risk_flags=[flag("no plan to kill myself")])
    (both,) = with_risk_flags(first, first["risk_flags"])["risk_flags"]
    assert both == {
        **first["risk_flags"][0],
        "found_by": ["engine", "screen"],
        "readers": ["language model"],
    }
    (alone,) = with_risk_flags(notes(), first["risk_flags"])["risk_flags"]
    assert alone["found_by"] == ["screen"]


def test_a_model_that_softens_a_finding_of_the_screen_changes_nothing() -> None:
    said = from_lines(["C: I want to die every night."])
    soft = flag("I want to die every night", 0, figurative=True, temporality="past", about="other")
    grave = flag("I want to die every night.", 0, severity="high", negated=False)
    (united,) = verify(with_risk_flags(notes(risk_flags=[soft]), [grave]), said)["risk_flags"]
    found = (
        united["severity"],
        united["negated"],
        united["figurative"],
        united["temporality"],
        united["about"],
    )
    assert found == ("high", False, False, "present", "self")


def test_what_only_one_of_two_readers_found_stays() -> None:
    said = from_lines(["C: I want to die every night.", "C: I drink every day."])
    drink = flag("I drink every day", 1, type="substance_use", negated=False)
    die = flag("I want to die every night", 0, severity="high", negated=False)
    found = verify(with_risk_flags(notes(risk_flags=[drink]), [die]), said)["risk_flags"]
    assert [(f["type"], f["found_by"]) for f in found] == [
        ("suicidal_ideation", ["screen"]), ("substance_use", ["engine"]),
    ]  # fmt: skip


def test_a_mood_whose_words_do_not_stand_falls_back_and_says_so() -> None:
    made_up = {"session_mood": [sentence("Very happy.", piece(0, "I am so happy today"))]}
    verified = verify(notes(session_mood="very_positive", field_evidence=made_up), SAID)
    assert verified["session_mood"] == "cannot_tell"
    assert verified["field_evidence"]["session_mood"][0]["sentence"] == MOOD_UNKNOWN


def test_a_quote_item_shows_what_was_said_when_it_was_said() -> None:
    item = {"quote": "My boss hit me", "context": "", "timestamp_start": 0.0, "verified": False}
    item["evidence"] = [piece(3, "My boss yelled at me")]
    (stands,) = verify(notes(significant_quotes=[item]), SAID)["significant_quotes"]
    assert stands["quote"] == "My boss yelled at me"
    assert stands["timestamp_start"] == SAID.segments[3].start


SPOKEN = "i no not never don't plan want to die live boss work but, and. sleep? I’m ÉTÉ 20 mg “hard” week it"
VOCABULARY = st.sampled_from(SPOKEN.split())
TEXTS = st.lists(VOCABULARY, min_size=1, max_size=14).map(" ".join)


@st.composite
def transcripts(draw: st.DrawFn) -> Transcript:
    segments, at = [], 0.0
    for text in draw(st.lists(TEXTS, min_size=1, max_size=4)):
        timed = draw(st.booleans())
        words = [Word(word, at + i, at + i + 0.9) for i, word in enumerate(text.split())]
        segments.append(Segment(at, at + 20, text, "S", None, tuple(words) if timed else ()))
        at += 20
    return Transcript(tuple(segments), at, "en", "test", True)


@given(transcripts(), st.integers(-1, 5), TEXTS)
def test_whatever_stands_is_verbatim_within_the_times_of_its_segment(
    said: Transcript, at: int, quote: str
) -> None:
    verified = verify(notes(key_topics=[topic("work", piece(at, quote))]), said)
    for item in verified["key_topics"]:
        for found in item["evidence"]:
            segment = said.segments[found["segment"]]
            assert found["quote"] in segment.text
            assert segment.start <= found["start"] <= found["end"] <= segment.end
            heard = [w for w in segment.words if w.start >= found["start"] and w.end <= found["end"]]
            if segment.words:
                assert words_of(found["quote"]) == words_of(" ".join(w.text for w in heard))


@given(transcripts(), st.integers(0, 3), TEXTS)
@example(from_lines(["S: no no i i"]), 0, "i i")
def test_verifying_twice_changes_nothing(said: Transcript, at: int, quote: str) -> None:
    once = verify(notes(risk_flags=[flag(quote, at)], key_topics=[topic("work", piece(at, quote))]), said)
    assert verify(once, said) == once


@given(transcripts(), st.data())
def test_any_run_of_words_that_was_said_is_found(said: Transcript, data: st.DataObject) -> None:
    number = data.draw(st.integers(0, len(said.segments) - 1))
    words = words_of(said.segments[number].text)
    start = data.draw(st.integers(0, max(0, len(words) - 2)))
    end = data.draw(st.integers(min(start + 2, len(words)), len(words)))
    if len(words) > 1:
        found = cite(said, number, " ".join(words[start:end]))
        assert found is not None
        assert found.segment == number


@given(transcripts(), st.integers(-1, 5), TEXTS)
def test_no_risk_flag_is_ever_lost(said: Transcript, at: int, quote: str) -> None:
    verified = verify(notes(risk_flags=[flag(quote, at)]), said)
    listed = [entry for entry in verified["unsupported"] if entry["field"] == "risk_flags"]
    assert len(verified["risk_flags"]) + len(listed) == 1


def test_verified_notes_are_valid_notes() -> None:
    assert NotesSchema().validate(verify(notes(risk_flags=[flag("I bought a gun")]), SAID)) == {}


@pytest.mark.parametrize(
    ("claim", "said"),
    [
        ("The appointment is on the 26th.", "the appointment is on the twenty-sixth"),
        ("Back in two weeks.", "back in a fortnight"),
        ("Dialysis on Mondays.", "dialysis on Monday"),
        ("The stepfather drinks.", "my stepdad's drinking"),
    ],
)
def test_a_fact_in_another_form_is_the_same_fact(claim: str, said: str) -> None:
    assert invented_fact(claim, said) is None


@pytest.mark.parametrize(
    ("claim", "said"), [("On the 27th.", "on the twenty-sixth"), ("In three weeks.", "in a fortnight")]
)
def test_another_number_in_another_form_is_not(claim: str, said: str) -> None:
    assert invented_fact(claim, said) == NUMBER


@pytest.mark.parametrize(
    ("claim", "said"),
    [
        ("The client's partner cries most mornings.", "I cry most mornings."),
        ("A friend cries most mornings.", "I cry most mornings."),
        ("The client's colleagues were told off.", "I was told off."),
        ("The client's children cannot sleep.", "I can't sleep."),
        ("The client's wife left.", "My spouse left."),  # a narrower word than was said
    ],
)
def test_a_person_who_was_not_named_is_an_invention(claim: str, said: str) -> None:
    assert invented_fact(claim, said) == NAME


@pytest.mark.parametrize(
    ("claim", "said"),
    [
        ("The client's partner left.", "My husband left."),
        ("The client's friend called.", "My mate's brother called."),
        ("The client's colleague called.", "My co-worker called."),
        ("The client's children are ill.", "My two kids' fever is back."),
        ("The client's son started school.", "My son's started school."),
    ],
)
def test_another_word_for_the_same_person_is_none(claim: str, said: str) -> None:
    assert invented_fact(claim, said) is None


@pytest.mark.parametrize(
    ("said", "answer", "claim", "support"),
    [
        ("You sound angry with your father.", "I see him on Sunday.", "The client is angry with her father "
         "and sees him on Sunday.", "quote_found"),
        ("You sound angry with your father.", "Yes, I am.", "The client is angry with her father.",
         "claim_supported"),
        ("I see you on Sunday.", "I am angry with my father.", "The client is angry with her father.",
         "claim_supported"),
        ("We looked at the panic at work.", "I am tired.", "The therapist and the client looked at the panic "
         "at work.", "claim_supported"),
    ],
)  # fmt: skip
def test_the_therapists_words_do_not_make_a_claim_about_the_client_supported(
    said: str, answer: str, claim: str, support: str
) -> None:
    session = from_lines((f"Therapist: {said}", f"Client: {answer}"))
    evidence = [{"segment": 0, "quote": said}, {"segment": 1, "quote": answer}]
    sentence = {"sentence": claim, "structural": False, "evidence": evidence, "verified": False}
    checked = verify(notes(therapist_notes=claim, field_evidence={"therapist_notes": [sentence]}), session)
    assert [one["support"] for one in checked["field_evidence"]["therapist_notes"]] == [support]


def test_harm_that_the_therapist_named_is_not_the_clients_for_a_few_shared_words() -> None:
    said, answer = "Does he hit you or choke you at home?", "He stays at home."
    session = from_lines((f"Therapist: {said}", f"Client: {answer}"))
    evidence = [{"segment": 0, "quote": said}, {"segment": 1, "quote": answer}]
    claim = "The client is hit or choked at home."
    sentence = {"sentence": claim, "structural": False, "evidence": evidence, "verified": False}
    checked = verify(notes(therapist_notes=claim, field_evidence={"therapist_notes": [sentence]}), session)
    assert [entry["reason"] for entry in checked["unsupported"]] == [SPEAKER]


def test_a_topic_names_no_person_in_particular() -> None:
    assert invented_fact("Children.", "My little one is ill.", is_topic=True) is None
