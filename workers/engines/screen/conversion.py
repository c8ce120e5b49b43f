"""MiniLM's published weights as a CTranslate2 encoder with 8-bit weights, made in memory at each start.

Made anew rather than kept on disk: it takes two seconds, needs no writable data folder, and no file can be
another than the pinned one.
"""

import hashlib
import json
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from ctranslate2 import Encoder
from ctranslate2.specs.common_spec import Activation, EmbeddingsMerge
from ctranslate2.specs.transformer_spec import TransformerEncoderModelSpec, TransformerEncoderSpec
from numpy.typing import NDArray
from tokenizers import Tokenizer

from shared.speech_models.sentence_encoder import FILES, TOKENIZER, WEIGHTS

_LAYERS, _HEADS = 6, 12
_LONGEST_HEADER = 1 << 20

Weights = dict[str, NDArray[np.float32]]


class EncoderUnusable(Exception):
    """The encoder's files are not what they should be; the text says what is wrong."""


def converted(archive: Path) -> tuple[Any, Any]:
    """The encoder (on one thread of the CPU) and its tokenizer; raises EncoderUnusable."""
    try:
        with zipfile.ZipFile(archive) as found:
            vocabulary = found.read(TOKENIZER)
            if hashlib.sha256(vocabulary).hexdigest() != FILES[TOKENIZER]:
                raise EncoderUnusable(f"{TOKENIZER} of the sentence encoder is not the pinned file.")
            weights = _weights(found)
    except (OSError, KeyError, zipfile.BadZipFile) as error:
        raise EncoderUnusable(f"The sentence encoder's archive cannot be read: {error}.") from error
    words = json.loads(vocabulary)["model"]["vocab"]
    spec = _spec(weights, sorted(words, key=words.__getitem__))
    with TemporaryDirectory() as folder:
        spec.save(folder)
        model = Encoder(folder, device="cpu", compute_type="int8", inter_threads=1, intra_threads=1)
    tokenizer = Tokenizer.from_str(vocabulary.decode())
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return model, tokenizer


def _weights(archive: zipfile.ZipFile) -> Weights:
    """Every tensor of the safetensors file, read once and in order; raises EncoderUnusable."""
    digest = hashlib.sha256()
    with archive.open(WEIGHTS) as file:

        def read(count: int) -> bytes:
            block = file.read(count)
            digest.update(block)
            return block

        weights = dict(_tensors(read))
    # Nothing is made of the tensors before the whole file is known to be the pinned one.
    if digest.hexdigest() != FILES[WEIGHTS]:
        raise EncoderUnusable(f"{WEIGHTS} of the sentence encoder is not the pinned file.")
    return weights


def _tensors(read: Callable[[int], bytes]) -> Iterator[tuple[str, NDArray[np.float32]]]:
    length = int.from_bytes(read(8), "little")
    if length > _LONGEST_HEADER:
        raise EncoderUnusable(f"{WEIGHTS} of the sentence encoder is not the pinned file.")
    header = json.loads(read(length))
    header.pop("__metadata__", None)
    for name, entry in sorted(header.items(), key=lambda item: item[1]["data_offsets"]):
        begin, end = entry["data_offsets"]
        block = bytearray(read(end - begin))  # writable: quantising works in place
        if entry["dtype"] == "F32":
            yield name, np.frombuffer(block, np.float32).reshape(entry["shape"])


def _spec(weights: Weights, vocabulary: list[str]) -> Any:
    """BERT as CTranslate2 describes it. Each tensor leaves ``weights``, so that none is held twice."""
    spec = TransformerEncoderModelSpec(
        TransformerEncoderSpec(
            _LAYERS,
            _HEADS,
            pre_norm=False,
            activation=Activation.GELU,
            layernorm_embedding=True,
            num_source_embeddings=2,
            embeddings_merge=EmbeddingsMerge.ADD,
        )
    )
    encoder = spec.encoder
    encoder.scale_embeddings = False
    encoder.embeddings[0].weight = weights.pop("embeddings.word_embeddings.weight")
    encoder.embeddings[1].weight = weights.pop("embeddings.token_type_embeddings.weight")
    encoder.position_encodings.encodings = weights.pop("embeddings.position_embeddings.weight")
    _norm(encoder.layernorm_embedding, weights, "embeddings.LayerNorm")
    for number, layer in enumerate(encoder.layer):
        _layer(layer, weights, f"encoder.layer.{number}")
    spec.register_vocabulary(vocabulary)
    spec.validate()
    spec.optimize(quantization="int8")
    return spec


def _layer(layer: Any, weights: Weights, name: str) -> None:
    own = [f"{name}.attention.self.{part}" for part in ("query", "key", "value")]
    attention = layer.self_attention
    for field in ("weight", "bias"):
        joined = np.concatenate([weights.pop(f"{part}.{field}") for part in own])
        setattr(attention.linear[0], field, joined)
    _linear(attention.linear[1], weights, f"{name}.attention.output.dense")
    _norm(attention.layer_norm, weights, f"{name}.attention.output.LayerNorm")
    _linear(layer.ffn.linear_0, weights, f"{name}.intermediate.dense")
    _linear(layer.ffn.linear_1, weights, f"{name}.output.dense")
    _norm(layer.ffn.layer_norm, weights, f"{name}.output.LayerNorm")


def _linear(spec: Any, weights: Weights, name: str) -> None:
    spec.weight, spec.bias = weights.pop(f"{name}.weight"), weights.pop(f"{name}.bias")


def _norm(spec: Any, weights: Weights, name: str) -> None:
    spec.gamma, spec.beta = weights.pop(f"{name}.weight"), weights.pop(f"{name}.bias")
