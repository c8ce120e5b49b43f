"""Templates, scripts and styles: nothing that the content policy would have to allow, and not too much."""

import re
from pathlib import Path

import pytest

from shared.domain.preferences import SPEEDS

WEB = Path(__file__).parents[3] / "web"
TEMPLATES = sorted((WEB / "templates").rglob("*.html"))
SCRIPTS = sorted((WEB / "static").rglob("*.js"))
STYLES = sorted((WEB / "static").rglob("*.css"))
MOST_BYTES = 150_000
LONGEST_MODULE = 250

FORBIDDEN = {
    "unescaped text": re.compile(r"\|\s*safe\b|\{%-?\s*autoescape"),
    "an inline style": re.compile(r"\sstyle\s*=|<style\b", re.IGNORECASE),
    "an inline handler": re.compile(r"\son[a-z]+\s*=\s*[\"']", re.IGNORECASE),
    "an inline script": re.compile(r"<script(?![^>]*\ssrc=)[^>]*>", re.IGNORECASE),
    "another host": re.compile(r"(?:href|src|action)\s*=\s*[\"'](?:https?:)?//", re.IGNORECASE),
}
UNSAFE = re.compile(
    r"\b(innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval|new Function)\b"
    r"|setAttribute\(\s*[\"']style"
)


def names(paths: list[Path]) -> list[str]:
    return [str(path.relative_to(WEB)) for path in paths]


@pytest.mark.parametrize("path", TEMPLATES, ids=names(TEMPLATES))
def test_a_template_holds_nothing_that_the_policy_refuses(path: Path) -> None:
    text = path.read_text()
    assert not [what for what, pattern in FORBIDDEN.items() if pattern.search(text)]


# Before somebody is signed in there is no session that another site could use.
SIGNED_IN = [path for path in TEMPLATES if path.name not in ("sign_in.html", "invited.html")]


@pytest.mark.parametrize("path", SIGNED_IN, ids=names(SIGNED_IN))
def test_every_form_that_changes_something_holds_the_token(path: Path) -> None:
    for form in re.findall(r"<form[^>]*method=\"post\".*?</form>", path.read_text(), re.DOTALL):
        assert re.search(r"csrf\((csrf_)?token\)|name=\"csrf_token\"", form)


@pytest.mark.parametrize("path", SCRIPTS, ids=names(SCRIPTS))
def test_a_script_makes_no_html_of_text_and_calls_no_other_host(path: Path) -> None:
    text = path.read_text()
    assert text.startswith("// ")
    assert not UNSAFE.search(text)
    assert not re.search(r"[\"'`](?:https?:)?//\w", text)
    assert len(text.splitlines()) <= LONGEST_MODULE


def test_modules_name_each_other_relatively_and_exist() -> None:
    for path in SCRIPTS:
        for name in re.findall(r"from \"([^\"]+)\"", path.read_text()):
            assert name.startswith("./"), (path.name, name)
            assert (path.parent / name).exists(), (path.name, name)


def test_scripts_and_styles_together_are_small() -> None:
    assert sum(path.stat().st_size for path in SCRIPTS + STYLES) <= MOST_BYTES


def test_nothing_is_kept_in_a_browser_but_preferences_and_encrypted_recordings() -> None:
    kept = {
        (path.name, call)
        for path in SCRIPTS
        if path.name != "vault.js"  # what the recorder keeps, encrypted
        for call in re.findall(
            r"localStorage\.setItem\((\w+)|sessionStorage|indexedDB|caches\.", path.read_text()
        )
    }
    assert kept == {("keys.js", "OFF"), ("notify.js", "WANTED")}


def test_the_player_has_the_speeds_that_the_server_keeps() -> None:
    player = (WEB / "static/js/player.js").read_text()
    found = re.search(r"SPEEDS = \[(.*?)\]", player)
    assert found
    assert [float(speed) for speed in found[1].split(",")] == list(SPEEDS)


DECLARATION = re.compile(r"(?<=[{;])\s*([a-z-]+)\s*:\s*([^;{}]+?)\s*(?=[;}])")
PHYSICAL = re.compile(r"(?:^|-)(?:left|right|top|bottom|width|height)(?:-|$)")


def is_physical(name: str, value: str) -> bool:
    """Whether a declaration names a side of the screen, where text from right to left needs the other one."""
    parts = re.split(r"\s+(?![^(]*\))", value)
    is_lopsided = name in ("margin", "padding", "inset") and len(parts) == 4 and parts[1] != parts[3]
    is_side = name in ("text-align", "float", "clear") and value in ("left", "right")
    return (bool(PHYSICAL.search(name)) and name != "line-height") or is_lopsided or is_side


@pytest.mark.parametrize("path", STYLES, ids=names(STYLES))
def test_styles_name_no_side_of_the_screen(path: Path) -> None:
    text = re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.DOTALL)
    found = DECLARATION.findall(text)
    assert len(found) > 100
    assert [one for one in found if is_physical(*one)] == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("margin-left", "1rem"),
        ("max-width", "10rem"),
        ("text-align", "right"),
        ("padding", "0 1px 0 0"),
        ("top", "0"),
    ],
)
def test_sides_of_the_screen_are_recognised(name: str, value: str) -> None:
    assert is_physical(name, value)
    assert not is_physical("padding", "0 1px 2px 1px")
    assert not is_physical("inset-block-end", "0")


def test_nothing_moves_unless_people_let_it() -> None:
    for path in STYLES:
        allowed = re.sub(r"@media \(prefers-reduced-motion: no-preference\) \{.*?\} \}", "", path.read_text())
        assert not re.search(r"\b(transition|animation|scroll-behavior|@keyframes)\b", allowed)
    for path in SCRIPTS:
        assert not re.search(r"behavior\s*:|\.animate\(", path.read_text())


SECRETS = re.compile(r"forms\.field\(\"(?:passphrase|old|shown|code|login_name)\".*?\) \}\}")


def test_fields_of_signing_in_are_filled_in_by_password_managers_and_by_pasting() -> None:
    found = [field for path in TEMPLATES for field in SECRETS.findall(path.read_text())]
    assert len(found) >= 9
    assert [field for field in found if "autocomplete=" not in field] == []
    for path in SCRIPTS:
        assert not re.search(r"[\"']paste[\"']", path.read_text())
