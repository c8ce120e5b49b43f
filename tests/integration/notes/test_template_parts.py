"""A practice's own template with parts that say what belongs in them, through both engines."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from shared.domain.errors import PermanentStepError
from shared.domain.template_forms import Part, Template
from shared.domain.values import ExtractionRequest, JsonObject, Transcript
from shared.domain.verification.boilerplate import NOTHING_FOR_PART
from shared.schemas.notes import NotesSchema
from shared.services.resources import Resources
from tests.fakes.notes_models import answer, honest
from tests.fakes.openai_server import KEY, FakeOpenAI, Received, Reply
from tests.fakes.speech import FakeTranscriber
from tests.fixtures.transcripts.loading import from_lines
from tests.integration.notes.test_openai_long_sessions import SMALL, long_session
from tests.integration.notes_calls import clinician
from tests.integration.sessions import bench_with, promise, work
from tests.note_documents import checked, rendered
from tests.servers import Office
from workers.engines.openai.extractor import NotesModel, OpenAIExtractor
from workers.engines.rules import RulesExtractor, screen

SAID = from_lines([
    "T: How have you been sleeping since we changed the medication?",
    "C: I could not sleep at all this week, and I take fifty milligrams of sertraline.",
    "T: Have you had any thoughts of ending your life?",
    "C: I want to die, and I have thought about killing myself.",
    "C: My brother lives with us now. We never had a garden.",
])  # fmt: skip
# Names that mean something to marshmallow and to Python are names like any other.
TEMPLATE = Template(
    "intake",
    "Intake",
    (
        Part("fields", "Medication", "Which medicines, in which dose."),
        Part("context", "Who lives at home", "Everybody in the household."),
        Part("load", "Safety", "What was said about danger."),
        Part("weather", "Weather", "What the sky was like."),
        Part("plan", "Plan", "", ("tasks",)),
    ),
)
REQUEST = ExtractionRequest(TEMPLATE.name, None, TEMPLATE.open_parts)
DOSE = {
    "sentence": "The client takes fifty milligrams of sertraline.",
    "evidence": [{"segment": 1, "quote": "I take fifty milligrams of sertraline"}],
}
BROTHER = {
    "sentence": "Their brother lives with them now.",
    "evidence": [{"segment": 4, "quote": "My brother lives with us now"}],
}


@pytest.fixture
def server() -> Iterator[FakeOpenAI]:
    with FakeOpenAI() as fake:
        fake.will_always(honest)
        yield fake


def writing(written: JsonObject) -> Callable[[Received], Reply]:
    """A model that writes these sentences into the parts, whatever else it finds."""

    def change(notes: JsonObject, _: Transcript) -> None:
        notes["written_parts"] |= written

    return lambda request: answer(request, change)


def notes_by(
    server: FakeOpenAI,
    said: Transcript = SAID,
    request: ExtractionRequest = REQUEST,
    model: NotesModel | None = None,
) -> JsonObject:
    engine = OpenAIExtractor(KEY, server.base_url, model or NotesModel("note-writer"))
    try:
        draft = engine.extract(said, request)
    finally:
        engine.close()
    return rendered(checked(draft, said, screen(said)), TEMPLATE, said)


def part(notes: JsonObject, name: str) -> list[str]:
    (found,) = [section for section in notes["sections"] if section["name"] == name]
    return [sentence["sentence"] for sentence in found["sentences"]]


def test_the_model_is_asked_for_each_part_by_its_instruction_and_within_the_schema(
    server: FakeOpenAI,
) -> None:
    notes_by(server)
    sent = server.received[0].document
    asked = sent["response_format"]["json_schema"]["schema"]["properties"]["written_parts"]
    assert asked["required"] == ["fields", "context", "load", "weather"], "not the part that names sources"
    assert asked["additionalProperties"] is False
    assert set(asked["properties"]["weather"]["items"]["properties"]) == {"sentence", "evidence"}
    prompt = sent["messages"][0]["content"]
    assert "- `fields`: Medication. Which medicines, in which dose." in prompt
    assert "`plan`" not in prompt
    assert "sky" not in str(sent["messages"][1:])


def test_a_template_that_names_sources_alone_changes_nothing_of_what_is_asked(server: FakeOpenAI) -> None:
    notes_by(server, request=ExtractionRequest("soap"))
    sent = server.received[0].document
    assert "written_parts" not in str(sent)


def test_what_the_model_wrote_stands_with_its_evidence_and_what_it_left_is_named_missing(
    server: FakeOpenAI,
) -> None:
    server.will_always(writing({"fields": [DOSE], "context": [BROTHER]}))
    notes = notes_by(server)
    assert NotesSchema().validate(notes) == {}
    assert part(notes, "fields") == [DOSE["sentence"]]
    assert part(notes, "context") == [BROTHER["sentence"]]
    (dose,) = notes["sections"][0]["sentences"]
    assert dose["verified"]
    assert dose["evidence"][0]["quote"] == "I take fifty milligrams of sertraline."
    assert part(notes, "weather") == [NOTHING_FOR_PART]
    missing = [entry["item"] for entry in notes["completeness"]["missing"]]
    assert {"Weather", "Plan"} <= set(missing)
    assert "Medication" not in missing
    asked = {one["name"]: one["instruction"] for one in notes["written_parts"]}
    assert asked["weather"] == "What the sky was like."


@pytest.mark.parametrize(
    ("lie", "segment"),
    [
        ("The client takes 500 mg of sertraline.", 1),
        ("The client takes fifty milligrams of lithium.", 1),
        ("The client sleeps well.", 1),
        ("They have a garden.", 4),
        ("Their sister Maria lives with them now.", 4),
        ("There is no risk of suicide.", 3),
        ("The household has a major depressive disorder.", 4),
    ],
)
def test_what_the_model_invents_is_in_no_part(server: FakeOpenAI, lie: str, segment: int) -> None:
    evidence = [{"segment": segment, "quote": SAID.segments[segment].text}]
    names = [one.name for one in TEMPLATE.open_parts]
    server.will_always(writing({name: [{"sentence": lie, "evidence": evidence}] for name in names}))
    notes = notes_by(server)
    assert lie not in str({key: value for key, value in notes.items() if key != "unsupported"})
    fields = [entry["field"] for entry in notes["unsupported"] if lie in str(entry["item"])]
    assert fields == [f"written_parts.{name}" for name in names]


def test_a_part_about_danger_has_every_mention_whatever_the_model_wrote(server: FakeOpenAI) -> None:
    notes = notes_by(server)
    safety = " ".join(part(notes, "load"))
    assert "I want to die" in safety
    assert notes["risk_statement"] in safety


def test_a_document_without_a_part_is_sent_back(server: FakeOpenAI) -> None:
    def lacking(request: Received) -> Reply:
        def change(notes: JsonObject, _: Transcript) -> None:
            if len(request.document["messages"]) == 2:
                del notes["written_parts"]["weather"]

        return answer(request, change)

    server.will_always(lacking)
    notes_by(server)
    assert len(server.received) == 2
    assert "written_parts" in server.received[1].document["messages"][-1]["content"]


def test_parts_of_a_long_session_are_united_without_doubles(server: FakeOpenAI) -> None:
    wish = "The client wants to die."

    def change(notes: JsonObject, read: Transcript) -> None:
        evidence = [
            {"segment": n, "quote": "I want to die"}
            for n, segment in enumerate(read.segments)
            if "die" in segment.text
        ]
        if evidence:
            notes["written_parts"]["context"] = [{"sentence": wish, "evidence": evidence}] * 2

    server.will_always(lambda request: answer(request, change))
    notes = notes_by(server, long_session(), model=replace(SMALL, window_tokens=10_240))
    assert notes["provenance"]["parts"] > 2
    assert part(notes, "context") == [wish]


def test_a_template_that_leaves_the_model_no_room_says_which_setting_is_too_small(server: FakeOpenAI) -> None:
    wordy = tuple(Part(f"part-{n}", "Part", "word " * 200) for n in range(20))
    with pytest.raises(PermanentStepError, match="SESSIONSCRIBE_OPENAI_NOTES_WINDOW_TOKENS") as caught:
        notes_by(server, request=ExtractionRequest("intake", None, wordy), model=SMALL)
    assert caught.value.code == "engine_window_too_small"


def test_a_recording_without_speech_has_every_part_missing(server: FakeOpenAI) -> None:
    silent = from_lines([])
    notes = notes_by(server, silent)
    assert server.received == []
    assert part(notes, "weather") == [NOTHING_FOR_PART]


def test_the_rules_quote_what_speaks_of_a_part_and_name_the_rest_missing() -> None:
    draft = RulesExtractor().extract(SAID, REQUEST)
    notes = rendered(checked(draft, SAID, screen(SAID)), TEMPLATE, SAID)
    assert NotesSchema().validate(notes) == {}
    assert part(notes, "fields") == ["Sertraline (fifty milligrams)."]
    assert all(s["verified"] for section in notes["sections"] for s in section["sentences"])
    assert part(notes, "weather") == [NOTHING_FOR_PART]
    assert "Weather" in [entry["item"] for entry in notes["completeness"]["missing"]]


def test_parts_outlive_another_template_and_count_only_for_the_instruction_they_were_written_to(
    server: FakeOpenAI,
) -> None:
    server.will_always(writing({"context": [BROTHER]}))
    notes = notes_by(server)
    elsewhere = rendered(notes, Template("short", "Short", (Part("plan", "Plan", "", ("tasks",)),)), SAID)
    assert BROTHER["sentence"] not in str(elsewhere["sections"])
    assert part(rendered(elsewhere, TEMPLATE, SAID), "context") == [BROTHER["sentence"]]
    changed = Template("intake", "Intake", (Part("context", "Pets", "Which animals."),))
    assert part(rendered(notes, changed, SAID), "context") == [NOTHING_FOR_PART]


def test_a_session_with_the_practices_template_goes_the_whole_way(
    resources: Resources, office: Office, server: FakeOpenAI
) -> None:
    evidence = [{"segment": 0, "quote": "my brother moved in"}]
    server.will_always(writing({"who": [{"sentence": "The brother moved in.", "evidence": evidence}]}))
    session_id = promise(resources, office)
    me = clinician(resources, office, session_id)
    household = {"name": "who", "title": "Household", "instruction": "Who lives there."}
    pets = {"name": "pets", "title": "Pets", "instruction": "Which animals."}
    own = {"name": "home", "title": "Home", "parts": [household, pets]}
    assert me("POST", "/api/templates", json=own).status_code == 201
    engine = OpenAIExtractor(KEY, server.base_url, "note-writer")
    said = FakeTranscriber("my brother moved in last month")
    bench = bench_with(resources, transcriber=said, extractor=engine)
    work(bench, session_id)
    again = me("POST", f"/api/sessions/{session_id}/extract-notes", json={"template": "home"})
    assert again.status_code == 202
    work(bench, session_id)
    engine.close()
    notes = me.notes()["extracted_notes"]
    assert part(notes, "who") == ["The brother moved in."]
    assert part(notes, "pets") == [NOTHING_FOR_PART]
    told = "A dog called Rex, as the client told by phone."
    sections = notes["sections"]
    sections[1]["sentences"] = [{"sentence": told, "evidence": []}]
    forged = [{**notes["written_parts"][0], "sentences": sections[1]["sentences"]}]
    after = me.put({"sections": sections, "written_parts": forged}).json["extracted_notes"]
    assert part(after, "pets") == [told]
    assert after["written_parts"] == notes["written_parts"], "what the engine wrote is not an editor's to set"
    assert "Pets" not in [entry["item"] for entry in after["completeness"]["missing"]]
