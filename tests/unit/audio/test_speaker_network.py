"""The network that tells speakers apart: computed as it is defined, and only from the pinned file."""

import sys

import numpy as np
import pytest

from shared.speech_models import speaker_weights
from workers.audio import speaker_network
from workers.audio.speaker_network import LINEAR_AT, LINEAR_BIAS_AT, LSTM_AT, MELS, PIECE_FRAMES, STATE

RATE = 16_000


def numbers(at: int, *shape: int) -> np.ndarray:
    count = int(np.prod(shape))
    return np.frombuffer(speaker_weights.read(), "<f4", count, at).astype(np.float64).reshape(shape)


def sigmoid(values: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-values))


def by_definition(frames: np.ndarray) -> np.ndarray:
    """The vector of one piece, frame by frame, as the LSTM's definition has it."""
    sizes, weights, at = [MELS, STATE, STATE], [], LSTM_AT
    for size in sizes:
        weights.append((numbers(at, 1024, size), numbers(at + 4096 * size, 1024, STATE)))
        at += 4096 * (size + STATE)
    for inward, recurrent in weights:
        bias = numbers(at, 1024) + numbers(at + 4096, 1024)
        at += 8192
        hidden, cell, states = np.zeros(STATE), np.zeros(STATE), []
        for frame in frames:
            opened, forgotten, proposed, shown = np.split(inward @ frame + recurrent @ hidden + bias, 4)
            cell = sigmoid(forgotten) * cell + sigmoid(opened) * np.tanh(proposed)
            hidden = sigmoid(shown) * np.tanh(cell)
            states.append(hidden)
        frames = np.array(states)
    raw = np.maximum(numbers(LINEAR_AT, STATE, STATE) @ frames[-1] + numbers(LINEAR_BIAS_AT, STATE), 0)
    return raw / np.linalg.norm(raw)


def noise(seconds: float, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 0.05, int(seconds * RATE)).astype(np.float32)


def test_a_vector_is_that_of_the_definition():
    pieces = speaker_network.mel_frames(noise(6.4))[: 4 * PIECE_FRAMES].reshape(4, PIECE_FRAMES, MELS)
    found = speaker_network.Network()(pieces)
    assert found.shape == (4, STATE)
    assert found[2] == pytest.approx(by_definition(pieces[2]), abs=1e-4)


def test_a_piece_gets_the_same_vector_in_any_batch():
    pieces = speaker_network.mel_frames(noise(80.0))[: 40 * PIECE_FRAMES].reshape(40, PIECE_FRAMES, MELS)
    network = speaker_network.Network()
    assert network(pieces)[35] == pytest.approx(network(pieces[35:36])[0], abs=1e-5)


def test_silence_has_a_finite_vector():
    silent = np.zeros((1, PIECE_FRAMES, MELS), np.float32)
    assert np.isfinite(speaker_network.Network()(silent)).all()


def test_a_tone_lies_in_the_band_of_its_frequency():
    tone = np.sin(2 * np.pi * 1000 * np.arange(RATE) / RATE).astype(np.float32)
    frames = speaker_network.mel_frames(tone)
    assert frames.shape == (101, MELS)
    # 40 bands between 0 and 8 kHz, in mels: 1 kHz is the edge of the 15th of 45.2 mels.
    assert set(frames[10:90].argmax(axis=1)) == {13}


def test_no_code_of_the_package_runs():
    speaker_network.Network()
    assert not {"resemblyzer", "torch"} & set(sys.modules)


def test_without_the_package_there_is_no_network(monkeypatch):
    speaker_network._weights.cache_clear()
    monkeypatch.setattr(speaker_weights, "_PACKAGE", "no_such_package")
    assert speaker_network.installed() is None


def test_another_file_than_the_pinned_one_is_refused(monkeypatch):
    speaker_network._weights.cache_clear()
    monkeypatch.setattr(speaker_weights, "SHA256", "0" * 64)
    assert speaker_network.installed() is None
