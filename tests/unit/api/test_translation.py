"""Texts of the pages: none is bare, the catalogue of them is current, and translations are whole."""

import ast
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from jinja2 import Environment, nodes

from tests import catalogues
from web import form_values

WEB = Path(__file__).parents[3] / "web"
TEMPLATES = sorted((WEB / "templates").rglob("*.html"))
SCRIPTS = sorted((WEB / "static").rglob("*.js"))
# Static files answer as the API does: in English.
MODULES = sorted(path for path in WEB.rglob("*.py") if path.name != "static_files.py")
# Names are the same in every language.
NAMES = {"sessionscribe", "PDF", "CSV", "JSON", "NDJSON", "Word", "Markdown", "FHIR R4"}
ATTRIBUTE_VALUES = {"light dark", "username webauthn"}
SHOWN_ATTRIBUTES = ("title", "aria-label", "placeholder", "alt", "label")
# What looks a text up in a template; the text is markup there.
LOOK_UPS = ("_", "gettext", "ngettext", "pgettext")
LETTER = re.compile(r"[^\W\d_]")


def test_the_catalogue_of_texts_is_current() -> None:
    with catalogues.POT.open("rb") as file:
        kept = catalogues.known_texts(catalogues.read_po(file))
    found = catalogues.known_texts(catalogues.extracted())
    assert (found - kept, kept - found) == (set(), set()), "Run: python -m tests.catalogues"


class Texts(HTMLParser):
    """What people read of a page: its text, and attributes that are read out or shown."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value or "" for name, value in attrs if name in SHOWN_ATTRIBUTES]

    def handle_data(self, data: str) -> None:
        self.found.append(data)


def bare_text(source: str) -> list[str]:
    """The texts of a template that stand outside of ``{% trans %}`` and ``_()``."""
    marked = re.sub(r"\{%-?\s*trans\b.*?endtrans\s*[-+]?%\}", "", source, flags=re.DOTALL)
    html = re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", "", marked, flags=re.DOTALL)
    reader = Texts()
    reader.feed(html)
    reader.close()
    found = (part.strip() for text in reader.found for part in re.split(r"[^\w\s]+|\s{2,}", text))
    return [text for text in found if LETTER.search(text) and text not in NAMES]


def shown(node: nodes.Node) -> Iterator[str]:
    """The literals that an expression of a template may put on the page."""
    if isinstance(node, nodes.Const) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, nodes.CondExpr):
        yield from (text for part in (node.expr1, node.expr2) if part for text in shown(part))
    elif isinstance(node, nodes.Or | nodes.And | nodes.Add):
        yield from (text for part in (node.left, node.right) for text in shown(part))
    elif isinstance(node, nodes.Concat | nodes.Tuple | nodes.List):
        yield from (text for part in (node.nodes if isinstance(node, nodes.Concat) else node.items)
                    for text in shown(part))  # fmt: skip
    elif isinstance(node, nodes.Dict):
        yield from (text for pair in node.items for text in shown(pair.value))
    elif isinstance(node, nodes.Getitem | nodes.Filter) and node.node is not None:
        yield from shown(node.node)
    elif isinstance(node, nodes.Call) and not (
        isinstance(node.node, nodes.Name) and node.node.name in LOOK_UPS
    ):
        yield from (
            text for part in (*node.args, *(one.value for one in node.kwargs)) for text in shown(part)
        )


def bare_literals(source: str) -> list[str]:
    """Sentences and titles in the expressions of a template that are looked up in no catalogue."""
    tree = Environment(extensions=["jinja2.ext.i18n"], autoescape=True).parse(source)
    found: list[str] = []
    for output in tree.find_all((nodes.Output, nodes.Assign, nodes.For)):
        parts = output.nodes if isinstance(output, nodes.Output) else [
            output.node if isinstance(output, nodes.Assign) else output.iter
        ]  # fmt: skip
        found += [text for part in parts if not isinstance(part, nodes.TemplateData) for text in shown(part)]
    return [text for text in found if is_prose(text)]


def is_prose(text: str) -> bool:
    """Whether people would read it: words of HTML have no capital, and begin with a blank if they are two."""
    return text not in NAMES | ATTRIBUTE_VALUES and bool(
        re.search(r"^[^\w\s]*[A-Z][a-z]|\w[,.;:]? [a-z]", text)
    )


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(WEB / "templates")))
def test_a_template_holds_no_bare_text(path: Path) -> None:
    source = path.read_text()
    assert bare_text(source) + bare_literals(source) == []


@pytest.mark.parametrize(
    "source",
    [
        "<p>{{ name }} is here</p>",
        '<a title="Further">{{ _("More") }}</a>',
        '<b aria-label="{{ name }} opens">{% trans %}Open{% endtrans %}</b>',
        '{{ "Sign in" if at_sign_in else _("Confirm") }}',
        '{{ {"on": "Switched on"}[state] }}',
        '{% set title = "Second factor" %}',
        '{{ forms.field("name", "Name", hint=_("In full.")) }}',
        '{% for value, title in (("light", "Light"),) %}{% endfor %}',
        '{{ least ~ " to " ~ most ~ ". At most an hour." }}',
    ],
)
def test_bare_text_is_found(source: str) -> None:
    assert bare_text(source) + bare_literals(source) != []


def looked_up_values(source: str) -> list[str]:
    """What a template looks up without naming it: texts are markup in templates, so a name would be too."""
    calls = Environment(extensions=["jinja2.ext.i18n"], autoescape=True).parse(source).find_all(nodes.Call)
    of_texts = [call for call in calls if isinstance(call.node, nodes.Name) and call.node.name in LOOK_UPS]
    return [str(call.args[0]) for call in of_texts if not isinstance(call.args[0], nodes.Const)]


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(WEB / "templates")))
def test_a_template_looks_up_only_texts_that_it_names(path: Path) -> None:
    assert looked_up_values(path.read_text()) == []


def test_a_value_that_is_looked_up_is_found() -> None:
    assert looked_up_values("{{ gettext(patient.name) }}") != []
    assert looked_up_values('{{ title|translated }}{{ _("Back") }}') == []


TITLED = {name for name in vars(form_values) if name in
          ("text", "optional_text", "texts", "number", "day", "identifier", "choice")}  # fmt: skip
REFUSALS = ("InvalidInput", "NotFound", "Conflict", "error_page")


def is_bare(text: ast.expr, *, may_be_word: bool) -> bool:
    """Whether it is a literal that people would read, not a code or mere values."""
    parts = text.values if isinstance(text, ast.JoinedStr) else [text]
    said = "".join(str(part.value) for part in parts if isinstance(part, ast.Constant))
    return bool(LETTER.search(said)) and (may_be_word or " " in said)


def bare_calls(source: str) -> list[str]:
    """Texts that a module of the pages gives to a form or a refusal without looking them up."""
    found = []
    for call in (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)):
        name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        of_forms = (
            isinstance(call.func, ast.Attribute) and getattr(call.func.value, "id", "") == "form_values"
        )
        given = call.args[1:2] if of_forms and name in TITLED else call.args if name in REFUSALS else []
        found += [ast.unparse(text) for text in given if is_bare(text, may_be_word=of_forms)]
    return found


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(WEB)))
def test_a_module_gives_no_bare_text_to_a_form(path: Path) -> None:
    assert bare_calls(path.read_text()) == []


def test_a_bare_text_of_a_module_is_found() -> None:
    assert bare_calls('form_values.text("name", "Name", 3)') == ["'Name'"]
    assert bare_calls('raise InvalidInput("Choose one.", "code")') == ["'Choose one.'"]
    assert bare_calls('raise InvalidInput(gettext("Choose one."), "code")') == []


LITERAL = re.compile(r'"((?:[^"\\\n]|\\.)*)"|`((?:\$\{(?:[^{}]|\{[^{}]*\})*\}|[^`$])*)`')
LOOKED_UP = re.compile(r'\btext\(\s*"((?:[^"\\]|\\.)*)"')
# Selectors, classes and names of browsers' own.
NOT_READ = re.compile(
    r"^[.#a-z]*\[|^#|^[a-z]+ [a-z]+$|^[A-Z][a-z]+(?:-[A-Z][a-z]+)+|(?:[a-z][A-Z])|^(?:Escape|Enter|Arrow)"
)


def bare_in_script(source: str) -> list[str]:
    """Literals of a script that people would read and that are not looked up."""
    code = re.sub(r"/\*.*?\*/|(?<![:\"'`])//[^\n]*|^import .*$", "", source, flags=re.DOTALL | re.MULTILINE)
    code = LOOKED_UP.sub("text(", code)
    found = (
        re.sub(r"\$\{.*?\}", "", quoted or template).strip() for quoted, template in LITERAL.findall(code)
    )
    return [one for one in found if is_prose(one) and not NOT_READ.search(one)]


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_a_script_holds_no_bare_text(path: Path) -> None:
    assert bare_in_script(path.read_text()) == []


@pytest.mark.parametrize(
    "source", ['say("Copied");', "say(`Speed ${speed}`);", 'told = "not saved, try again";']
)
def test_a_bare_text_of_a_script_is_found(source: str) -> None:
    assert bare_in_script(source) != []
    assert bare_in_script(f"// {source}") == []


def test_every_text_of_a_script_is_in_the_catalogue() -> None:
    known = {text for _, text in catalogues.known_texts(catalogues.extracted())}
    used = {text for path in SCRIPTS for text in LOOKED_UP.findall(path.read_text())}
    assert len(used) > 40
    assert used - known == set()


def test_every_translation_is_whole_and_keeps_values_and_tags() -> None:
    template = catalogues.extracted()
    for code, _, catalogue in catalogues.catalogues():
        known = {(one.context, one.id): one for one in catalogue if one.id}
        for text in (one for one in template if one.id):
            found = known.get((text.context, text.id))
            assert found is not None, (code, text.id, "Run: python -m tests.catalogues")
            strings = found.string if isinstance(found.string, tuple) else (str(found.string),)
            source = text.id[-1] if isinstance(text.id, tuple) else str(text.id)
            for string in strings:
                assert string, (code, text.id)
                assert catalogues.placeholders(string) == catalogues.placeholders(source), (code, string)
                assert '"' not in re.sub(r"<[^>]*>", "", string), (
                    code,
                    string,
                )  # it may stand in an attribute


def test_a_translation_that_lost_a_value_or_a_tag_is_found() -> None:
    whole = catalogues.placeholders('Back to <a href="%(path)s">{name}</a> by %(name)s')
    assert whole == sorted(['<a href="%(path)s">', "{name}", "</a>", "%(name)s"])
    assert whole != catalogues.placeholders('Zurück zu <a href="%(path)s">{name}</a>')
