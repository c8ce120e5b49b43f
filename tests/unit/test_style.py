"""The pages keep to docs/style.md as far as a machine can tell: words that hide a subject, long sentences."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
]
MOST_WORDS = 40
VAGUE = re.compile(r"\b(whoever|whatever|whichever|nobody|somebody)\b", re.IGNORECASE)


def prose(text: str) -> Iterator[str]:
    """The paragraphs and list items of a page, each on one line; no code, table, heading or comment."""
    text = re.sub(r"```.*?```|<!--.*?-->", "", text, flags=re.DOTALL)
    lines: list[str] = []
    for line in [*text.splitlines(), ""]:
        starts = re.match(r"\s*([-*]|\d+\.) |[#|>]|\s*$", line)
        if starts and lines:
            yield " ".join(lines)
            lines = []
        if line.strip() and not line.startswith(("#", "|", ">")):
            lines.append(line.strip())


def vague_words(text: str) -> list[str]:
    """Where the words stand that hide who or what is meant; names in backticks and paths are left out."""
    plain = re.sub(r"`[^`]*`|\]\([^)]*\)", "", re.sub(r"```.*?```|<!--.*?-->", "", text, flags=re.DOTALL))
    return [plain[max(0, found.start() - 30) : found.end() + 30] for found in VAGUE.finditer(plain)]


def long_sentences(text: str) -> list[str]:
    sentences = (one for part in prose(text) for one in re.split(r"(?<=[.!?:;])\s+", part))
    return [one for one in sentences if len(one.split()) > MOST_WORDS]


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_page_names_its_subjects_in_sentences_of_readable_length(page: Path) -> None:
    text = page.read_text()
    assert vague_words(text) == []
    assert long_sentences(text) == []


def test_the_check_sees_both_faults() -> None:
    assert vague_words("Ask whoever is `nobody` there.") != []
    assert vague_words("The user `nobody` runs [it](nobody.md).") == []
    assert long_sentences("- " + "word " * (MOST_WORDS + 1) + "\n- short.") != []
    assert long_sentences(("word " * MOST_WORDS).strip() + ".\n") == []
