"""The pages in the reader's language: the catalogues, and the functions that look texts up in them.

English is the source, and the key of every catalogue. The catalogues are read as they are written, without
a build step that could be forgotten.
"""

import gettext as gnu
import io
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from babel import Locale
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from flask import Flask, g, has_request_context, request

FOLDER = Path(__file__).parent / "locale"
SOURCE = "en"


@dataclass(frozen=True, slots=True)
class Language:
    """A language of the pages. ``script_texts``: what the scripts say, by its English."""

    code: str
    locale: Locale
    texts: gnu.NullTranslations
    script_texts: Mapping[str, str]

    @property
    def direction(self) -> str:
        """As HTML names it: ``ltr`` or ``rtl``."""
        return str(self.locale.text_direction)


def install(app: Flask) -> None:
    """Let templates look texts up, and read the catalogues before the first request."""
    languages()
    app.jinja_env.add_extension("jinja2.ext.i18n")
    app.jinja_env.policies["ext.i18n.trimmed"] = True
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]  # the extension adds it
        gettext, ngettext, newstyle=True, pgettext=pgettext
    )


@cache
def languages() -> Mapping[str, Language]:
    """All languages by code; read once in each process."""
    found = {SOURCE: Language(SOURCE, Locale(SOURCE), gnu.NullTranslations(), {})}
    for path in sorted(FOLDER.glob("*/LC_MESSAGES/messages.po")):
        code = path.parts[-3]
        with path.open("rb") as file:
            found[code] = of_catalogue(code, Locale.parse(code, sep="-"), read_po(file, locale=code))
    return found


def of_catalogue(code: str, locale: Locale, catalogue: Catalog) -> Language:
    """The language of a catalogue."""
    compiled = io.BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    scripts = {
        str(one.id): str(one.string)
        for one in catalogue
        if one.string and not one.fuzzy and any(name.endswith(".js") for name, _ in one.locations)
    }
    return Language(code, locale, gnu.GNUTranslations(compiled), scripts)


def language() -> Language:
    """What the browser asks for first of the languages that there are; else English."""
    if not has_request_context():
        return languages()[SOURCE]
    if "language" not in g:
        g.language = _wanted()
    chosen: Language = g.language
    return chosen


def _wanted() -> Language:
    # Not Werkzeug's best_match: of "de-AT, en;q=0.5" it takes English, the only one with just that name.
    known = {code.lower(): one for code, one in languages().items()}
    for tag, quality in request.accept_languages:
        for name in (tag.lower(), tag.lower().partition("-")[0]):
            if quality and name in known:
                return known[name]
    return known[SOURCE]


def gettext(message: str, **values: object) -> str:
    """A text in the reader's language, with its values: ``gettext("Part %(place)s", place=1)``."""
    found = language().texts.gettext(message) if message else ""  # an empty id is the catalogue's head
    return found % values if values else found


def ngettext(one: str, many: str, count: int) -> str:
    """A text for a number of things; a language may have more than two forms."""
    return language().texts.ngettext(one, many, count)


def pgettext(context: str, message: str) -> str:
    """A text whose English means several things; ``context`` says which is meant."""
    return language().texts.pgettext(context, message)


def mark(message: str) -> str:
    """The text as it is, marked for the catalogue; to be looked up when a page is made."""
    return message
