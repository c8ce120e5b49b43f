"""The texts of the pages: `python -m tests.catalogues` brings messages.pot and every catalogue up to date.

`pseudo` makes a language of English in brackets, in which a text that no catalogue knows stands out.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from babel import Locale
from babel.messages import extract
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po, write_po
from jinja2.ext import babel_extract

from web.terms import TERMS
from web.translation import FOLDER, Language, of_catalogue

ROOT = Path(__file__).parents[1]
POT = FOLDER / "messages.pot"
PSEUDO = "en-XA"  # how browsers and systems call English in brackets
# The functions that take a text, by where they stand, and which of their arguments are texts.
_IN_PYTHON = {"gettext": None, "mark": None, "ngettext": (1, 2), "pgettext": ((1, "c"), 2)}
_IN_TEMPLATES = {"_": None, **_IN_PYTHON}
_IN_SCRIPTS = {"text": None}
_WRITTEN_AT = datetime(2026, 12, 1, tzinfo=UTC)  # so that the file changes with its texts alone


def extracted() -> Catalog:
    """Every text of the pages, with the files that it stands in."""
    catalogue = Catalog(project="sessionscribe", fuzzy=False, creation_date=_WRITTEN_AT)
    catalogue.header_comment = "# Texts of sessionscribe's pages. Made by: python -m tests.catalogues"
    for path, context, text in _found():
        catalogue.add(text, locations=[(path, 0)], context=context)
    return catalogue


def _found() -> Iterator[tuple[str, str | None, str | tuple[str, ...]]]:
    for path in sorted((ROOT / "web").rglob("*")):
        name = path.relative_to(ROOT).as_posix()
        if path.suffix == ".html":
            options = {"trimmed": "true", "silent": "false"}
            yield from _texts(name, path, babel_extract, _IN_TEMPLATES, options)
        elif path.suffix == ".py":
            yield from _texts(name, path, "python", _IN_PYTHON, {})
        elif path.suffix == ".js":
            yield from _texts(name, path, "javascript", _IN_SCRIPTS, {"parse_template_string": "true"})
    for word in TERMS:
        yield "web/terms.py", None, word


def _texts(
    name: str, path: Path, method: object, keywords: object, options: dict[str, str]
) -> Iterator[tuple[str, str | None, str | tuple[str, ...]]]:
    with path.open("rb") as file:
        found = list(extract.extract(method, file, keywords, (), options))  # type: ignore[arg-type]  # babel takes any file of bytes
    for _, text, _, context in found:
        yield name, context, text


def known_texts(catalogue: Catalog) -> set[tuple[str | None, object]]:
    """The texts of a catalogue, each with its context."""
    return {(one.context, one.id) for one in catalogue if one.id}


def pseudo() -> Language:
    """English with each text in brackets; what stands in none is in no catalogue."""
    catalogue = extracted()
    for one in catalogue:
        if one.id:
            one.string = tuple(map(_bracketed, _forms(one))) if one.pluralizable else _bracketed(str(one.id))
    return of_catalogue(PSEUDO, Locale("en"), catalogue)


def _bracketed(text: str) -> str:
    return f"⟦{text}⟧"


def _forms(message: Message) -> tuple[str, ...]:
    return message.id if isinstance(message.id, tuple) else (str(message.id),)


def placeholders(text: str) -> list[str]:
    """What a translation must hold as its English does: tags, with their values, and other values."""
    return sorted(re.findall(r"</?[a-z][^>]*>|%\(\w+\)s|\{\w+\}|%%", text))


def catalogues() -> Iterator[tuple[str, Path, Catalog]]:
    """Every catalogue with its language and file."""
    for path in sorted(FOLDER.glob("*/LC_MESSAGES/messages.po")):
        code = path.parts[-3]
        with path.open("rb") as file:
            yield code, path, read_po(file, locale=code)


def _write(path: Path, catalogue: Catalog) -> None:
    with path.open("wb") as file:
        write_po(file, catalogue, width=110, include_lineno=False, ignore_obsolete=True)


def main() -> None:
    """Write the texts to messages.pot; add them to every catalogue, and drop what is gone."""
    template = extracted()
    _write(POT, template)
    for code, path, catalogue in catalogues():
        catalogue.update(template, no_fuzzy_matching=True)
        _write(path, catalogue)
        missing = [one for one in catalogue if one.id and not one.string]
        print(f"{code}: {len(missing)} texts are not translated.")


if __name__ == "__main__":
    main()
