"""The font of PDFs, FiraGO: Latin, Greek, Cyrillic, Arabic, Hebrew, Thai, Georgian, Devanagari."""

import atexit
import shutil
import tempfile
from functools import lru_cache
from pathlib import Path

import pymupdf_fonts
from fontTools.ttLib import TTFont

FAMILY = "FiraGO"
_STYLES = {"": "figo", "B": "figbo", "I": "figit"}


@lru_cache(maxsize=1)
def characters() -> frozenset[int]:
    """The code points that the font can show."""
    with TTFont(files()[""]) as font:
        return frozenset(font.getBestCmap())


@lru_cache(maxsize=1)
def files() -> dict[str, Path]:
    """The font's files by style, written once a process: the library that embeds them reads paths."""
    folder = Path(tempfile.mkdtemp(prefix="sessionscribe-fonts-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    found = {}
    for style, name in _STYLES.items():
        found[style] = folder / f"{name}.ttf"
        found[style].write_bytes(pymupdf_fonts.fontbuffers[name]())
    return found
