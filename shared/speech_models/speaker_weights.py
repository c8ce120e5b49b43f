"""The weights of the network that tells speakers apart: where they lie, and whether they are those pinned."""

import hashlib
from importlib.util import find_spec
from pathlib import Path

# The wheel that carries the weights; only its data is read, no code of it runs (that would need torch).
_PACKAGE, _FILE = "resemblyzer", "pretrained.pt"
SHA256 = "39373b86598fa3da9fcddee6142382efe09777e8d37dc9c0561f41f0070f134e"


class NoSpeakerWeights(Exception):
    """The weights are not installed, or the file is another; the text says which."""


def read() -> bytes:
    """The whole file (17 MB), verified; raises NoSpeakerWeights."""
    spec = find_spec(_PACKAGE)
    places = list(spec.submodule_search_locations or ()) if spec else []
    try:
        data = (Path(places[0]) / _FILE).read_bytes() if places else None
    except OSError:
        data = None
    if data is None:
        raise NoSpeakerWeights("the speaker network is not installed")
    if hashlib.sha256(data).hexdigest() != SHA256:
        raise NoSpeakerWeights("the speaker network's file is not the pinned one (another SHA-256)")
    return data
