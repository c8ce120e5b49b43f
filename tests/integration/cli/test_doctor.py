"""The doctor finds what is wrong with a deployment, one fault at a time, and says what to do."""

import json
import socket
from collections.abc import Callable
from pathlib import Path
from zipfile import ZipFile

import pytest
from redis import Redis
from sqlalchemy import text

from cli.app import run
from cli.exits import Exit
from cli.local import database_checks
from embedded.postgres import DATABASE, SUPERUSER, EmbeddedPostgres
from embedded.redis import EmbeddedRedis
from embedded.stack import MIGRATIONS_URL
from shared.db.queries.work import heartbeats
from shared.db.tables.operations import SignOfLife
from tests.database import everything
from tests.fakes.receiver import receiving, says

S3_AWAY = {
    "SESSIONSCRIBE_S3_ENDPOINT": "http://127.0.0.1:9",
    "SESSIONSCRIBE_S3_ACCESS_KEY_ID": "x",
    "SESSIONSCRIBE_S3_SECRET_ACCESS_KEY": "x",
}
Findings = list[dict[str, str]]
Examine = Callable[..., tuple[int, Findings]]


@pytest.fixture
def examine(
    environment: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> Examine:
    """Runs the doctor on this test's deployment with some settings changed."""
    monkeypatch.chdir(tmp_path)

    def look(**changes: str) -> tuple[int, Findings]:
        for name, value in {**environment, **changes}.items():
            monkeypatch.setenv(name, value)
        capsys.readouterr()
        code = run(["doctor", "--json"])
        out = capsys.readouterr().out
        return code, json.loads(out) if out else []

    return look


def told(findings: Findings, part: str, verdict: str) -> str:
    return "\n".join(
        f"{f['text']} {f['advice']}" for f in findings if (f["part"], f["verdict"]) == (part, verdict)
    )


def test_a_well_kept_deployment_lacks_nothing_but_its_processes(examine: Examine) -> None:
    _, findings = examine()
    assert {f["part"] for f in findings if f["verdict"] == "bad"} <= {"processes"}
    assert {
        "settings",
        "database",
        "schema",
        "walls",
        "clock",
        "redis",
        "storage",
        "keys",
        "engines",
        "speech",
        "risk",
    } <= {f["part"] for f in findings if f["verdict"] == "good"}
    assert all(f["advice"] for f in findings if f["verdict"] != "good")


def test_settings_are_told_all_at_once(examine: Examine) -> None:
    code, findings = examine(STORAGE_URL="gopher://x", SESSIONSCRIBE_LEASE_SECONDS="soon")
    assert code == Exit.FAILED
    wrong = told(findings, "settings", "bad")
    assert "STORAGE_URL" in wrong
    assert "SESSIONSCRIBE_LEASE_SECONDS" in wrong


def test_a_line_of_the_env_file_that_cannot_be_read_is_a_finding(examine: Examine) -> None:
    Path(".env").write_text("WORKERS=2\nthis is no setting\n")
    code, findings = examine()
    assert code == Exit.FAILED
    assert ".env line 2" in told(findings, "settings", "bad")


def test_a_wrong_password_a_missing_database_and_no_server_are_told_apart(
    examine: Examine, postgres: EmbeddedPostgres, environment: dict[str, str]
) -> None:
    url = environment["DATABASE_URL"]
    password = url.split(":")[2].split("@")[0]
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    wrong = {
        url.replace(password, "guessed"): "refuses the login",
        postgres.url_of("no_such_database"): "does not exist",
        f"postgresql://me:x@127.0.0.1:{port}/none": "nothing listens",
    }
    for address, words in wrong.items():
        code, findings = examine(DATABASE_URL=address)
        assert code == Exit.FAILED
        assert words in told(findings, "database", "bad")


def test_processes_without_a_sign_of_life_are_named_with_what_stands_still(
    examine: Examine, postgres: EmbeddedPostgres
) -> None:
    _, findings = examine()
    missing = told(findings, "processes", "bad")
    for words in ("no worker", "no dispatcher", "no courier", "no webhook is delivered"):
        assert words in missing
    with everything(postgres.url) as db:
        for kind in heartbeats.KINDS:
            db.add(SignOfLife(process=f"{kind}@here", kind=kind))
    code, findings = examine()
    assert (code, told(findings, "processes", "bad")) == (Exit.OK, "")


def test_a_clock_that_is_off_is_told_with_what_it_matters_to(
    examine: Examine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_checks, "_MOST_SKEW_SECONDS", -1.0)
    _, findings = examine()
    advice = told(findings, "clock", "doubtful")
    assert "S3" in advice
    assert "keys expire" not in advice


def test_the_stack_in_a_folder_is_examined_and_nothing_in_it_is_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("DATABASE_URL", "REDIS_URL", "STORAGE_URL", "SESSIONSCRIBE_KEYS_DIR", MIGRATIONS_URL):
        monkeypatch.delenv(name, raising=False)
    data = tmp_path / "data"
    EmbeddedPostgres(data / "postgres", fsync=False).prepare()
    EmbeddedRedis(data / "redis").prepare()

    def state() -> dict[Path, int]:
        return {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}

    before = state()
    assert run(["--data", str(data), "doctor", "--json"]) == Exit.FAILED
    findings = json.loads(capsys.readouterr().out)
    assert "nothing listens" in told(findings, "database", "bad")
    assert state() == before


@pytest.mark.parametrize(
    ("changes", "part", "words"),
    [
        ({"DATABASE_URL": "postgresql://nobody:x@127.0.0.1:9/none"}, "database", "nothing listens"),
        ({"REDIS_URL": "redis://127.0.0.1:9/0"}, "redis", "does not answer"),
        ({"STORAGE_URL": "file:///proc/nowhere"}, "storage", "does not exist"),
        ({"STORAGE_URL": "s3://none", **S3_AWAY}, "storage", "cannot be written"),
        ({"SESSIONSCRIBE_MIN_FREE_DISK_MIB": "999999999"}, "storage", "MiB are free"),
        ({"SESSIONSCRIBE_KEYS_DIR": "/nowhere"}, "keys", "root.key"),
    ],
)  # fmt: skip
def test_what_is_away_is_found(examine: Examine, changes: dict[str, str], part: str, words: str) -> None:
    code, findings = examine(**changes)
    assert code == Exit.FAILED
    assert words in told(findings, part, "bad")


def test_a_storage_that_is_not_there_is_told_and_not_made(examine: Examine, tmp_path: Path) -> None:
    code, findings = examine(STORAGE_URL=(tmp_path / "typo").as_uri())
    assert code == Exit.FAILED
    assert "correct STORAGE_URL" in told(findings, "storage", "bad")
    assert not (tmp_path / "typo").exists()


def test_a_user_whom_no_policy_binds_is_found(examine: Examine, postgres: EmbeddedPostgres) -> None:
    _, findings = examine(DATABASE_URL=postgres.url_of(DATABASE, SUPERUSER))
    assert "superuser" in told(findings, "database", "bad")


def test_a_wall_that_was_taken_down_and_an_old_schema_are_found(
    examine: Examine, postgres: EmbeddedPostgres
) -> None:
    with everything(postgres.url) as db:
        version = db.execute(text("SELECT version_num FROM alembic_version")).scalar_one()
        db.execute(text("ALTER TABLE notes NO FORCE ROW LEVEL SECURITY"))
        db.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    try:
        _, findings = examine()
    finally:
        with everything(postgres.url) as db:
            db.execute(text("ALTER TABLE notes FORCE ROW LEVEL SECURITY"))
            db.execute(text("UPDATE alembic_version SET version_num = :v"), {"v": version})
    assert "notes" in told(findings, "walls", "bad")
    assert "is at 0001" in told(findings, "schema", "bad")


def test_a_redis_that_would_lose_messages_is_found(examine: Examine, environment: dict[str, str]) -> None:
    with Redis.from_url(environment["REDIS_URL"]) as redis:
        redis.config_set("maxmemory-policy", "allkeys-lru")
        redis.config_set("appendonly", "no")
        try:
            _, findings = examine()
        finally:
            redis.config_set("maxmemory-policy", "noeviction")
            redis.config_set("appendonly", "yes")
    assert "allkeys-lru" in told(findings, "redis", "bad")
    assert "appendonly yes" in told(findings, "redis", "doubtful")


def test_a_key_store_that_others_can_look_into_is_found(
    examine: Examine, environment: dict[str, str]
) -> None:
    folder = Path(environment["SESSIONSCRIBE_KEYS_DIR"])
    folder.chmod(0o755)
    _, findings = examine()
    assert "chmod 700" in told(findings, "keys", "bad")
    (folder / "root.key").chmod(0o644)
    _, findings = examine()
    assert "chmod 600" in told(findings, "keys", "bad")


@pytest.mark.parametrize(("status", "verdict"), [(200, "good"), (401, "bad"), (500, "doubtful")])
def test_an_engines_server_is_asked(examine: Examine, status: int, verdict: str) -> None:
    with receiving(says(status)) as server:
        url = f"http://127.0.0.1:{server.port}/v1"
        _, findings = examine(SESSIONSCRIBE_TRANSCRIBER="openai", OPENAI_BASE_URL=url, OPENAI_API_KEY="a-key")
        assert server.requests[0].line.startswith("GET /v1/models")
    assert told(findings, "engines", verdict)
    _, findings = examine(OPENAI_BASE_URL="http://127.0.0.1:9")
    assert "does not answer" in told(findings, "engines", "bad")


def test_a_model_that_is_offered_and_not_here_is_found_with_the_command_that_fetches_it(
    examine: Examine, tmp_path: Path
) -> None:
    also = {"SESSIONSCRIBE_TRANSCRIBERS": "faster-whisper:base.en"}
    code, findings = examine(SESSIONSCRIBE_MODELS_DIR=str(tmp_path / "models"), **also)
    assert code == Exit.FAILED
    assert "tiny.en is there, each file with its pinned SHA-256" in told(findings, "speech", "good")
    assert "sessionscribe models fetch base.en" in told(findings, "speech", "bad")


def test_a_model_with_other_files_than_the_pinned_ones_is_found(examine: Examine, tmp_path: Path) -> None:
    copy = tmp_path / "models" / "tiny.en"
    copy.mkdir(parents=True)
    for name in ("model.bin", "config.json", "tokenizer.json", "vocabulary.txt"):
        (copy / name).write_bytes(b"{}")
    _, findings = examine(SESSIONSCRIBE_MODELS_DIR=str(tmp_path / "models"))
    assert "another SHA-256" in told(findings, "speech", "bad")


def test_a_machine_without_the_engines_packages_is_told(
    examine: Examine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cli.local.speech_checks._PACKAGES", ("no_such_package",))
    _, findings = examine()
    assert "no_such_package" in told(findings, "speech", "bad")


def test_the_files_of_the_local_risk_model_are_verified(
    examine: Examine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    _, findings = examine()
    assert "each file with its pinned SHA-256" in told(findings, "risk", "good")
    other = tmp_path / "model.zip"
    with ZipFile(other, "w") as archive:
        archive.writestr("model.safetensors", b"other weights")
    monkeypatch.setattr("shared.speech_models.sentence_encoder.archive", lambda: other)
    code, findings = examine()
    assert code == Exit.FAILED
    assert "another SHA-256" in told(findings, "risk", "bad")


def test_a_machine_without_the_local_risk_model_is_told(
    examine: Examine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.speech_models.sentence_encoder.PACKAGE", "no_such_package")
    _, findings = examine()
    assert "rules alone screen for risk" in told(findings, "risk", "bad")
