"""Settings are read once and all their problems are told together."""

from pathlib import Path

import pytest

from shared import parsing
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


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://app:x@db.example/app", "postgresql://app:x@10.0.0.5/app?sslmode=prefer",
        "postgresql:///app?host=db.example", "postgresql+psycopg2://app@[2001:db8::1]/app?sslmode=disable",
    ],
)  # fmt: skip
def test_postgres_on_another_machine_needs_tls(url: str) -> None:
    with pytest.raises(SettingsError, match="DATABASE_URL reaches another machine without TLS"):
        load({**ENOUGH, "DATABASE_URL": url})
    load({**ENOUGH, "DATABASE_URL": url + ("&" if "?" in url else "?") + "sslmode=verify-full"})


def test_redis_on_another_machine_needs_tls() -> None:
    with pytest.raises(SettingsError, match="REDIS_URL reaches another machine without TLS"):
        load({**ENOUGH, "REDIS_URL": "redis://:x@redis.example/0"})
    load({**ENOUGH, "REDIS_URL": "rediss://:x@redis.example/0"})


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.8.8.8", "[::1]"])
def test_plaintext_is_fine_on_this_machine(host: str) -> None:
    load({**ENOUGH, "DATABASE_URL": f"postgresql://app@{host}/app", "REDIS_URL": f"redis://{host}/0"})


def test_an_operator_may_name_hosts_that_are_reached_in_plaintext() -> None:
    urls = {"DATABASE_URL": "postgresql://app@postgres/app", "REDIS_URL": "redis://redis/0"}
    load({**ENOUGH, **urls, "SESSIONSCRIBE_PLAINTEXT_HOSTS": "postgres, redis"})
    with pytest.raises(SettingsError, match="REDIS_URL reaches"):
        load({**ENOUGH, **urls, "SESSIONSCRIBE_PLAINTEXT_HOSTS": "postgres"})


@pytest.mark.parametrize(
    ("raw", "found"), [("443", ((443, 443),)), (" 80, 8000-8010 ", ((80, 80), (8000, 8010)))]
)
def test_ports_may_be_ranges(raw: str, found: tuple[tuple[int, int], ...]) -> None:
    assert [(ports[0], ports[-1]) for ports in parsing.ports(raw)] == list(found)


@pytest.mark.parametrize("raw", ["0", "65536", "9-1", "http", "1-", "443;80", "\u0661"])
def test_what_are_no_ports_is_refused(raw: str) -> None:
    with pytest.raises(ValueError, match="ports or ranges"):
        parsing.ports(raw)


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


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("DATABASE_URL", "postgresql://host", "must name a database"),
        ("DATABASE_URL", "postgresql://host:port/name", "a port from 1 to 65535"),
        ("REDIS_URL", "redis://host:99999/0", "a port from 1 to 65535"),
        ("STORAGE_URL", "s3://", "must name a bucket"),
        ("STORAGE_URL", "file:///", "must name a folder"),
        ("OPENAI_BASE_URL", "http://", "must name a host"),
        ("SESSIONSCRIBE_S3_ENDPOINT", "https:///path", "must name a host"),
        ("SESSIONSCRIBE_TRACES_ENDPOINT", "http://:4318", "must name a host"),
        ("SESSIONSCRIBE_S3_REGION", "Frankfurt am Main", "must be a region's name"),
        ("SESSIONSCRIBE_WHISPER_COMPUTE_TYPE", "int9", "must be one of default, auto, int8"),
        ("SESSIONSCRIBE_UPLOADS_PER_HOUR", "1_0", "must be a number"),
        ("SESSIONSCRIBE_UPLOADS_PER_HOUR", "١٠", "must be a number"),
        ("SESSIONSCRIBE_LEASE_SECONDS", "nan", "must be from 1.0 to 3600.0"),
        ("SESSIONSCRIBE_OPENAI_IN_HOUSE", "yes", "is yes without OPENAI_BASE_URL"),
        ("SESSIONSCRIBE_LEESE_SECONDS", "30", "did you mean SESSIONSCRIBE_LEASE_SECONDS"),
        ("SESSIONSCRIBE_KEY_DIR", "/keys", "did you mean SESSIONSCRIBE_KEYS_DIR"),
    ],
)
def test_a_value_that_cannot_work_is_refused_by_name(name: str, value: str, said: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load({**ENOUGH, name: value})
    (problem,) = caught.value.problems
    assert problem.startswith(f"{name} ")
    assert said in problem


def test_one_price_without_the_other_is_refused() -> None:
    with pytest.raises(SettingsError, match="MILLION_OUTPUT is not set: set both prices"):
        load({**ENOUGH, "SESSIONSCRIBE_OPENAI_NOTES_USD_PER_MILLION_INPUT": "1"})


@pytest.mark.parametrize(
    "value", ["redis:///0", "unix:///run/redis.sock?db=1", "redis://:secret@[::1]:6379/0", "rediss://host"]
)
def test_every_usual_address_of_redis_is_taken(value: str) -> None:
    assert load({**ENOUGH, "REDIS_URL": value}).redis_url == value


@pytest.mark.parametrize(
    "value",
    ["postgresql:///app?host=/run/postgresql", "postgresql+psycopg2://me:x@host:5432/app?sslmode=require"],
)
def test_every_usual_address_of_postgres_is_taken(value: str) -> None:
    assert load({**ENOUGH, "DATABASE_URL": value}).database_url == value


def test_names_that_resemble_no_setting_are_not_ours() -> None:
    """Kubernetes sets such for each service in the namespace."""
    load({**ENOUGH, "SESSIONSCRIBE_PORT": "tcp://10.0.0.1:80", "SESSIONSCRIBE_API_SERVICE_HOST": "10.0.0.1"})
