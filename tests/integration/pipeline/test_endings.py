"""Cancelled and deleted sessions, whatever is being done with them at that moment."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from uuid import UUID

import pytest
from sqlalchemy import text

from shared.domain.errors import Conflict, NotFound, Unavailable
from shared.domain.ports import ByteSource, PcmSource
from shared.domain.status import Status
from shared.domain.values import (
    DecodedFacts,
    ExtractionRequest,
    JsonObject,
    Phrase,
    SpeechPlan,
    TranscriberCapabilities,
    Transcript,
    TranscriptionHints,
)
from shared.services import patients
from shared.services.lifecycle import cancellation, deletion
from shared.services.resources import Resources
from shared.services.sessions import reading as sessions
from shared.services.steps import chunk_transcription, extraction, transcription
from shared.storage.local_store import LocalStore
from shared.storage.objects import ObjectStore
from shared.storage.opening import open_store
from shared.storage.recordings import SPEECH, Recordings
from shared.vault.sealing import Subject
from tests.database import everything
from tests.fakes.media import FakeDecoder
from tests.fakes.notes import FakeExtractor
from tests.fakes.speech import FakeSpeechAnalyser, FakeTranscriber
from tests.integration.api_client import left_behind
from tests.integration.endings import MOMENTS, bench_at, rows_of
from tests.integration.sessions import audited, bench_with, plan_of, products, promise, row, versions, work
from tests.servers import Office, make_office

SOON = 6.0  # seconds: the heartbeat of the tests' leases comes every second


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_session_cancelled_at_any_moment_stays_as_it_was_then(
    resources: Resources, office: Office, moment: str
) -> None:
    session_id = promise(resources, office)
    bench = bench_at(resources, moment, lambda: cancellation.cancel(resources, office.caller, session_id))
    work(bench, session_id)
    work(bench_with(resources), session_id)
    assert row(resources, session_id).status == Status.CANCELLED
    made = {"extracting": ["transcript"], "persisting": ["transcript"]}
    drawn = [] if moment in ("decoding", "decoded", "analysing") else ["waveform"]
    assert products(resources, session_id) == made.get(moment, []) + drawn
    assert versions(resources, session_id) == []
    assert objects(resources) == ["recording"]
    assert audited(resources, session_id, "session.cancel") == 1


@pytest.mark.parametrize("moment", MOMENTS)
def test_of_a_session_deleted_at_any_moment_nothing_comes_back(
    resources: Resources, office: Office, moment: str
) -> None:
    session_id = promise(resources, office)
    bench = bench_at(resources, moment, lambda: delete(resources, office, session_id))
    work(bench, session_id)
    work(bench_with(resources), session_id)
    assert set(rows_of(resources, session_id).values()) == {0}
    assert left_behind(resources) == []
    assert delete(resources, office, session_id).erased_at is not None


def delete(resources: Resources, office: Office, session_id: UUID) -> deletion.Receipt:
    return deletion.delete(resources, office.caller, session_id)


def objects(resources: Resources) -> list[str]:
    keys = str(resources.settings.keys_dir)
    return sorted(path.rpartition("/")[2] for path in left_behind(resources) if not path.startswith(keys))


def test_a_cancelled_session_is_cancelled_again_and_an_ended_one_is_not(
    resources: Resources, office: Office
) -> None:
    session_id, done = promise(resources, office), promise(resources, office)
    cancellation.cancel(resources, office.caller, session_id)
    cancellation.cancel(resources, office.caller, session_id)
    work(bench_with(resources), done)
    with pytest.raises(Conflict):
        cancellation.cancel(resources, office.caller, done)
    with pytest.raises(Conflict):
        sessions.retry(resources, office.caller, session_id)


def test_nobody_else_cancels_or_deletes_a_session(resources: Resources, office: Office) -> None:
    session_id, stranger = promise(resources, office), make_office(resources).caller
    for act in (cancellation.cancel, deletion.delete):
        with pytest.raises(NotFound):
            act(resources, stranger, session_id)
    delete(resources, office, session_id)
    with pytest.raises(NotFound):
        deletion.delete(resources, stranger, session_id)


# --- work that is under way stops, instead of ending late ---------------------------------------


class EndlessDecoder(FakeDecoder):
    def decode(self, source: ByteSource, write: Callable[[bytes], None]) -> DecodedFacts:
        return _for_ever(lambda: write(b"\0\0"))


class EndlessAnalyser(FakeSpeechAnalyser):
    def analyse(self, pcm: PcmSource, speakers: int, chunk_seconds: float) -> SpeechPlan:
        return _for_ever(lambda: pcm.read(0.0, 0.1))


class Computing(FakeTranscriber):
    """An engine that computes here, and asks whether it should go on."""

    def transcribe(self, pcm: bytes, hints: TranscriptionHints) -> list[Phrase]:
        return _for_ever(hints.checkpoint)


class Waiting(FakeTranscriber):
    """An engine behind HTTP whose server does not answer."""

    def __init__(self, answer: threading.Event) -> None:
        super().__init__()
        self._answer = answer

    @property
    def capabilities(self) -> TranscriberCapabilities:
        return replace(super().capabilities, parallel_calls=4)

    def transcribe(self, pcm: bytes, hints: TranscriptionHints) -> list[Phrase]:
        assert self._answer.wait(60)
        return super().transcribe(pcm, hints)


class WaitingExtractor(FakeExtractor):
    def __init__(self, answer: threading.Event) -> None:
        super().__init__()
        self._answer = answer

    def extract(self, transcript: Transcript, request: ExtractionRequest) -> JsonObject:
        assert self._answer.wait(60)
        return super().extract(transcript, request)


def _for_ever(act: Callable[[], object]) -> DecodedFacts | SpeechPlan | list[Phrase]:  # type: ignore[misc]
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        act()
        time.sleep(0.01)
    raise AssertionError("was not stopped")


@contextmanager
def seconds_to_stop(act: Callable[[], object], ready: Callable[[], bool]) -> Iterator[None]:
    """The block is the work; ``act`` ends its session once it is ``ready``."""
    ended: list[float] = []

    def end() -> None:
        deadline = time.monotonic() + 20
        while not ready() and time.monotonic() < deadline:
            time.sleep(0.02)
        act()
        ended.append(time.monotonic())

    thread = threading.Thread(target=end)
    thread.start()
    yield
    thread.join()
    assert time.monotonic() - ended[0] < SOON


@pytest.mark.parametrize("ending", ["cancel", "delete"])
@pytest.mark.parametrize("engine", ["decoder", "analyser", "computing", "waiting", "extractor"])
def test_work_under_way_stops_within_seconds(
    resources: Resources, office: Office, engine: str, ending: str
) -> None:
    session_id, answer = promise(resources, office), threading.Event()
    act = cancellation.cancel if ending == "cancel" else deletion.delete
    plain = bench_with(resources, analyser=FakeSpeechAnalyser(plan_of(4)))
    if engine in ("computing", "waiting", "extractor"):
        transcription.transcribe(plain, session_id)
    if engine == "extractor":
        for _ in range(4):
            chunk_transcription.transcribe_chunk(plain, session_id)
        transcription.transcribe(plain, session_id)
    run, bench = {
        "decoder": (transcription.transcribe, bench_with(replace(resources, decoder=EndlessDecoder()))),
        "analyser": (transcription.transcribe, bench_with(resources, analyser=EndlessAnalyser(plan_of(1)))),
        "computing": (chunk_transcription.transcribe_chunk, bench_with(resources, transcriber=Computing())),
        "waiting": (chunk_transcription.transcribe_chunk, bench_with(resources, transcriber=Waiting(answer))),
        "extractor": (extraction.extract_notes, bench_with(resources, extractor=WaitingExtractor(answer))),
    }[engine]

    def running() -> bool:
        query = "SELECT count(*) FROM steps WHERE session_id = :id AND state = 'running'"
        with everything(resources) as db:
            return bool(db.execute(text(query), {"id": session_id}).scalar_one())

    with seconds_to_stop(lambda: act(resources, office.caller, session_id), running):
        run(bench, session_id)  # type: ignore[operator]
    answer.set()
    assert objects(resources) == (["recording"] if ending == "cancel" else [])


def test_endings_and_workers_never_wait_for_each_other_in_a_circle(
    resources: Resources, office: Office
) -> None:
    ids = [promise(resources, office) for _ in range(8)]
    bench = bench_with(resources, analyser=FakeSpeechAnalyser(plan_of(12)))

    def end(number: int) -> None:
        session_id = ids[number]
        transcription.transcribe(bench, session_id)
        with ThreadPoolExecutor(3) as pool:
            chunks = [pool.submit(chunk_transcription.transcribe_chunk, bench, session_id) for _ in range(9)]
            chunks[number % 3].result()
            act = deletion.delete if number % 2 else cancellation.cancel
            act(resources, office.caller, session_id)  # a deadlock would make it Unavailable
            for chunk in chunks:
                chunk.result()

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(end, range(len(ids))))
    with everything(resources) as db:
        statuses = db.execute(text("SELECT DISTINCT status FROM sessions")).scalars().all()
    assert statuses == ["cancelled"]
    assert objects(resources) == ["recording"] * 4


# --- an ending that is interrupted is gone on with ----------------------------------------------


class Crash(BaseException):
    """The process is gone."""


class FailingStore(LocalStore):
    """The real store, whose next deletions raise ``error``."""

    error: BaseException | None = None

    def delete(self, name: str) -> None:
        if self.error is not None:
            raise self.error
        super().delete(name)


def failing(resources: Resources, error: BaseException) -> Resources:
    real = open_store(resources.settings.storage_url)
    store: ObjectStore = FailingStore(real._folder)  # type: ignore[attr-defined]
    store.error = error  # type: ignore[attr-defined]
    return replace(resources, recordings=Recordings(store, resources.vault.keys))


def erase_due(resources: Resources) -> int:
    return deletion.erase_due(resources.database, resources.recordings, resources.vault.keys)


def let_time_pass(resources: Resources, *columns: str) -> None:
    with everything(resources) as db:
        for column in columns:
            db.execute(text(f"UPDATE erasures SET {column} = now() - interval '1 second'"))


@pytest.mark.parametrize("by", ["dispatcher", "caller"])
def test_a_deletion_that_crashed_is_completed(resources: Resources, office: Office, by: str) -> None:
    session_id = promise(resources, office)
    with pytest.raises(Crash):
        delete(failing(resources, Crash()), office, session_id)
    assert set(rows_of(resources, session_id).values()) == {0}
    with pytest.raises(NotFound):
        sessions.get(resources, office.caller, session_id)
    if by == "dispatcher":
        assert erase_due(resources) == 0  # not yet: the caller may be at it
        let_time_pass(resources, "due_at")
        assert erase_due(resources) == 1
    assert delete(resources, office, session_id).erased_at is not None
    assert left_behind(resources) == []


def test_with_the_store_away_the_key_is_gone_and_the_receipt_says_that_work_is_left(
    resources: Resources, office: Office
) -> None:
    session_id = promise(resources, office)
    away = Unavailable("The storage is not available.", "storage_unavailable")
    receipt = delete(failing(resources, away), office, session_id)
    assert receipt.erased_at is None
    assert [path for path in left_behind(resources) if path.endswith(".key")] == []
    let_time_pass(resources, "due_at")
    assert erase_due(failing(resources, away)) == 0
    assert erase_due(resources) == 0  # a pause first
    let_time_pass(resources, "due_at")
    assert erase_due(resources) == 1
    assert left_behind(resources) == []


def test_what_a_lost_worker_wrote_after_the_end_is_removed_in_the_end(
    resources: Resources, office: Office
) -> None:
    cancelled, deleted = promise(resources, office), promise(resources, office)
    late = Subject(office.caller.practice_id, deleted)
    with resources.recordings.create(late, SPEECH) as write:  # holds the key from before
        write(b"speech")
        delete(resources, office, deleted)
    cancellation.cancel(resources, office.caller, cancelled)
    with resources.recordings.create(Subject(office.caller.practice_id, cancelled), SPEECH) as write:
        write(b"speech")
    assert objects(resources) == ["recording", "speech", "speech"]
    let_time_pass(resources, "due_at", "last_at")
    assert erase_due(resources) == 2
    assert objects(resources) == ["recording"]
    assert erase_due(resources) == 0


# --- consent -------------------------------------------------------------------------------------


@pytest.mark.parametrize("withdrawal", [{"revoked_on": "now"}, {"given_on": None, "method": None}])
def test_without_consent_work_stops_and_is_not_taken_up_again(
    resources: Resources, office: Office, withdrawal: dict[str, str | None]
) -> None:
    caller, session_id, done = office.caller, promise(resources, office), promise(resources, office)
    other = make_office(resources)
    others = promise(resources, other)
    work(bench_with(resources), done)

    def withdraw() -> None:
        with everything(resources) as db:
            now = db.execute(text("SELECT now()")).scalar_one()
        change = {name: now if value == "now" else value for name, value in withdrawal.items()}
        patients.change(resources, caller, office.patient_id, change)

    work(bench_at(resources, "decoded", withdraw), session_id)
    assert row(resources, session_id).status == Status.CANCELLED
    assert row(resources, done).status == Status.PROCESSED
    assert row(resources, others).status == Status.PENDING
    assert "speech" not in objects(resources)
    with pytest.raises(Conflict, match="consent"):
        sessions.extract_again(resources, caller, done)
