"""libmagic's verdicts on whole recordings, with the system's library and with the wheel's."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from shared.domain.errors import UnsupportedMedia
from shared.media import recognition
from shared.media.isolation.sandbox import Sandbox
from tests.fakes import media_files
from tests.fakes.media_files import FOREIGN, HONEST, Bytes, honest

ROOT = Path(__file__).resolve().parents[3]

# Importing pylibmagic first makes ctypes load the wheel's library whatever the system has.
WITH_THE_WHEEL = """
import json, sys
from pathlib import Path
import pylibmagic
from shared.media import recognition
import magic
assert "pylibmagic" in str(magic.libmagic)
print(json.dumps({p.name: recognition.content_type(p.read_bytes()) for p in Path(sys.argv[1]).iterdir()}))
"""


@pytest.fixture(scope="module")
def wheel_verdicts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What the wheel's libmagic says of every honest and every foreign file, by name."""
    folder = tmp_path_factory.mktemp("files")
    for name in HONEST:
        (folder / name).write_bytes(honest(name)[: recognition.HEAD_BYTES])
    for name, data in FOREIGN.items():
        (folder / name).write_bytes(data)
    (folder / "cover").write_bytes(media_files.mp3_with_cover())
    found = subprocess.run(
        [sys.executable, "-c", WITH_THE_WHEEL, str(folder)], cwd=ROOT, check=True, capture_output=True
    )
    return json.loads(found.stdout)


@pytest.mark.parametrize("name", HONEST)
def test_libmagic_and_the_decoder_agree_on_every_accepted_format(sandbox: Sandbox, name: str) -> None:
    extension, family, _, _ = HONEST[name]
    data = honest(name)
    seen = recognition.recognise(data[: recognition.HEAD_BYTES], extension, "audio/mpeg")
    assert seen == family
    recognition.check_agreement(seen, sandbox.probe(Bytes(data)))


@pytest.mark.parametrize("name", HONEST)
def test_the_wheels_library_says_the_same_of_every_accepted_format(
    wheel_verdicts: dict[str, str], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    extension, family, _, _ = HONEST[name]
    monkeypatch.setattr(recognition, "content_type", lambda head: wheel_verdicts[name])
    assert recognition.recognise(b"", extension, "audio/mpeg") == family


@pytest.mark.parametrize("name", FOREIGN)
def test_neither_library_takes_a_foreign_file_for_a_recording(
    wheel_verdicts: dict[str, str], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for verdict in (recognition.content_type(FOREIGN[name]), wheel_verdicts[name]):
        monkeypatch.setattr(recognition, "content_type", lambda head, verdict=verdict: verdict)
        with pytest.raises(UnsupportedMedia):
            recognition.recognise(b"", ".wav", "audio/wav")
        monkeypatch.undo()


def test_an_mp3_with_a_large_cover_is_recognised(wheel_verdicts: dict[str, str]) -> None:
    assert recognition.content_type(media_files.mp3_with_cover()) == "audio/mpeg"
    assert wheel_verdicts["cover"] == "audio/mpeg"


def test_an_m4a_named_mp3_is_taken_for_what_it_is(sandbox: Sandbox) -> None:
    data = honest("m4a")
    seen = recognition.recognise(data, ".mp3", "audio/mpeg")
    found = sandbox.probe(Bytes(data))
    recognition.check_agreement(seen, found)
    assert found.family == "mp4"


def test_a_program_named_mp3_is_refused_even_if_the_decoder_hears_something() -> None:
    with pytest.raises(UnsupportedMedia):
        recognition.recognise(FOREIGN["elf"], ".mp3", "audio/mpeg")
