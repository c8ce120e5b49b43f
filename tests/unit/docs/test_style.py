"""Pages and code keep to docs/style.md as far as a machine can tell: vague subjects, long sentences."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PAGES = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
]
MOST_WORDS = 40
VAGUE = re.compile(r"\b(whoever|whomever|whatever|whichever|nobody|somebody)\b", re.IGNORECASE)

FOLDERS = ("api", "cli", "deploy", "embedded", "serving", "shared", "web", "workers")
TEXTS = {".html", ".js", ".py", ".sh", ".sql", ".yaml", ".yml"}
# Words that a person may say in a session, and templates of quotes that stored notes were made with: of
# these files only docstrings and comments are checked.
SPEECH = (
    "shared/domain/verification/objections/persons.py",
    "shared/domain/english/polarity.py",
    "shared/domain/verification/quote_frames.py",
    "shared/domain/verification/objections/subjects.py",
    "shared/domain/vocabulary/",
    "workers/engines/deidentify/vocabulary.py",
    "workers/engines/rules/answers.py",
    "workers/engines/rules/composing.py",
    "workers/engines/rules/lexicons/",
    "workers/engines/rules/slots/",
)
NAMES = {"embedded/unprivileged.py": {"nobody"}}  # the system account
CODE = [path for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*")) if path.suffix in TEXTS]


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
    """Where the words stand that hide who or what is meant; no names in backticks, paths or options."""
    text = re.sub(r"```.*?```|<!--.*?-->", "", text, flags=re.DOTALL)
    plain = re.sub(r"``[^`]*``|`[^`]*`|\]\([^)]*\)|--[a-z-]+", "", text)
    return [plain[max(0, found.start() - 30) : found.end() + 30] for found in VAGUE.finditer(plain)]


def docstrings(tree: ast.Module) -> Iterator[ast.Constant]:
    """The strings that are statements: docstrings, also those of attributes."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            yield node.value


def strings(tree: ast.Module) -> Iterator[ast.Constant]:
    documented = {id(node) for node in docstrings(tree)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and id(node) not in documented:
            yield node


def texts_of_code(source: str, *, with_strings: bool = True) -> list[str]:
    """The comments and docstrings of a module, and with ``with_strings`` its other strings."""
    tree = ast.parse(source)
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    comments = [token.string for token in tokens if token.type == tokenize.COMMENT]
    constants = [*docstrings(tree), *(strings(tree) if with_strings else ())]
    return comments + [node.value for node in constants if isinstance(node.value, str)]


def texts_of(path: Path) -> list[str]:
    name, text = path.relative_to(ROOT).as_posix(), path.read_text()
    if path.suffix != ".py":
        return [text]
    found = texts_of_code(text, with_strings=not name.startswith(SPEECH))
    return [one for one in found if one not in NAMES.get(name, ())]


def long_sentences(text: str) -> list[str]:
    sentences = (one for part in prose(text) for one in re.split(r"(?<=[.!?:;])\s+", part))
    return [one for one in sentences if len(one.split()) > MOST_WORDS]


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_page_names_its_subjects_in_sentences_of_readable_length(page: Path) -> None:
    text = page.read_text()
    assert vague_words(text) == []
    assert long_sentences(text) == []


@pytest.mark.parametrize("folder", FOLDERS)
def test_code_names_its_subjects_in_comments_docstrings_and_texts(folder: str) -> None:
    paths = [path for path in CODE if path.is_relative_to(ROOT / folder)]
    found = {str(path.relative_to(ROOT)): [vague_words(one) for one in texts_of(path)] for path in paths}
    assert paths
    assert {name: list(filter(None, words)) for name, words in found.items() if any(words)} == {}


def test_each_lasting_exception_of_the_check_is_needed() -> None:
    """A file that was rewritten, moved or removed loses its exception."""
    modules = {
        path.relative_to(ROOT).as_posix(): path for one in FOLDERS for path in (ROOT / one).rglob("*.py")
    }
    for start in (*SPEECH, *NAMES):
        found = [path.read_text() for name, path in modules.items() if name.startswith(start)]
        assert any(vague_words(one) for text in found for one in texts_of_code(text)), start


@pytest.mark.parametrize(
    ("source", "texts"),
    [
        ('"""A."""\nx = 1  # B\n', ["# B", "A."]),
        ('def f():\n    """A."""\n    return f"B {f} C"\n', ["A.", "B ", " C"]),
        ("nobody = 1\n", []),
    ],
)
def test_texts_of_code_are_its_comments_docstrings_and_strings(source: str, texts: list[str]) -> None:
    assert texts_of_code(source) == texts
    assert texts_of_code("x = 'A'  # B\n", with_strings=False) == ["# B"]


def test_the_check_sees_both_faults() -> None:
    assert vague_words("Ask whoever is `nobody` there.") != []
    assert vague_words("The user `nobody` or ``nobody`` runs [it](nobody.md) with --nobody.") == []
    assert long_sentences("- " + "word " * (MOST_WORDS + 1) + "\n- short.") != []
    assert long_sentences(("word " * MOST_WORDS).strip() + ".\n") == []
