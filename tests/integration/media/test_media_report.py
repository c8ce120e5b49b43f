"""What decoding tells of a recording that is cut off, and recordings of odd shape."""

import io

import av
import pytest

from shared.domain.errors import UnsupportedMedia
from shared.domain.transcripts.quality import recording_facts, reviewed
from shared.domain.values import DecodedFacts
from shared.media.isolation.sandbox import Sandbox
from tests.fakes.media_files import Bytes, honest, tone, wav

TELLING = ("wav", "wav 24 bit", "mp3", "m4a index first", "webm", "flac")


def decoded(sandbox: Sandbox, data: bytes) -> DecodedFacts:
    return sandbox.decode(Bytes(data), lambda _: None)


@pytest.mark.parametrize("name", TELLING)
def test_a_recording_that_is_cut_off_says_so(sandbox: Sandbox, name: str) -> None:
    data = honest(name, seconds=12.0)
    assert recording_facts(decoded(sandbox, data))["missing_seconds"] == 0.0
    facts = recording_facts(decoded(sandbox, data[: len(data) // 2]))
    assert 5.5 < facts["missing_seconds"] < 6.5
    assert "truncated" in [reason["code"] for reason in reviewed(facts)["review_reasons"]]


@pytest.mark.parametrize("claim", [b"\xff\xff\xff\xff", b"\xff\xff\xff\x7f", b"\0\0\0\0"])
def test_a_wav_that_was_written_to_a_pipe_promises_nothing(sandbox: Sandbox, claim: bytes) -> None:
    data = wav(12.0)
    at = data.index(b"data") + 4
    assert recording_facts(decoded(sandbox, data[:at] + claim + data[at + 4 :]))["missing_seconds"] == 0.0


def test_of_twenty_audio_tracks_the_first_is_heard(sandbox: Sandbox) -> None:
    file = io.BytesIO()
    with av.open(file, "w", format="matroska") as output:
        streams = [output.add_stream("pcm_s16le", rate=16_000, layout="mono") for _ in range(20)]
        for stream in streams:
            frame = av.AudioFrame.from_ndarray(tone(2.0, 16_000, 1).reshape(1, -1), "s16", "mono")
            frame.sample_rate, frame.pts = 16_000, 0
            output.mux([*stream.encode(frame), *stream.encode(None)])
    facts = decoded(sandbox, file.getvalue())
    assert (facts.channels, round(facts.seconds, 1)) == (1, 2.0)


@pytest.mark.parametrize(
    "data",
    [
        b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>' * 40,
        b"RIFF\0\0\1\0WAVE" + b"<script>alert(1)</script>" * 100,
        b"#!/bin/sh\nrm -rf /\n" * 100,
    ],
    ids=["svg", "RIFF and a script", "shell"],
)
def test_texts_that_run_elsewhere_are_refused(sandbox: Sandbox, data: bytes) -> None:
    with pytest.raises(UnsupportedMedia):
        sandbox.probe(Bytes(data))
