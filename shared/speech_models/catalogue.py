"""Whisper models converted for CTranslate2, each pinned by revision and by the SHA-256 of every file.

The hashes were compared with several independent public pins of the same revisions. They make the source
irrelevant: a package, the hub, a mirror and a folder are equally good if the files match.
"""

from dataclasses import dataclass

DEFAULT_MODEL = "tiny.en"
HUB = "https://huggingface.co"

# All English-only models share one tokenizer.
_ENGLISH = {
    "tokenizer.json": "929c5252409436dce1b38a75d1abbcb5e132d170d8e324e4e04ed915fa2d22df",
    "vocabulary.txt": "ff77588746d3a2595d32ab5b69ffd7b95ce2441ac57533cb66fc3eb575a115cf",
}


@dataclass(frozen=True, slots=True)
class SpeechModel:
    """One model: ``files`` maps names to SHA-256, ``megabytes`` is the download, ``language`` None: many."""

    name: str
    repository: str
    revision: str
    files: dict[str, str]
    megabytes: int
    language: str | None = "en"


def _english(name: str, revision: str, model: str, config: str, megabytes: int) -> SpeechModel:
    files = {"config.json": config, **_ENGLISH, "model.bin": model}
    return SpeechModel(name, f"Systran/faster-whisper-{name}", revision, files, megabytes)


MODELS = {
    model.name: model
    for model in (
        _english(
            "tiny.en",
            "0d3d19a32d3338f10357c0889762bd8d64bbdeba",
            "1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a",
            "14b1b421a90349bc551b881461426b561a874049cb9e4c4864f2ca384f6a7cc5",
            78,
        ),
        _english(
            "base.en",
            "3d3d5dee26484f91867d81cb899cfcf72b96be6c",
            "2a166925539a16005f14ff328359f9b9adb9dc4fb631bb3b227526862e93e2ef",
            "f3bc3821e9fc76a27bae538e11ae5b677dcdd352b4600429ce7951d398569aeb",
            148,
        ),
        _english(
            "small.en",
            "d1d751a5f8271d482d14ca55d9e2deeebbae577f",
            "62b2a45b05ee59acb4a5341b33ee35e041395d378d418a18acfe4c9e768ee37a",
            "666a9605530ac1f61fa8177f3702b4dacec9966749e42610839fcc32661d5fae",
            486,
        ),
        _english(
            "medium.en",
            "a29b04bd15381511a9af671baec01072039215e3",
            "11b220779aea4c6f3ce9d2549c8a95ea869ed84066864b999531ef53e594fe5b",
            "4a1848ebabe7938d9797c15a2e8e4ce1d36e6fd4a43d096ae5955257c67c7962",
            1530,
        ),
        SpeechModel(
            "large-v3-turbo",
            "dropbox-dash/faster-whisper-large-v3-turbo",
            "0a363e9161cbc7ed1431c9597a8ceaf0c4f78fcf",
            {
                "config.json": "b0253ea6c0d3bea6b1e19e91a02acfd3b53f4467362efcb5a3e6b16c9b3a9b7e",
                "preprocessor_config.json": (
                    "7ccc62c6f2765af1f3b46c00c9b5894426835a05021c8b9c01eecb6dfb542711"
                ),
                "tokenizer.json": "297b13372ac43916285644fb9687add3cc62ee2a1adb60da3dc25cc94c1871fd",
                "vocabulary.json": "c69260f2ab26d659b7c398f9a2b2b48ed0df16c3b47d7326782fd9cba71690c1",
                "model.bin": "e76620f83d5f5b69efd3d87e3dc180c1bd21df9fbebacfd4335e5e1efcc018da",
            },
            1622,
            language=None,
        ),
    )
}


def only_language(name: str) -> str | None:
    """The one language of the model ``name`` (a catalogue name or a folder); None for many or unknown."""
    if name in MODELS:
        return MODELS[name].language
    return "en" if name.endswith(".en") else None
