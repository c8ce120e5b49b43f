"""De-identification on the whole way: what a notes service is sent, what comes back, and what is kept."""

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
import redis
from sqlalchemy import text

from benchmarks.text import deidentify as benchmark
from shared.domain.notes.fields import LIST_FIELDS
from shared.domain.values import ExtractionRequest, JsonObject, Segment, Transcript
from shared.services.audit_trail import disclosures, privacy_report
from shared.services.consents import history
from shared.services.engines import practice_engines
from shared.services.notes import reading
from shared.services.resources import Resources
from tests.database import everything
from tests.fakes.notes_models import honest
from tests.fakes.openai_server import KEY, FakeOpenAI, Received, Reply, completion
from tests.fakes.speech import FakeTranscriber
from tests.fixtures.transcripts.loading import from_lines
from tests.integration.sessions import bench_with, promise, row, work
from tests.note_documents import verify
from tests.servers import Office
from workers.engines.deidentify.extractor import DeidentifyingExtractor
from workers.engines.openai.extractor import NotesModel, OpenAIExtractor

SESSIONS = sorted(Path("tests/fixtures/deidentify").glob("*/*.txt"))
SAID = "I told ient and zebulon that ient is spelled like quillonia, on March 3rd."


def quoting(request: Received) -> Reply:
    """A model that cites each line as it reads it, whole."""
    lines = [line for line in request.document["messages"][1]["content"].splitlines() if line[:1] == "["]
    cited = [(int(line[1 : line.index("]")]), line.split(": ", 1)[1]) for line in lines]
    document: JsonObject = {field: [] for field in LIST_FIELDS}
    document["significant_quotes"] = [
        {"quote": quote, "context": "", "evidence": [{"segment": number, "quote": quote}]}
        for number, quote in cited
    ]
    texts = ("topic_summary", "session_mood", "mood_trajectory", "therapist_notes", "patient_summary")
    document |= {"session_mood": "neutral", "mood_trajectory": "stable"}
    return completion(json.dumps(document | {"field_evidence": {field: [] for field in texts}}))


@pytest.fixture
def server() -> Iterator[FakeOpenAI]:
    with FakeOpenAI() as fake:
        fake.will_always(quoting)
        yield fake


def notes_of(server: FakeOpenAI, said: Transcript, known: list[str], deidentify: bool) -> JsonObject:
    inner = OpenAIExtractor(KEY, server.base_url, NotesModel("note-writer", 8192))
    engine = DeidentifyingExtractor(inner) if deidentify else inner
    with closing(inner):
        return verify(engine.extract(said, ExtractionRequest(known_names=tuple(known))), said)


def quotes_in(notes: JsonObject) -> list[JsonObject]:
    return [piece for item in notes["significant_quotes"] for piece in item["evidence"]]


@pytest.mark.parametrize("path", SESSIONS, ids=lambda path: path.stem)
def test_no_known_name_is_sent_and_the_quotes_are_the_same(server: FakeOpenAI, path: Path) -> None:
    session = benchmark.read(path)
    segments = (Segment(i, i + 1, said, "Speaker 1") for i, said in enumerate(session.texts))
    transcript = Transcript(tuple(segments), 60.0, "en", "test", False)
    plain = notes_of(server, transcript, session.known, deidentify=False)
    server.received.clear()
    hidden = notes_of(server, transcript, session.known, deidentify=True)
    sent = " ".join(json.dumps(request.document, ensure_ascii=False) for request in server.received)
    assert [name for full in session.known for name in full.split() if name in sent] == []
    assert not plain["provenance"].get("deidentified")
    assert hidden["provenance"]["deidentified"] is True
    assert quotes_in(hidden) == quotes_in(plain)
    assert len(quotes_in(hidden)) > 10


def test_parts_of_a_long_session_and_their_summary_have_the_same_tokens(server: FakeOpenAI) -> None:
    server.will_always(honest)
    said = ["T: What is it?", "C: I want to die, I told Quillonia. I think about killing myself."]
    filler = [f"C: I went to the shop with Quillonia and I did the washing, {n}." for n in range(300)]
    notes = notes_of(server, from_lines([*filler, *said]), [], deidentify=True)
    sent = [request.document["messages"] for request in server.received]
    assert len(sent) > 2
    assert "<items-" in sent[-1][1]["content"]
    assert all("NAME_1" in order["content"] for orders in sent for order in orders)
    assert not any(word in json.dumps(sent) for word in ("NAME_2 ", "Quillonia"))
    assert any("Quillonia" in piece["quote"] for flag in notes["risk_flags"] for piece in flag["evidence"])


def test_the_names_of_a_session_stay_and_the_map_is_kept_nowhere(
    resources: Resources, office: Office, server: FakeOpenAI, capfd: pytest.CaptureFixture[str]
) -> None:
    with everything(resources) as db:
        db.execute(text("UPDATE therapists SET name = 'Dr. Zebulon Okonkwo'"))
    left = history.add_participant(resources, office.caller, office.patient_id, "Quillonia Ient")
    history.remove_participant(resources, office.caller, office.patient_id, left)
    practice_engines.change(resources, office.caller, {"away_allowed": True})
    settings = replace(resources.settings, extractor="openai", deidentify=True)
    inner = OpenAIExtractor(KEY, server.base_url, "note-writer")
    bench = bench_with(
        replace(resources, settings=settings),
        transcriber=FakeTranscriber(SAID),
        extractor=DeidentifyingExtractor(inner),
    )
    with closing(inner):
        session_id = promise(resources, office)
        work(bench, session_id)
    assert row(resources, session_id).status == "processed"
    sent = json.dumps([request.document for request in server.received])
    assert "I told NAME_1 and NAME_2 that NAME_1 is spelled like NAME_3, on DATE_1." in sent
    notes = reading.read(resources, office.caller, session_id).document
    assert {quote["quote"] for quote in notes["significant_quotes"]} == {SAID}
    kept = "".join((sent, *capfd.readouterr(), *rows_of(resources), *messages_of(resources)))
    assert [
        word for word in ("quillonia", "Quillonia", "zebulon", "March 3rd", "Pat Ient") if word in kept
    ] == []
    assert "NAME_1" not in kept.removeprefix(sent)
    assert notes["provenance"]["deidentified"] is True
    told = disclosures.listed(resources, office.caller, office.patient_id)
    assert "the transcript without found identifiers" in [one.what for one in told]
    report = privacy_report.make(replace(resources, settings=settings), office.caller)
    assert report["engines"]["deidentified"] is True
    assert not [words for words in report["look_at"] if "all names" in words]
    open_ = replace(resources, settings=replace(settings, deidentify=False))
    assert [words for words in privacy_report.make(open_, office.caller)["look_at"] if "all names" in words]


def rows_of(resources: Resources) -> list[str]:
    """All rows of all tables, as text."""
    with everything(resources) as db:
        tables = db.scalars(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")).all()
        assert len(tables) > 20
        return [str(r) for name in tables for r in db.scalars(text(f'SELECT t::text FROM "{name}" t'))]


def messages_of(resources: Resources) -> list[str]:
    """All that lies in Redis."""
    with closing(redis.Redis.from_url(resources.settings.redis_url)) as queue:
        return [str(queue.dump(key)) for key in queue.scan_iter()]
