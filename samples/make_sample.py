"""Makes the sample recordings and their ground truth from their scripts.

Only needed to remake them: run it as ``python samples/make_sample.py`` (or with the names of those that
are wanted) on a machine with the ``flite`` speech synthesiser. Both voices are synthetic and the
conversations are invented. ``risk_session`` is short, and somebody in it wants to die.
"""

import json
import random
import subprocess
import sys
import tempfile
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

HERE = Path(__file__).parent
SESSIONS = ("therapy_session", "risk_session")
VOICES = {"T": "slt", "C": "rms"}
NAMES = {"T": "therapist", "C": "client"}
RATE = 16_000
# Turns follow each other at the pace of a calm conversation.
SHORTEST_GAP, LONGEST_GAP = 0.3, 0.8
BIT_RATE = 32_000

Samples = NDArray[np.int16]


def speak(text: str, voice: str) -> Samples:
    """``text`` as 16 kHz speech without the silence that the synthesiser puts around it."""
    with tempfile.TemporaryDirectory() as folder:
        text_file, wav_file = Path(folder, "line.txt"), Path(folder, "line.wav")
        text_file.write_text(text, encoding="utf-8")
        # The arguments are our own file names and a voice from VOICES.
        command = ["flite", "-voice", voice, "-f", str(text_file), "-o", str(wav_file)]
        subprocess.run(command, check=True)  # noqa: S603
        with wave.open(str(wav_file)) as reader:
            samples = np.frombuffer(reader.readframes(reader.getnframes()), np.int16)
    loud = np.flatnonzero(np.abs(samples.astype(np.int32)) > 200)
    return samples[max(0, loud[0] - RATE // 50) : loud[-1] + RATE // 50]


def turns(session: str) -> Iterator[tuple[str, str]]:
    """Speaker letter and text of each line of the script."""
    for line in (HERE / f"{session}.txt").read_text(encoding="utf-8").splitlines():
        letter, text = line.split(": ", 1)
        yield letter, text


def assemble(session: str) -> tuple[Samples, list[dict[str, Any]]]:
    """The whole conversation and, per turn, ``{speaker, start, end, text}`` in seconds."""
    pace = random.Random(7)  # noqa: S311 (lengths of pauses, not secrets)
    pieces: list[Samples] = []
    truth: list[dict[str, Any]] = []
    at = 0
    for letter, text in turns(session):
        pause = np.zeros(int(pace.uniform(SHORTEST_GAP, LONGEST_GAP) * RATE), np.int16)
        speech = speak(text, VOICES[letter])
        start = at + len(pause)
        at = start + len(speech)
        pieces += [pause, speech]
        times = {"start": round(start / RATE, 3), "end": round(at / RATE, 3)}
        truth.append({"speaker": NAMES[letter], **times, "text": text})
    pieces.append(np.zeros(RATE // 2, np.int16))
    return np.concatenate(pieces), truth


def encode(samples: Samples, path: Path) -> None:
    """Write ``samples`` as mono AAC, whose container keeps time stamps exact."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=RATE, layout="mono")
        stream.bit_rate = BIT_RATE
        frame = av.AudioFrame.from_ndarray(samples.reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate = RATE
        for resampled in av.AudioResampler("fltp", "mono", RATE, frame_size=1024).resample(frame):
            container.mux(stream.encode(resampled))
        container.mux(stream.encode(None))


def main() -> None:
    """Write each session's ``.m4a`` and ``.json`` beside its script."""
    for session in sys.argv[1:] or SESSIONS:
        samples, truth = assemble(session)
        encode(samples, HERE / f"{session}.m4a")
        document = {"seconds": round(len(samples) / RATE, 3), "turns": truth}
        (HERE / f"{session}.json").write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
