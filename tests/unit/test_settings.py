"""Settings are read once and all their problems are told together."""

from pathlib import Path

import pytest

from shared.settings import SettingsError, load

ENOUGH = {
    "DATABASE_URL": "postgresql://app:hunter2@localhost/app",
    "REDIS_URL": "redis://:hunter2@localhost:6379/0",
    "STORAGE_URL": "file:///recordings",
    "SESSIONSCRIBE_KEYS_DIR": "/keys",
}


def test_defaults_are_the_offline_engines() -> None:
    settings = load(ENOUGH)
    assert (settings.transcriber, settings.extractor) == ("faster-whisper", "rules")


def test_every_problem_is_named_at_once() -> None:
    with pytest.raises(SettingsError) as caught:
        load({"SESSIONSCRIBE_LEASE_SECONDS": "soon", "SESSIONSCRIBE_TRANSCRIBER": "magic"})
    told = str(caught.value)
    assert all(name in told for name in [*ENOUGH, "SESSIONSCRIBE_LEASE_SECONDS", "SESSIONSCRIBE_TRANSCRIBER"])


@pytest.mark.parametrize(
    ("chosen", "missing"),
    [
        ({"SESSIONSCRIBE_TRANSCRIBER": "openai"}, "OPENAI_API_KEY"),
        ({"SESSIONSCRIBE_EXTRACTOR": "openai", "OPENAI_API_KEY": "k"}, "SESSIONSCRIBE_OPENAI_NOTES_MODEL"),
    ],
)
def test_an_engine_without_what_it_needs_is_refused(chosen: dict[str, str], missing: str) -> None:
    with pytest.raises(SettingsError, match=missing):
        load({**ENOUGH, **chosen})


def test_an_empty_variable_counts_as_unset() -> None:
    assert load({**ENOUGH, "SESSIONSCRIBE_TRANSCRIBER": ""}).transcriber == "faster-whisper"


def test_secrets_are_not_in_the_repr() -> None:
    assert "hunter2" not in repr(load({**ENOUGH, "OPENAI_API_KEY": "hunter2"}))


def test_trusted_proxies_are_networks() -> None:
    settings = load({**ENOUGH, "SESSIONSCRIBE_TRUSTED_PROXIES": "10.0.0.1, fd00::/8"})
    assert settings.trusted_proxies == ("10.0.0.1/32", "fd00::/8")
    with pytest.raises(SettingsError, match="SESSIONSCRIBE_TRUSTED_PROXIES must be addresses"):
        load({**ENOUGH, "SESSIONSCRIBE_TRUSTED_PROXIES": "proxy.example"})


def test_a_value_may_lie_in_a_file(tmp_path: Path) -> None:
    secret = tmp_path / "database_url"
    secret.write_text("postgresql://app:from-a-file@localhost/app\n")
    environment = {**ENOUGH, "DATABASE_URL": "", "DATABASE_URL_FILE": str(secret)}
    assert load(environment).database_url == "postgresql://app:from-a-file@localhost/app"


@pytest.mark.parametrize(
    ("value", "said"), [("postgresql://app@localhost/app", "set twice"), ("", "cannot be read")]
)
def test_a_file_beside_a_value_or_a_missing_one_is_refused(tmp_path: Path, value: str, said: str) -> None:
    with pytest.raises(SettingsError, match=f"DATABASE_URL .*{said}"):
        load({**ENOUGH, "DATABASE_URL": value, "DATABASE_URL_FILE": str(tmp_path / "absent")})
