"""What the pages name exists: settings, defaults, metrics, codes, events, commands, targets, files, tests."""

import re
from collections.abc import Iterator
from dataclasses import MISSING, fields
from pathlib import Path

import click
import pytest

from cli.app import cli
from embedded.envfile import read_env_file
from shared import consistency, settings

ROOT = Path(__file__).parents[3]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
# Settings that the stack and other programs read.
FOREIGN = {"PORT", "FLOWER_PORT", "WORKERS", "FLOWER_BASIC_AUTH", "NO_COLOR", "INSTANCE"}
TEST_SETTINGS = {"SESSIONSCRIBE_NODE_MODULES"}


def sources(*floors: str) -> str:
    files = [path for floor in floors for path in sorted((ROOT / floor).rglob("*.py"))]
    return "\n".join(path.read_text() for path in files)


def texts() -> Iterator[tuple[str, str]]:
    yield from ((path.name, path.read_text()) for path in PAGES)


def known_settings() -> set[str]:
    return {*settings.variables(), *consistency.OTHER_VARIABLES, *TEST_SETTINGS}


def test_every_setting_that_a_page_names_exists() -> None:
    named = re.compile(
        r"\b(SESSIONSCRIBE_[A-Z0-9_]*[A-Z0-9]|OPENAI_[A-Z_]+|DATABASE_URL|REDIS_URL|STORAGE_URL)\b"
    )
    known = known_settings() | {f"{name}_FILE" for name in settings.variables()}
    wrong = {(page, name) for page, text in texts() for name in named.findall(text) if name not in known}
    assert {
        (page, name) for page, name in wrong if not any(one.startswith(f"{name}_") for one in known)
    } == set()


def test_every_name_that_a_program_reads_is_known_as_one_of_ours() -> None:
    """Else it might resemble a setting, and be refused as misspelt."""
    read = set(
        re.findall(r'"(SESSIONSCRIBE_\w*[A-Z0-9])"', sources("cli", "embedded", "workers", "web", "serving"))
    )
    assert read - known_settings() - {f"{name}_FILE" for name in settings.variables()} == set()
    page = (ROOT / "docs" / "settings.md").read_text()
    assert [name for name in consistency.OTHER_VARIABLES if name not in page] == ["SESSIONSCRIBE_SIGN_FILE"]


def documented_defaults() -> Iterator[tuple[str, str]]:
    rows = (ROOT / "docs" / "settings.md").read_text().splitlines()
    for row in rows:
        if match := re.match(r"\| `(\w+)` \| `?([^|`]+?)`? \|", row):
            yield match[1], match[2]


def test_the_defaults_on_the_page_are_those_of_the_code() -> None:
    written, wrong = dict(documented_defaults()), []
    for setting in fields(settings.Settings):
        default, says = setting.default, written.get(setting.metadata["variable"], "")
        if default is MISSING or default is None or default == () or default is False:
            continue  # the page says in words what happens then
        if setting.metadata["parse"](says) != default:
            wrong.append((setting.metadata["variable"], says, default))
    assert wrong == []


def test_the_example_of_an_env_file_has_settings_alone(tmp_path: Path) -> None:
    lines = (ROOT / ".env.example").read_text().splitlines()
    (tmp_path / "env").write_text("\n".join(re.sub(r"^# (?=[A-Z_]+=)", "", line) for line in lines))
    given = read_env_file(tmp_path / "env")
    assert len(given) >= 12
    assert given.keys() - known_settings() - FOREIGN == set()
    settings.load({name: value for name, value in given.items() if name not in FOREIGN})


def metrics_told() -> set[str]:
    """Every word of the code that makes the metrics, with the prefix that it gives them."""
    return {
        f"sessionscribe_{word}"
        for word in re.findall(r'"(?:sessionscribe_)?([a-z_]+)"', sources("api/metrics"))
    }


@pytest.mark.parametrize("place", ["docs", "deploy"])
def test_every_metric_that_is_named_is_told(place: str) -> None:
    files = [path for path in (ROOT / place).rglob("*") if path.suffix in (".md", ".yml", ".yaml", ".json")]
    told, foreign = (
        metrics_told(),
        {f"sessionscribe_{role}" for role in ("app", "operator", "sealer", "backup", "owner")},
    )
    named = {name for path in files for name in re.findall(r"\bsessionscribe_[a-z_]+\b", path.read_text())}
    endings = ("_total", "_bucket", "_sum", "_count", "")
    lacking = {
        name
        for name in named - foreign
        if not any(
            name.removesuffix(ending) in told for ending in endings if ending == "" or name.endswith(ending)
        )
    }
    assert {name for name in lacking if not name.endswith("_")} == set()


def test_every_code_beside_a_status_is_one_that_the_service_answers() -> None:
    source = sources("api", "shared")
    beside = re.compile(r"\b[45]\d\d `([a-z]+(?:_[a-z]+)+)`|`([a-z]+(?:_[a-z]+)+)` \([45]\d\d\)")
    codes = {(page, a or b) for page, text in texts() for a, b in beside.findall(text)}
    assert len(codes) >= 7
    assert {(page, code) for page, code in codes if f'"{code}"' not in source} == set()


def test_every_event_that_a_page_finds_in_a_log_is_logged() -> None:
    source = sources("api", "shared", "workers", "embedded")
    found = re.compile(r"`([a-z]+(?:_[a-z]+)+)` (?:in|of) (?:the|a) [^.|]{0,40}?logs?\b")
    events = {(page, event) for page, text in texts() for event in found.findall(text)}
    assert len(events) >= 5
    assert {(page, event) for page, event in events if f'"{event}"' not in source} == set()


def commands_named() -> Iterator[tuple[str, str]]:
    """``sessionscribe …`` in code spans and blocks, up to what ends a command in a shell."""
    spoken = re.compile(
        r"(?:^|`|\$ |\$\(|bin/)sessionscribe((?: +(?:--?[a-z-]+|[a-z][a-z-]*|[A-Z$'\"<][^\s`]*))+)",
        re.MULTILINE,
    )
    for page, text in texts():
        code = "\n".join(re.findall(r"```.*?```|`[^`\n]+`", text, re.DOTALL))
        yield from ((page, match[1]) for match in spoken.finditer(code))


def unknown_in(words: list[str]) -> list[str]:
    """The words of a command line that the program does not know."""
    command: click.Command = cli
    options = {"--help": True, "-h": True} | flags_of(cli)
    unknown, is_value = [], False
    for word in words:
        if is_value:
            is_value = False
        elif word.startswith("-"):
            unknown += [] if word in options else [word]
            is_value = not options.get(word, True)
        elif isinstance(command, click.Group):
            if word not in command.commands:
                return [*unknown, word] if re.fullmatch(r"[a-z][a-z-]*", word) else unknown
            command = command.commands[word]
            options |= flags_of(command)
    return unknown


def flags_of(command: click.Command) -> dict[str, bool]:
    """The options of a command, and whether each stands without a value."""
    options = [one for one in command.params if isinstance(one, click.Option)]
    return {name: one.is_flag or one.count for one in options for name in [*one.opts, *one.secondary_opts]}


def test_every_command_and_option_that_a_page_shows_exists() -> None:
    named = list(commands_named())
    assert len(named) >= 50
    wrong = [(page, words.strip(), unknown_in(words.split())) for page, words in named]
    assert [one for one in wrong if one[2]] == []


def test_every_target_of_make_that_a_page_names_exists() -> None:
    targets = set(re.findall(r"^([a-z0-9-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = {(page, name) for page, text in texts() for name in re.findall(r"`make ([a-z][a-z0-9-]*)", text)}
    assert len(named) >= 10
    assert {(page, name) for page, name in named if name not in targets} == set()


def test_every_module_of_ours_that_a_text_runs_exists() -> None:
    folders = ("docs", "tests", "benchmarks", "cli", "shared", "workers")
    pages = [
        path for folder in folders for path in (ROOT / folder).rglob("*") if path.suffix in (".md", ".py")
    ]
    named = {
        (path.relative_to(ROOT), name)
        for path in [*PAGES[:2], ROOT / "Makefile", ROOT / "Procfile", *pages]
        for name in re.findall(r"python -m ([a-z_]+(?:\.\w+)+)", path.read_text())
        if (ROOT / name.partition(".")[0]).is_dir()
    }
    assert len(named) >= 40
    places = {(page, name): ROOT / name.replace(".", "/") for page, name in named}
    there = {one for one, place in places.items() if place.is_dir() or place.with_suffix(".py").exists()}
    assert named - there == set()


def test_every_link_inside_the_repository_leads_to_a_file() -> None:
    broken = []
    for path in [*PAGES, ROOT / "CHANGELOG.md", *sorted((ROOT / "docs" / "adr").glob("*.md"))]:
        for link in re.findall(r"\]\(([^)\s]+)\)", path.read_text()):
            target = link.partition("#")[0]
            if target and "://" not in link and not (path.parent / target).exists():
                broken.append((path.name, link))
    assert broken == []


def test_every_test_that_a_page_names_exists() -> None:
    """A promise that names its test is worth something only while there is such a test."""
    defined = set(re.findall(r"^\s*def (test_\w+)", sources("tests"), re.MULTILINE))
    wrong = []
    for page, text in texts():
        for file, name in re.findall(r"`((?:tests|benchmarks)/[\w/]+\.py)(?:::(\w+))?", text):
            if not (ROOT / file).exists() or (name and name not in (ROOT / file).read_text()):
                wrong.append((page, file, name))
        wrong += [
            (page, name, "")
            for name in re.findall(r"`(test_\w+)`", text)
            if name not in defined and not list((ROOT / "tests").rglob(f"{name}.py"))
        ]
    assert wrong == []


def test_every_promise_and_every_plausible_fault_names_a_test_or_says_why_not() -> None:
    page = (ROOT / "docs" / "testing.md").read_text()
    tables = page.partition("## What is promised")[2].partition("## Faults made by a machine")[0]
    rows = re.findall(r"^\| (?!---|promise|where)(.+) \|$", tables, re.MULTILINE)
    assert len(rows) >= 40
    assert [row for row in rows if not re.search(r"`test_\w+`|equivalent|not a fault", row)] == []
