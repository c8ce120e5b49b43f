"""Measures words, speed and memory of Whisper models on real speech, beside bare faster-whisper.

Run ``python -m benchmarks.audio.speech FOLDER [MODEL …]``. FOLDER holds recordings and a ``manifest.json``:
a list of objects with ``file`` and ``text``, what is said. Each model runs in a process of its own; ours
and the bare library (its defaults at temperature 0, the whole file at once) take turns on every recording,
so that both meet the same load. ``--noise 20 10`` adds far-field copies with a computed echo and pink noise
at so many dB, ``--pauses`` one with pauses of 2 to 6 s of room tone put between the words.
"""

import argparse
import json
import multiprocessing
import resource
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

import jiwer
import numpy as np
from numpy.typing import NDArray
from whisper_normalizer.english import EnglishTextNormalizer

from benchmarks.audio.rooms import far_field, with_pauses
from benchmarks.audio.transcription import decode
from shared.domain.transcripts.assembly import ChannelPhrase, assemble
from shared.domain.transcripts.units import units_of
from shared.domain.values import SAMPLE_RATE, TranscriptionHints
from tests.fakes.speech import InMemoryPcm
from workers.audio.analyser import OfflineSpeechAnalyser
from workers.engines.whisper.loading import ModelSettings, load
from workers.engines.whisper.transcriber import WhisperTranscriber

Sound = NDArray[np.int16]
MIB = 1024


@dataclass
class Score:
    """Errors and seconds of one way of transcribing, over a set of recordings."""

    substitutions: int = 0
    deletions: int = 0
    insertions: int = 0
    words: int = 0
    audio_seconds: float = 0.0
    cpu_seconds: float = 0.0
    unheard_seconds: float = 0.0
    reviews: list[str] = field(default_factory=list)

    def add(self, said: str, heard: str, audio_seconds: float, cpu_seconds: float) -> None:
        """Count one recording."""
        found = jiwer.process_words(_normal(said), _normal(heard) or "-")
        self.substitutions += found.substitutions
        self.deletions += found.deletions
        self.insertions += found.insertions
        self.words += found.hits + found.substitutions + found.deletions
        self.audio_seconds += audio_seconds
        self.cpu_seconds += cpu_seconds

    @property
    def line(self) -> str:
        """The figures as a row's cells."""
        errors = self.substitutions + self.deletions + self.insertions
        return (
            f"{errors / self.words:.1%} | {self.substitutions} / {self.deletions} / {self.insertions} "
            f"| {self.cpu_seconds / self.audio_seconds:.3f}"
        )


_normal = EnglishTextNormalizer()


def ours(engine: WhisperTranscriber, sound: Sound, score: Score, said: str) -> None:
    """Transcribe as a worker does: analyse, cut, transcribe each chunk, assemble."""
    began = time.process_time()
    pcm = InMemoryPcm(sound)
    can = engine.capabilities
    plan = OfflineSpeechAnalyser().analyse(pcm, 1, can.chunk_seconds)
    heard: list[ChannelPhrase] = []
    for unit in [u for chunk in plan.chunks for u in units_of(chunk, plan.turns, can.unit, can.word_times)]:
        spoken = engine.transcribe(pcm.read(unit.start, unit.end, unit.channel), TranscriptionHints("en"))
        heard += [(unit.channel, phrase.shifted(unit.start)) for phrase in spoken]
    transcript = assemble(plan, heard, "en", can.name, draft=False)
    score.add(said, transcript.text, pcm.seconds, time.process_time() - began)
    score.unheard_seconds += transcript.quality["unheard_seconds"]
    score.reviews += [reason["code"] for reason in transcript.quality["review_reasons"]]


def bare(model: object, sound: Sound, score: Score, said: str) -> None:
    """Transcribe by the library alone, without word times."""
    began = time.process_time()
    segments, _ = model.transcribe(sound.astype(np.float32) / 32768, language="en", temperature=0.0)  # type: ignore[attr-defined]
    heard = "".join(segment.text for segment in segments)
    score.add(said, heard, len(sound) / SAMPLE_RATE, time.process_time() - began)


def sets(folder: Path, noise: list[int], pauses: bool) -> Iterator[tuple[str, list[tuple[str, Sound]]]]:
    """Each set's name, and its recordings with what is said in them."""
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    clean = [(one["text"], decode(folder / one["file"])) for one in manifest]
    yield "as recorded", clean
    for level in noise:
        made = [(said, far_field(sound, level, seed)) for seed, (said, sound) in enumerate(clean)]
        yield f"far field, noise at {level} dB", made
    if pauses:
        yield "with pauses of 2 to 6 s", [(t, with_pauses(s, seed)) for seed, (t, s) in enumerate(clean)]


def measure(model: str, given: argparse.Namespace) -> dict[str, object]:
    """All sets with one model, in this process; prints a table's rows."""
    from faster_whisper import WhisperModel

    from shared.speech_models import folders

    settings = ModelSettings(model, given.models_dir)
    engine = WhisperTranscriber(settings)
    folder = folders.find(model, given.models_dir)
    load(settings)  # says what is missing before anything is measured
    library = WhisperModel(str(folder), device="cpu", compute_type="int8", cpu_threads=1)
    results: dict[str, object] = {}
    for name, recordings in sets(given.folder, given.noise, given.pauses):
        own, alone = Score(), Score()
        for said, sound in recordings:
            bare(library, sound, alone, said)
            ours(engine, sound, own, said)
        print(f"| {model} | {name} | {own.line} | {alone.line} | {own.unheard_seconds:.1f} s |", flush=True)
        results[name] = {"ours": asdict(own), "bare": asdict(alone)}
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // MIB
    print(f"{model}: peak {peak} MiB resident, with both engines loaded", flush=True)
    return {**results, "peak_mib": peak}


def main() -> None:
    """Measure each model in a fresh process, one after the other."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("models", nargs="*", default=["tiny.en"])
    parser.add_argument("--models-dir", type=Path, default=Path("data/models").resolve())
    parser.add_argument("--noise", type=int, nargs="*", default=[])
    parser.add_argument("--pauses", action="store_true")
    parser.add_argument("--json", type=Path, help="write all figures to this file")
    given = parser.parse_args()
    print(
        "| model | set | ours: words wrong | sub / del / ins | CPU s per s "
        "| bare: words wrong | sub / del / ins | CPU s per s | speech without words |"
    )
    print("|---" * 9 + "|")
    with multiprocessing.get_context("spawn").Pool(1, maxtasksperchild=1) as pool:
        figures = {model: pool.apply(measure, (model, given)) for model in given.models}
    if given.json:
        given.json.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
