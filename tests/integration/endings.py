"""Workbenches whose engines call back at a named moment, and what an ending must leave behind."""

from collections.abc import Callable
from dataclasses import replace
from uuid import UUID

from sqlalchemy import text

from shared.domain.notes.items import Item
from shared.domain.ports import ByteSource, PcmSource
from shared.domain.values import (
    DecodedFacts,
    ExtractionRequest,
    JsonObject,
    Phrase,
    SpeechPlan,
    Transcript,
    TranscriptionHints,
)
from shared.domain.verification.risk import Screening
from shared.services.jobs.worker_context import Workbench
from shared.services.resources import Resources
from tests.database import everything
from tests.fakes.media import FakeDecoder
from tests.fakes.notes import FakeExtractor
from tests.fakes.speech import FakeSpeechAnalyser, FakeTranscriber
from tests.integration.sessions import bench_with, plan_of
from workers.engines.rules.risk import screen

Act = Callable[[], None]

MOMENTS = (
    "decoding", "decoded", "analysing", "transcribing", "last chunk", "uniting", "extracting",
    "persisting",
)  # fmt: skip


class _Decoder(FakeDecoder):
    def __init__(self, during: Act, after: Act) -> None:
        super().__init__(seconds=4.0)
        self._during = during
        self._after = after

    def decode(self, source: ByteSource, write: Callable[[bytes], None]) -> DecodedFacts:
        write(b"\0\0" * 100)
        self._during()
        facts = super().decode(source, write)
        self._after()
        return facts


class _Analyser(FakeSpeechAnalyser):
    def __init__(self, act: Act) -> None:
        super().__init__(plan_of(3))
        self._act = act

    def analyse(self, pcm: PcmSource, speakers: int, chunk_seconds: float) -> SpeechPlan:
        self._act()
        return super().analyse(pcm, speakers, chunk_seconds)


class _Transcriber(FakeTranscriber):
    def __init__(self, first: Act, last: Act) -> None:
        super().__init__()
        self._acts = {1: first, 3: last}

    def transcribe(self, pcm: bytes, hints: TranscriptionHints) -> list[Phrase]:
        phrases = super().transcribe(pcm, hints)
        self._acts.get(self.calls, lambda: None)()
        return phrases


class _Extractor(FakeExtractor):
    def __init__(self, act: Act) -> None:
        super().__init__()
        self._act = act

    def extract(self, transcript: Transcript, request: ExtractionRequest) -> JsonObject:
        self._act()
        return super().extract(transcript, request)


def bench_at(resources: Resources, moment: str, act: Act) -> Workbench:
    """A workbench on which ``act`` happens in the middle of the work, at ``moment``."""

    def at(name: str) -> Act:
        return act if name == moment else lambda: None

    screenings = iter(("uniting", "persisting"))

    def screened(transcript: Transcript) -> Screening:
        at(next(screenings, ""))()
        return Screening([Item.of(flag) for flag in screen(transcript)])

    decoder = _Decoder(at("decoding"), at("decoded"))
    bench = bench_with(
        replace(resources, decoder=decoder),
        analyser=_Analyser(at("analysing")),
        transcriber=_Transcriber(at("transcribing"), at("last chunk")),
        extractor=_Extractor(at("extracting")),
    )
    return replace(bench, screen_risk=screened)


def rows_of(resources: Resources, session_id: UUID) -> dict[str, int]:
    """How many rows of each kind a session has."""
    tables = {"sessions": "id", "steps": "session_id", "outputs": "session_id", "notes": "session_id"}
    with everything(resources) as db:
        return {
            table: db.execute(
                text(f"SELECT count(*) FROM {table} WHERE {column} = :id"),
                {"id": session_id},
            ).scalar_one()
            for table, column in (tables | {"session_events": "session_id"}).items()
        }
