"""Golden sessions through both engines: risk is never missed, and what is invented never stands."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from shared.domain.notes.items import Evidence
from shared.domain.template_forms import BUILT_IN, Part, Template
from shared.domain.values import ExtractionRequest, JsonObject, Transcript
from shared.domain.verification.boilerplate import RISK_LABELS
from shared.domain.verification.sentences import check_text
from shared.schemas.notes import NotesSchema
from tests.fakes.notes_models import answer, honest
from tests.fakes.openai_server import KEY, FakeOpenAI, Received, Reply
from tests.fixtures.golden_sessions import Golden, mentions_in, sessions
from tests.fixtures.transcripts.loading import from_lines
from tests.note_documents import checked, rendered
from workers.engines.openai.extractor import OpenAIExtractor
from workers.engines.rules import RulesExtractor, screen

GOLDEN = sessions()
Draft = Callable[[Transcript], JsonObject]


@pytest.fixture(scope="module")
def server() -> Iterator[FakeOpenAI]:
    with FakeOpenAI() as fake:
        fake.will_always(honest)
        yield fake


@pytest.fixture(scope="module")
def openai(server: FakeOpenAI) -> Iterator[OpenAIExtractor]:
    made = OpenAIExtractor(KEY, server.base_url, "test-model")
    yield made
    made.close()


def notes_of(engine: Any, said: Transcript) -> JsonObject:
    return checked(engine.extract(said, ExtractionRequest()), said, screen(said))


def test_there_are_enough_of_them_and_half_were_held_out() -> None:
    assert len(GOLDEN) >= 12
    assert sum(one.held_out for one in GOLDEN) >= 6


@pytest.mark.parametrize("one", GOLDEN, ids=lambda one: one.name)
def test_explicit_present_risk_is_never_missed(one: Golden, openai: OpenAIExtractor) -> None:
    present = {(kind, segment) for kind, segment, standing in one.risks if standing == "present"}
    for engine in (RulesExtractor(), openai):
        notes = notes_of(engine, one.transcript)
        flags = [flag for flag in notes["risk_flags"] if flag["severity"] != "low"]
        found = {(kind, segment) for kind, segment, _ in mentions_in(flags)}
        # A plan or an attempt in the same words says more than the thought of it.
        graver = {segment for kind, segment in found if kind in {"suicide_plan", "suicidal_behaviour"}}
        assert not {(k, s) for k, s in present - found if not (k == "suicidal_ideation" and s in graver)}


@pytest.mark.parametrize("one", GOLDEN, ids=lambda one: one.name)
def test_what_was_denied_is_shown_and_never_as_grave(one: Golden) -> None:
    flags = notes_of(RulesExtractor(), one.transcript)["risk_flags"]
    denied = {(kind, segment) for kind, segment, standing in one.risks if standing == "denied"}
    high = {(k, s) for k, s, _ in mentions_in(f for f in flags if f["severity"] == "high")}
    own = {(kind, segment) for kind, segment, standing in one.risks if standing == "present"}
    assert not (denied & high) - own


@pytest.mark.parametrize("one", GOLDEN, ids=lambda one: one.name)
def test_every_quote_shown_is_verbatim_at_the_time_given(one: Golden, openai: OpenAIExtractor) -> None:
    said = one.transcript
    for engine in (RulesExtractor(), openai):
        notes = notes_of(engine, said)
        assert NotesSchema().validate(notes) == {}
        pieces = list(_pieces({key: value for key, value in notes.items() if key != "unsupported"}))
        assert pieces
        for piece in pieces:
            segment = said.segments[piece["segment"]]
            assert piece["quote"] in segment.text
            heard = [w for w in segment.words if w.start >= piece["start"] and w.end <= piece["end"]]
            assert " ".join(word.text for word in heard).strip(".,?!") in segment.text
            assert heard


OWN = Template("own", "Own", (Part("sleep", "Sleep", "How they sleep."), Part("family", "Family", "")))


@pytest.mark.parametrize("one", GOLDEN, ids=lambda one: one.name)
def test_every_sentence_of_every_template_passes_the_check_of_any_other_text(one: Golden) -> None:
    said = one.transcript
    notes = notes_of(RulesExtractor(), said)
    risks = tuple(label[:1].upper() + label[1:] for label in RISK_LABELS.values())
    seen = 0
    for template in (*BUILT_IN.values(), OWN):
        for section in rendered(notes, template, said).get("sections", []):
            for told in section["sentences"]:
                assert told["verified"]
                for piece in told["evidence"]:
                    assert piece["quote"] in said.segments[piece["segment"]].text
                # A mention of risk is a label and its quotes, which are verbatim: that is all it claims.
                if not told["structural"] and not told["sentence"].startswith(risks):
                    seen += 1
                    given = [Evidence.of(piece) for piece in told["evidence"]]
                    reasons = [reason for _, reason in check_text(told["sentence"], said, given)]
                    assert reasons == [None] * len(reasons)
    assert seen > 20


def _pieces(value: Any) -> Iterator[JsonObject]:
    if isinstance(value, dict):
        if {"segment", "quote", "start"} <= set(value):
            yield value
        for inner in value.values():
            yield from _pieces(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _pieces(inner)


SAID = from_lines([
    "T: How have you been sleeping?",
    "C: I could not sleep at all this week, and I take fifty milligrams of sertraline.",
    "T: Have you had any thoughts of ending your life?",
    "C: No. I would never do that to my kids.",
    "C: My brother said he wanted to die. I did not drink, and I walked with my sister on Monday.",
])  # fmt: skip
INVENTED = [
    ("The client takes 100 mg of sertraline.", 1),
    ("The client takes fifty grams of sertraline.", 1),
    ("The client takes five hundred milligrams of sertraline.", 1),
    ("The client takes lithium and could not sleep.", 1),
    ("The client takes fifty milligrams of escitalopram.", 1),
    ("The client takes an SSRI, fifty milligrams.", 1),
    ("The client could not sleep, consistent with major depressive disorder.", 1),
    ("The client's insomnia disorder means that they could not sleep.", 1),
    ("The client with PTSD could not sleep this week.", 1),
    ("The client sleeps well this week.", 1),
    ("The client could sleep all week.", 1),
    ("The client could not sleep for three weeks.", 1),
    ("Maria could not sleep at all this week.", 1),
    ("The client could not sleep because of Dr. Novak.", 1),
    ("The client has thoughts of ending their life.", 3),
    ("The client plans to do that to her kids.", 3),
    ("The client is suicidal.", 3),
    ("The client wanted to die.", 4),
    ("The client's father wanted to die.", 4),
    ("The client walked with her sister on Friday.", 4),
    ("The client walked with her mother on Monday.", 4),
    ("The client did drink.", 4),
    ("The client walked with Tom on Monday.", 4),
    ("The client won the lottery and moved to the coast.", 4),
    ("There is no risk of suicide.", 3),
    ("The client denies any risk and is safe to go home.", 3),
]


@pytest.mark.parametrize(("lie", "segment"), INVENTED)
def test_nothing_that_a_model_invents_reaches_a_supported_field(
    server: FakeOpenAI, openai: OpenAIExtractor, lie: str, segment: int
) -> None:
    evidence = [{"segment": segment, "quote": SAID.segments[segment].text}]

    def lying(request: Received) -> Reply:
        def change(notes: JsonObject, said: Transcript) -> None:
            for field in ("therapist_notes", "patient_summary", "topic_summary"):
                notes["field_evidence"][field].append({"sentence": lie, "evidence": evidence})
            notes["unresolved_concerns"].append({"text": lie, "evidence": evidence})
            task = {"task": lie, "category": "homework", "details": lie, "evidence": evidence}
            notes["action_items"].append(task)
            notes["triggers"].append({
                "trigger": lie, "context": lie, "severity": "mild", "evidence": evidence,
            })  # fmt: skip

        return answer(request, change)

    server.will_always(lying)
    notes = notes_of(openai, SAID)
    server.will_always(honest)
    supported = {key: value for key, value in notes.items() if key != "unsupported"}
    assert lie not in str(supported)
    # The client's summary is made on request, by no engine: what a model writes there is dropped.
    assert sum(lie in str(entry["item"]) for entry in notes["unsupported"]) == 5
