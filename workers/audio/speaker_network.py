"""GE2E, a network that hears whose voice a second and a half of speech is, computed by numpy.

The weights are those of the package ``resemblyzer`` (Apache-2.0), whose own code needs torch. The network
(Wan and others 2018): a mel spectrogram, three LSTM layers, one linear layer. Two pieces of one voice give
vectors with a higher cosine than pieces of two voices.
"""

from collections.abc import Callable, Iterator
from functools import lru_cache

import numpy as np
import structlog
from numpy.typing import NDArray

from shared.domain.values import SAMPLE_RATE
from shared.speech_models import speaker_weights

log = structlog.get_logger(__name__)

FRAME, HOP, MELS = 400, 160, 40
# The network was trained on pieces of this many frames.
PIECE_FRAMES = 160
LAYERS, STATE = 3, 256
GATES = 4 * STATE
# Pieces computed at once: more gain nothing, and each takes 0.7 MB.
BATCH = 32

# Where the numbers lie in the file whose SHA-256 is pinned. It is a pickle followed by bare arrays, of which
# only the arrays are read. The LSTM's: input and recurrent weights of each layer, then biases of each layer.
LINEAR_BIAS_AT, LINEAR_AT, LSTM_AT = 6_699, 7_731, 269_883

Floats = NDArray[np.float32]


class Network:
    """The network with its weights; raises NoSpeakerWeights."""

    def __init__(self) -> None:
        self._layers, self._linear, self._linear_bias = _weights()

    def __call__(self, pieces: Floats) -> Floats:
        """A vector of length 1 for each of ``pieces``, (n, 160 frames, 40): (n, 256)."""
        found = [self._embed(pieces[at : at + BATCH]) for at in range(0, len(pieces), BATCH)]
        return np.concatenate(found) if found else np.zeros((0, STATE), np.float32)

    def _embed(self, pieces: Floats) -> Floats:
        features = np.ascontiguousarray(pieces.transpose(1, 0, 2))
        for weights in self._layers:
            features = _lstm(features, *weights)
        raw = np.maximum(features[-1] @ self._linear + self._linear_bias, 0)
        lengths = np.linalg.norm(raw, axis=1, keepdims=True)
        return np.asarray(raw / np.maximum(lengths, 1e-6), np.float32)


def installed() -> Network | None:
    """The network, or None where its weights are not installed (``doctor`` says why)."""
    try:
        return Network()
    except speaker_weights.NoSpeakerWeights as error:
        log.warning("speaker_network_missing", error=type(error).__name__)
        return None


def mel_frames(samples: Floats) -> Floats:
    """The mel spectrogram of ``samples`` in -1..1: (frames, 40), a frame every 10 ms; not logarithmic."""
    padded = np.pad(samples, FRAME // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, FRAME)[::HOP]
    window = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(FRAME) / FRAME)).astype(np.float32)
    power = np.abs(np.fft.rfft(frames * window)) ** 2
    return np.asarray(power @ _filters(), np.float32)


def _lstm(features: Floats, inward: Floats, recurrent: Floats, bias: Floats) -> Floats:
    """The hidden states of one layer for ``features``, (frames, n, in): (frames, n, 256).

    One tanh opens all gates, since the sigmoid of x is half of 1 + tanh(x / 2): ``_weights`` has halved
    what leads to them. The loop is most of the cost, so little is allocated in it.
    """
    steps, count, _ = features.shape
    driven = (features.reshape(steps * count, -1) @ inward + bias).reshape(steps, count, GATES)
    states = np.empty((steps, count, STATE), np.float32)
    hidden = np.zeros((count, STATE), np.float32)
    cell = np.zeros((count, STATE), np.float32)
    for gates, state in zip(driven, states, strict=True):
        gates += hidden @ recurrent
        np.tanh(gates, out=gates)
        opened, forgotten, proposed, shown = np.split(gates, 4, axis=1)
        cell *= forgotten + 1
        cell += (opened + 1) * proposed
        cell *= np.float32(0.5)
        np.tanh(cell, out=state)
        state *= shown + 1
        state *= np.float32(0.5)
        hidden = state
    return states


@lru_cache(maxsize=1)
def _filters() -> Floats:
    """Slaney's triangular filters, each of the same area: (201, 40)."""
    # Linear up to 1 kHz (15 mels), then 27 steps for each factor of 6.4.
    mels = np.linspace(0, 15 + 27 * np.log(8) / np.log(6.4), MELS + 2)
    edges = np.where(mels < 15, mels * 200 / 3, 1000 * 6.4 ** ((mels - 15) / 27))
    hertz = np.fft.rfftfreq(FRAME, 1 / SAMPLE_RATE)[:, None]
    low, centre, high = edges[:-2], edges[1:-1], edges[2:]
    rising, falling = (hertz - low) / (centre - low), (high - hertz) / (high - centre)
    filters = np.maximum(0, np.minimum(rising, falling)) * 2 / (high - low)
    return np.asarray(filters, np.float32)


Layer = tuple[Floats, Floats, Floats]


@lru_cache(maxsize=1)
def _weights() -> tuple[list[Layer], Floats, Floats]:
    """The layers and the linear layer, as matrices to multiply features with from the right."""
    data = speaker_weights.read()

    def take(at: int, *shape: int) -> Floats:
        """``shape`` numbers from byte ``at`` on."""
        return np.frombuffer(data, "<f4", int(np.prod(shape)), at).reshape(shape)

    return list(_layers(take)), take(LINEAR_AT, STATE, STATE).T.copy(), take(LINEAR_BIAS_AT, STATE).copy()


def _layers(take: Callable[..., Floats]) -> Iterator[Layer]:
    halved = np.full(GATES, 0.5, np.float32)
    halved[2 * STATE : 3 * STATE] = 1  # the cell's own gate is no sigmoid
    at, bias_at = LSTM_AT, LSTM_AT + 4 * GATES * (MELS + (2 * LAYERS - 1) * STATE)
    for layer in range(LAYERS):
        width = STATE if layer else MELS
        inward, recurrent = take(at, GATES, width), take(at + 4 * GATES * width, GATES, STATE)
        bias = take(bias_at, GATES) + take(bias_at + 4 * GATES, GATES)
        at, bias_at = at + 4 * GATES * (width + STATE), bias_at + 8 * GATES
        yield (inward.T * halved).copy(), (recurrent.T * halved).copy(), bias * halved
