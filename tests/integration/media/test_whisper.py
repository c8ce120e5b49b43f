"""The faster-whisper engine with a real library and a random model built on the spot."""

import math
import shutil
import struct
import sys

import pytest

from shared.domain.errors import PermanentStepError
from shared.domain.values import TranscriptionHints
from tests.fakes import tiny_whisper
from workers.engines.whisper.loading import ModelSettings
from workers.engines.whisper.transcriber import WhisperTranscriber

TONE = [int(9000 * math.sin(n / 9) * math.sin(n / 4000)) for n in range(16_000 * 35)]
PCM = struct.pack(f"<{len(TONE)}h", *TONE)
ENGLISH = TranscriptionHints("en-GB", ("sertraline",))


def whisper(model, device="auto", compute_type=None):
    return WhisperTranscriber(ModelSettings(model, None, device, compute_type))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tiny_whisper.build(tmp_path_factory.mktemp("whisper"))


@pytest.fixture(scope="module")
def phrases(folder):
    return whisper(str(folder)).transcribe(PCM, ENGLISH)


def test_it_hears_phrases_within_the_audio_in_order(phrases):
    assert phrases
    times = [time for phrase in phrases for time in (phrase.start, phrase.end)]
    assert times == sorted(times)
    assert 0.0 <= times[0] <= times[-1] <= 35.0


def test_every_number_is_a_plain_float(phrases):
    words = [word for phrase in phrases for word in phrase.words]
    assert words
    for item in [*phrases, *words]:
        assert {type(item.start), type(item.end), type(item.confidence)} == {float}
        assert 0.0 <= item.confidence <= 1.0


def test_an_open_language_is_accepted(folder):
    whisper(str(folder)).transcribe(PCM[:64_000], TranscriptionHints())


def test_a_language_that_the_model_does_not_know_is_refused(folder):
    with pytest.raises(PermanentStepError) as caught:
        whisper(str(folder)).transcribe(PCM[:64_000], TranscriptionHints("de"))
    assert caught.value.code == "engine_language_unsupported"


def test_no_audio_gives_no_phrases_without_loading_a_model():
    assert whisper("/nowhere").transcribe(b"", ENGLISH) == []


def test_a_machine_without_the_engine_says_so(monkeypatch):
    monkeypatch.delitem(sys.modules, "workers.engines.whisper.decoding", raising=False)
    monkeypatch.setitem(sys.modules, "faster_whisper", None)
    with pytest.raises(PermanentStepError, match="no speech engine on this machine") as caught:
        whisper("tiny.en").transcribe(PCM, ENGLISH)
    assert caught.value.code == "engine_not_installed"


def test_a_folder_that_is_not_there_is_refused_without_its_path(tmp_path):
    with pytest.raises(PermanentStepError) as caught:
        whisper(str(tmp_path / "gone")).transcribe(PCM, ENGLISH)
    assert caught.value.code == "engine_model_unusable"
    assert str(tmp_path) not in str(caught.value)


@pytest.mark.parametrize("missing", ["model.bin", "config.json", "tokenizer.json"])
def test_a_folder_without_one_of_its_files_is_refused_by_that_file(folder, tmp_path, missing):
    copy = shutil.copytree(folder, tmp_path / "copy")
    (copy / missing).unlink()
    with pytest.raises(PermanentStepError, match=missing):
        whisper(str(copy)).transcribe(PCM, ENGLISH)


def test_a_truncated_model_is_refused(folder, tmp_path):
    copy = shutil.copytree(folder, tmp_path / "copy")
    whole = (copy / "model.bin").read_bytes()
    (copy / "model.bin").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(PermanentStepError) as caught:
        whisper(str(copy)).transcribe(PCM, ENGLISH)
    assert caught.value.code == "engine_model_unusable"


def test_a_compute_type_that_the_device_has_not_is_refused(folder):
    with pytest.raises(PermanentStepError) as caught:
        whisper(str(folder), compute_type="float16").transcribe(PCM, ENGLISH)
    assert caught.value.code == "engine_model_unusable"


def test_a_model_that_is_not_here_is_named_with_the_command_that_fetches_it():
    with pytest.raises(PermanentStepError, match=r"sessionscribe models fetch base\.en") as caught:
        whisper("base.en").transcribe(PCM, ENGLISH)
    assert caught.value.code == "engine_model_missing"


def test_it_says_how_far_it_is_and_stops_when_nobody_wants_the_words(folder):
    reached: list[float] = []
    engine = whisper(str(folder))
    engine.transcribe(PCM, TranscriptionHints("en", reached=reached.append))
    assert reached == sorted(reached)
    assert 20.0 <= reached[-1] <= 35.0

    class Cancelled(Exception):
        pass

    def checkpoint() -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        engine.transcribe(PCM, TranscriptionHints("en", checkpoint=checkpoint))


@pytest.mark.parametrize(
    ("device", "gpus", "expected"),
    [
        ("auto", 0, ("cpu", "int8")),
        ("auto", 1, ("cuda", "float16")),
        ("cpu", 1, ("cpu", "int8")),
        ("cuda", 0, ("cuda", "float16")),
    ],
)
def test_a_gpu_is_used_if_there_is_one(folder, monkeypatch, device, gpus, expected):
    asked: dict[str, object] = {}

    def load(path: str, **options: object) -> object:
        asked.update(options)
        raise RuntimeError("not loaded here")

    monkeypatch.setattr("ctranslate2.get_cuda_device_count", lambda: gpus)
    monkeypatch.setattr("workers.engines.whisper.decoding.Decoder", load)
    with pytest.raises(PermanentStepError):
        whisper(str(folder), device).transcribe(PCM[:64_000], ENGLISH)
    assert (asked["device"], asked["compute_type"], asked["cpu_threads"]) == (*expected, 1)
