"""Measures an hour's recording: what each step takes, with more workers, and behind HTTP.

``python -m benchmarks.load.long_recordings steps`` (all but the engine, an hour), ``openai`` (an hour,
against a server that takes a second for each call) and ``workers`` (Whisper with 1, 2 and 4
workers; with ``--minutes 6`` about five minutes of two cores). Starts servers of its own and leaves
nothing. The recording is the sample (synthetic voices), over and over.
"""

import argparse
import json
import os
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from uuid import UUID

import av

from benchmarks.load.machine import Machine, Taken, Watch, cpu_seconds, running_machine, running_workers
from shared.db.queries.privacy import audit
from shared.db.queries.records import sessions
from shared.domain.status import FINAL, Status
from shared.domain.values import (
    BYTES_PER_SAMPLE,
    SAMPLE_RATE,
    Phrase,
    TranscriberCapabilities,
    TranscriptionHints,
    Word,
)
from shared.pipeline import TRANSCRIBE_CHUNK
from shared.services.engines import practice_engines
from shared.services.sessions import reading
from shared.services.steps import chunk_transcription, extraction, persistence, transcription
from shared.services.uploads import accepting
from shared.services.uploads.registration import UploadDetails
from tests.fakes.openai_server import KEY, FakeOpenAI, Nature, Received, Reply
from workers import dependencies as workbench

SAMPLE = Path(__file__).parents[2] / "samples" / "therapy_session.m4a"
SAID = " ".join(turn["text"] for turn in json.loads(SAMPLE.with_suffix(".json").read_text())["turns"]).split()
SECONDS_A_WORD = 0.38


class FreeTranscriber:
    """Costs nothing and hears as many words as were said: the sample's own, in a row."""

    capabilities = TranscriberCapabilities("free", True, "utterance", 30.0, 1, True)

    def __init__(self) -> None:
        self._at = 0

    def transcribe(self, pcm: bytes, hints: TranscriptionHints) -> list[Phrase]:
        seconds = len(pcm) / BYTES_PER_SAMPLE / SAMPLE_RATE
        count = max(1, int(seconds / SECONDS_A_WORD))
        pace = seconds / count
        texts = [SAID[(self._at + number) % len(SAID)].lower().strip(".,?!") for number in range(count)]
        self._at += count
        words = tuple(Word(text, n * pace, (n + 1) * pace, 0.9) for n, text in enumerate(texts))
        return [Phrase(" ".join(texts), 0.0, seconds, 0.9, words)]


def make_recording(path: Path, minutes: float) -> None:
    """The sample's packets over and over, so that nothing is encoded anew."""
    with av.open(str(SAMPLE)) as source:
        stream = source.streams.audio[0]
        packets = [bytes(packet) for packet in source.demux(stream) if packet.size]
        length = stream.frames and 1024
        with av.open(str(path), "w", format="ipod") as out:
            track = out.add_stream_from_template(stream)
            track.time_base = Fraction(1, stream.rate)
            at = 0
            while at < minutes * 60 * stream.rate:
                packet = av.Packet(packets[(at // length) % len(packets)])
                packet.stream, packet.time_base = track, track.time_base
                packet.pts = packet.dts = at
                packet.duration = length
                out.mux(packet)
                at += length


def accept(machine: Machine, recording: Path) -> UUID:
    """The recording as an upload leaves it: promised, and its message sent."""

    def feed(write: Callable[[bytes], None]) -> UploadDetails:
        with recording.open("rb") as file:
            while block := file.read(1 << 20):
                write(block)
        return UploadDetails(
            machine.office.patient_id, datetime.now(UTC), "hour.m4a", "audio/mp4", language="en"
        )

    return accepting.receive(machine.resources, machine.office.caller, feed)


def processed(machine: Machine, session_id: UUID) -> None:
    """Wait until it is; raises RuntimeError if it ends otherwise."""
    while True:
        with machine.resources.database.transaction(machine.office.caller.practice_id) as db:
            row = sessions.get(db, session_id)
        assert row is not None
        if row.status in FINAL:
            if row.status != Status.PROCESSED:
                raise RuntimeError(f"the session is {row.status}: {row.error_code}")
            return
        time.sleep(0.1)


@contextmanager
def measured(name: str, seconds: float) -> Iterator[None]:
    """Print what the block takes, of this process and its children."""
    wall, cpu = time.perf_counter(), cpu_seconds([os.getpid()])
    yield
    wall, cpu = time.perf_counter() - wall, cpu_seconds([os.getpid()]) - cpu
    print(f"  {name:<28} {wall:7.1f} s wall {cpu:7.1f} s CPU  {cpu / seconds:7.2%} of the audio", flush=True)


def steps(minutes: float) -> None:
    """All but the engine, in one process."""
    with running_machine(OPENBLAS_NUM_THREADS="1") as machine:
        recording = machine.folder / "hour.m4a"
        make_recording(recording, minutes)
        seconds = minutes * 60
        print(f"{minutes:.0f} minutes, {recording.stat().st_size / 1e6:.0f} MB of m4a; all but the engine")
        with measured("accept", seconds):
            session_id = accept(machine, recording)
        free = FreeTranscriber()
        bench = replace(workbench.build(machine.settings), build_transcriber=lambda _: free)
        with Watch([os.getpid()]) as watch, measured("from accepted to processed", seconds):
            with measured("transcribe: decode, analyse", seconds):
                transcription.transcribe(bench, session_id)
            with measured("transcribe_chunk, all", seconds):
                while chunk_transcription.transcribe_chunk(bench, session_id):
                    """The next."""
            with measured("transcribe: unite", seconds):
                transcription.transcribe(bench, session_id)
            with measured("extract_notes (rules)", seconds):
                extraction.extract_notes(bench, session_id)
            with measured("persist", seconds):
                persistence.persist(bench, session_id)
        processed(machine, session_id)
        print(f"  peak memory {watch.taken.peak_mb} (the first is this process, with what benchmarks load)")


def openai(minutes: float, workers: int, latency: float) -> None:
    """The whole way with an engine behind HTTP."""
    with FakeOpenAI(nature=Nature(latency=latency)) as server:
        server.will_always(_words_for)
        with running_machine(
            SESSIONSCRIBE_TRANSCRIBER="openai",
            OPENAI_API_KEY=KEY,
            OPENAI_BASE_URL=server.base_url,
            SESSIONSCRIBE_OPENAI_MAX_CALLS="64",
            SESSIONSCRIBE_OPENAI_USD_PER_MINUTE="0.0045",
        ) as machine:
            practice_engines.change(machine.resources, machine.office.caller, {"away_allowed": True})
            wall, taken, session_id = _whole_way(machine, minutes, workers)
            usage = reading.transcript(machine.resources, machine.office.caller, session_id)["usage"]
            shares = _chunks_by_worker(machine, session_id)
        print(
            f"openai, {latency:.1f} s a call, {workers} workers: {minutes:.0f} minutes in {wall:.1f} s; "
            f"{len(server.received)} calls, {server.most_at_once} at once; chunks by worker {shares}"
        )
        _print_taken(taken, minutes)
        print(f"  usage {usage}")


def _chunks_by_worker(machine: Machine, session_id: UUID) -> list[int]:
    with machine.resources.database.transaction(machine.office.caller.practice_id) as db:
        events = audit.about_steps(db, session_id)
    done = [e.actor for e in events if (e.step, e.action) == (TRANSCRIBE_CHUNK.name, "step.done")]
    return sorted(Counter(done).values(), reverse=True)


def _words_for(request: Received) -> Reply:
    assert request.upload is not None
    count = max(1, int(len(request.upload.data) / BYTES_PER_SAMPLE / SAMPLE_RATE / SECONDS_A_WORD))
    at = random.randrange(len(SAID) - 1)
    return Reply({"text": " ".join((SAID * 3)[at : at + count])})


def whisper(minutes: float) -> None:
    """The whole way with the offline engine, by 1, 2 and 4 workers."""
    first = None
    for workers in (1, 2, 4):
        with running_machine() as machine:
            wall, taken, _ = _whole_way(machine, minutes, workers)
        first = first or wall
        speed = f"{wall:.1f} s, {first / wall:.2f} times as fast as one"
        print(f"tiny.en, {workers} workers: {minutes:.0f} minutes in {speed}")
        _print_taken(taken, minutes)


def _whole_way(machine: Machine, minutes: float, workers: int) -> tuple[float, Taken, UUID]:
    """From the accepted upload to the notes: wall seconds, what the workers took, and the session."""
    recording = machine.folder / "hour.m4a"
    make_recording(recording, minutes)
    with running_workers(machine, workers) as roots:
        processed(machine, accept(machine, _warm_up(machine)))
        with Watch(roots) as watch:
            began = time.perf_counter()
            session_id = accept(machine, recording)
            processed(machine, session_id)
            wall = time.perf_counter() - began
    return wall, watch.taken, session_id


def _warm_up(machine: Machine) -> Path:
    """A short recording, after which the workers are up and have loaded what they load once."""
    short = machine.folder / "short.m4a"
    make_recording(short, 0.3)
    return short


def _print_taken(taken: Taken, minutes: float) -> None:
    cpu = f"{taken.cpu_seconds:.1f} s ({taken.cpu_seconds / (minutes * 60):.2%} of the audio)"
    print(f"  workers' CPU {cpu}; peak MB {taken.peak_mb}", flush=True)


def main() -> None:
    """Run what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("steps", "openai", "workers"))
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--latency", type=float, default=1.0)
    given = parser.parse_args()
    if given.what == "steps":
        steps(given.minutes)
    elif given.what == "openai":
        openai(given.minutes, given.workers, given.latency)
    else:
        whisper(given.minutes)


if __name__ == "__main__":
    main()
