"""Tokens for identifiers: which words become tokens, which stay, and how they come back."""

from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.text import deidentify as benchmark
from shared.domain.errors import PermanentStepError
from shared.domain.template_forms import Part
from shared.domain.values import ExtractionRequest, JsonObject, Segment, Transcript
from tests.note_documents import verify
from workers.engines.deidentify.extractor import DeidentifyingExtractor, without_identifiers
from workers.engines.deidentify.finding import Finder
from workers.engines.deidentify.tokens import Kind, TokenMap
from workers.engines.registry import EngineOptions, build_extractor

FIXTURES = Path("tests/fixtures/deidentify")
KNOWN = ("Dana Whitfield", "Dr. Marcus O'Neill", "José Will-Brandt")


def hidden(text: str, *known: str) -> str:
    return without_identifiers(text, Finder(known or KNOWN, [text]).spans(text), TokenMap())


@pytest.mark.parametrize(
    ("text", "sent"),
    [
        ("Dana's late. I told dana so.", "NAME_1's late. I told NAME_1 so."),
        ("DANA WHITFIELD and the Whitfields", "NAME_1 NAME_2 and the NAME_3"),
        ("Marcus O’Neill rang, O'Neill did.", "NAME_1 NAME_2 rang, NAME_2 did."),
        ("Jose, will you? José will.", "NAME_1, will you? NAME_2 will."),
    ],
)
def test_known_names_are_replaced_in_every_inflection(text: str, sent: str) -> None:
    assert hidden(text) == sent


@pytest.mark.parametrize(
    ("text", "sent"),
    [
        ("I saw Dr. Kaur on March 3rd.", "I saw Dr. NAME_1 on DATE_1."),
        ("My sister tara moved to Boise.", "My sister NAME_1 moved to PLACE_1."),
        ("Call 541 555 0192 or 988.", "Call NUMBER_1 or 988."),
        ("Write to a.b@example.org, see www.example.org/x.", "Write to EMAIL_1, see LINK_1."),
        ("She said NAME_1 and waited.", "She said NUMBER_1 and waited."),
    ],
)
def test_others_are_found_by_form_title_kinship_and_capital(text: str, sent: str) -> None:
    assert hidden(text) == sent


@pytest.mark.parametrize(
    "text",
    [
        "I take Sertraline 50 mg and Latuda at night, and 1500 mg of metformin.",
        "No plan, no hope. I want to die. I cut myself on Tuesday.",
        "Next Tuesday, three weeks from now, at half past four.",
        "PHQ-9 was 17 and my pressure was 140/90. I'd say 7/10.",
        "Will you come? May I note that? Hope is hard. Mark my words.",
        "We did EMDR and CBT. God knows. Christmas is hard for Catholic families.",
    ],
)
def test_risk_words_drugs_doses_and_relative_dates_stay(text: str) -> None:
    assert hidden(text, "Lee Quist") == text


def test_the_same_words_have_the_same_token_throughout_a_session() -> None:
    texts = ["I told Sunniva.", "Sunniva left.", "Was SUNNIVA angry?"]
    finder, tokens = Finder((), texts), TokenMap()
    sent = [without_identifiers(text, finder.spans(text), tokens) for text in texts]
    assert sent == ["I told NAME_1.", "NAME_1 left.", "Was SUNNIVA angry?".replace("SUNNIVA", "NAME_1")]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("NAME_1's mother", "Dana's mother"),
        ("[NAME_1] came", "Dana came"),
        ("NAME_11 came", "NAME_11 came"),
        ("name_1 came", "name_1 came"),
    ],
)
def test_only_tokens_of_the_session_come_back_as_words(written: str, read: str) -> None:
    tokens = TokenMap()
    tokens.token_for(Kind.NAME, "Dana")
    assert tokens.restore(written) == read
    assert tokens.is_garbled(written) is ("Dana" not in read)


def test_two_sessions_do_not_share_tokens() -> None:
    one, other = TokenMap(), TokenMap()
    one.token_for(Kind.NAME, "Dana")
    assert one.token_for(Kind.NAME, "Theo") == "NAME_2"
    assert other.restore("NAME_1 and NAME_2") == "NAME_1 and NAME_2"
    assert "Dana" not in repr(one)


def test_words_that_were_hidden_do_not_count_as_garbled() -> None:
    tokens = TokenMap()
    token = tokens.token_for(Kind.NUMBER, "NAME_7")
    assert not tokens.is_garbled(f"She said {token}.")
    assert tokens.restore(token) == "NAME_7"


class Engine:
    """An engine that cites all of segment 1 for each of ``sentences``, and keeps what it was given."""

    name = "test"

    def __init__(self, *sentences: str) -> None:
        self.sentences, self.given = sentences, Transcript((), 0, "en", "test", False)
        self.request = ExtractionRequest()

    def extract(self, transcript: Transcript, request: ExtractionRequest) -> JsonObject:
        self.given, self.request = transcript, request
        evidence = [{"segment": 1, "start": 0.0, "end": 1.0, "quote": transcript.segments[1].text}]
        said = [{"sentence": sentence, "evidence": evidence} for sentence in self.sentences]
        return {"field_evidence": {"therapist_notes": said}}


SAID = Transcript(
    (
        Segment(0, 1, "How is Dana Whitfield?", "Speaker 1"),
        Segment(1, 2, "I told Priya on March 3rd that I slept badly.", "Dana"),
    ),
    2.0, "en", "test", False,
)  # fmt: skip


def notes_by(engine: Engine) -> JsonObject:
    wrapped = DeidentifyingExtractor(engine)
    return verify(wrapped.extract(SAID, ExtractionRequest(known_names=KNOWN)), SAID)


def test_a_sentence_comes_back_in_the_words_of_the_session_and_stands() -> None:
    notes = notes_by(Engine("The client told NAME_3 on DATE_1 of sleeping badly."))
    assert notes["therapist_notes"] == "The client told Priya on March 3rd of sleeping badly."
    evidence = notes["field_evidence"]["therapist_notes"][0]["evidence"]
    assert evidence == [{"segment": 1, "start": 1, "end": 2, "quote": SAID.segments[1].text}]


@pytest.mark.parametrize("token", ["NAME_9", "NAME_3s", "name_3", "NAME3", "NAME", "DATE_3", "[NAME_44]"])
def test_a_sentence_with_a_token_that_is_none_is_set_apart(token: str) -> None:
    notes = notes_by(Engine(f"The client told {token} of sleeping badly on March 3rd."))
    assert notes["therapist_notes"] == ""
    assert [apart["field"] for apart in notes["unsupported"]] == ["therapist_notes"]


def test_labels_and_a_templates_instructions_hide_known_names_and_no_word_times_leave() -> None:
    engine = Engine()
    part = Part("plan", "Plan", "What did Dana agree to?")
    DeidentifyingExtractor(engine).extract(SAID, ExtractionRequest(parts=(part,), known_names=KNOWN))
    assert engine.given.segments[1].speaker == "NAME_1"
    assert engine.request.parts[0].instruction == "What did NAME_1 agree to?"
    assert (engine.request.known_names, engine.request.has_tokens) == ((), True)
    assert all(not segment.words for segment in engine.given.segments)


@pytest.mark.parametrize(("language", "lower"), [("de", False), ("en-GB", True), ("es-MX", True)])
def test_nothing_is_sent_of_a_transcript_in_which_names_cannot_be_found(language: str, lower: bool) -> None:
    segments = tuple(replace(s, text=s.text.lower() if lower else s.text) for s in SAID.segments)
    engine = Engine()
    with pytest.raises(PermanentStepError) as refusal:
        DeidentifyingExtractor(engine).extract(
            replace(SAID, segments=segments, language=language), ExtractionRequest()
        )
    assert refusal.value.code == "deidentification_not_possible"
    assert engine.given.segments == ()


def test_names_are_not_in_the_repr_of_a_request() -> None:
    assert "Dana" not in repr(ExtractionRequest(known_names=KNOWN))


@pytest.mark.parametrize(
    ("engine", "on", "in_house", "wrapped"),
    [
        ("openai", True, False, True),
        ("openai", True, True, False),
        ("openai", False, False, False),
        ("rules", True, False, False),
    ],
)
def test_only_an_engine_that_sends_away_is_wrapped(
    engine: str, on: bool, in_house: bool, wrapped: bool
) -> None:
    options = EngineOptions(
        openai_base_url="http://127.0.0.1:9/v1",
        openai_notes_model="m",
        openai_in_house=in_house,
        deidentify=on,
    )
    assert isinstance(build_extractor(engine, options), DeidentifyingExtractor) is wrapped


@pytest.mark.parametrize("path", sorted(FIXTURES.glob("*/*.txt")), ids=lambda path: path.stem)
def test_each_marked_known_name_is_replaced_and_all_come_back(path: Path) -> None:
    session = benchmark.read(path)
    finder, tokens = Finder(session.known, session.texts), TokenMap()
    for text in session.texts:
        sent = without_identifiers(text, finder.spans(text), tokens)
        assert tokens.restore(sent).casefold() == text.casefold()
        assert not tokens.is_garbled(sent)
    result = benchmark.measure([path])
    assert result.found["KNOWN"] == result.marked["KNOWN"]


@pytest.mark.parametrize("run", ["A-", "a.", "1-", "one ", "dot at ", "number "])
def test_hostile_runs_of_words_take_no_more_than_linear_time(run: str) -> None:
    text = run * 20_000  # minutes, if time grew with the square
    assert len(Finder((), [text]).spans(text)) <= 1
