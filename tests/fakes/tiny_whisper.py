"""A Whisper model of random weights, about 1 MB, that the real faster-whisper loads.

It hears nonsense, at believable times. English only, as CTranslate2 sees it.
"""

import json
from pathlib import Path

WIDTH = 32
# Whisper's special tokens, in the order in which its own vocabularies have them.
_TASKS = ["<|translate|>", "<|transcribe|>", "<|startoflm|>", "<|startofprev|>", "<|nospeech|>"]
_SPECIAL = ["<|endoftext|>", "<|startoftranscript|>", "<|en|>", *_TASKS, "<|notimestamps|>"]
_TIMES = [f"<|{n * 0.02:.2f}|>" for n in range(1501)]


def build(folder: Path) -> Path:
    """Write the model into ``folder`` and return it; needs ctranslate2, tokenizers and numpy."""
    from ctranslate2.specs import whisper_spec

    tokens = [*_letters(), *_SPECIAL, *_TIMES]
    spec = whisper_spec.WhisperSpec(1, 2, 1, 2)
    _fill(spec, len(tokens))
    spec.register_vocabulary(tokens)
    number = {token: index for index, token in enumerate(tokens)}
    spec.config.suppress_ids = []
    spec.config.suppress_ids_begin = [number["<|endoftext|>"]]
    spec.config.lang_ids = [number["<|en|>"]]
    spec.config.alignment_heads = [(0, 0), (0, 1)]
    spec.validate()
    spec.optimize()
    folder.mkdir(parents=True, exist_ok=True)
    spec.save(str(folder))
    _tokenizer(number).save(str(folder / "tokenizer.json"))
    features = {
        "feature_size": 80,
        "sampling_rate": 16000,
        "hop_length": 160,
        "n_fft": 400,
        "chunk_length": 30,
    }
    (folder / "preprocessor_config.json").write_text(json.dumps(features))
    return folder


def _letters() -> list[str]:
    from tokenizers.pre_tokenizers import ByteLevel

    return sorted(ByteLevel.alphabet())


def _tokenizer(number: dict[str, int]):
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

    letters = {letter: number[letter] for letter in _letters()}
    tokenizer = Tokenizer(models.BPE(letters, []))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken(token, special=True) for token in _SPECIAL])
    tokenizer.add_tokens([AddedToken(token) for token in _TIMES])
    return tokenizer


def _fill(spec, tokens: int) -> None:
    """Random weights of the right shapes, the same every time."""
    import numpy as np

    random = np.random.default_rng(7)

    def weights(*shape):
        return random.normal(0, 0.05, shape).astype(np.float32)

    def linear(layer, rows, columns, bias=True):
        layer.weight = weights(rows, columns)
        if bias:
            layer.bias = weights(rows)

    def norm(layer):
        layer.gamma, layer.beta = np.ones(WIDTH, np.float32), np.zeros(WIDTH, np.float32)

    def attention(layer, own):
        for part, rows in zip(layer.linear, (3, 1) if own else (1, 2, 1), strict=True):
            linear(part, rows * WIDTH, WIDTH)
        norm(layer.layer_norm)

    def feed_forward(layer):
        linear(layer.linear_0, 4 * WIDTH, WIDTH)
        linear(layer.linear_1, WIDTH, 4 * WIDTH)
        norm(layer.layer_norm)

    encoder, decoder = spec.encoder, spec.decoder
    encoder.conv1.weight, encoder.conv1.bias = weights(WIDTH, 80, 3), weights(WIDTH)
    encoder.conv2.weight, encoder.conv2.bias = weights(WIDTH, WIDTH, 3), weights(WIDTH)
    encoder.position_encodings.encodings = weights(1500, WIDTH)
    decoder.position_encodings.encodings = weights(448, WIDTH)
    decoder.embeddings.weight = weights(tokens, WIDTH)
    linear(decoder.projection, tokens, WIDTH, bias=False)
    for layer in encoder.layer:
        attention(layer.self_attention, own=True)
        feed_forward(layer.ffn)
    for layer in decoder.layer:
        attention(layer.self_attention, own=True)
        attention(layer.attention, own=False)
        feed_forward(layer.ffn)
    norm(encoder.layer_norm)
    norm(decoder.layer_norm)
