"""The schema of this release under the code of the previous one: what a rolling update meets.

The previous release is the last tag; until there is one, a fixed commit, written in its own module names.
"""

import os
import subprocess
import sys
import zipfile
from io import BytesIO
from pathlib import Path

import pytest

from embedded.postgres import EmbeddedPostgres
from embedded.redis import EmbeddedRedis
from tests.servers import environment_of

ROOT = Path(__file__).parents[3]
BEFORE_THE_FIRST_TAG = "f400a0283cea7306a2e590b142c8170f3ecc0a1c"
# Run by the previous release's code, with its own tests' helpers: accept, work, read, delete.
DRIVE = """
import sys
from pathlib import Path
from shared.db.engine import Database
from shared.services import erasing, patients, sessions
from shared.settings import load
from tests.conftest import make_office, make_resources
from tests.integration.api_client import app_of, caller_of
from tests.integration.sessions import bench_with, promise, work
import os, shared
assert Path(shared.__file__).is_relative_to(Path.cwd()), "this is not the previous release"
settings = load(os.environ)
resources = make_resources(settings, Database(settings.database_url))
office = make_office(resources)
session_id = promise(resources, office)
work(bench_with(resources), session_id)
call = caller_of(app_of(resources), resources, office)
for path in ("", "/notes", "/transcript", "/audio"):
    assert call("GET", f"/api/sessions/{session_id}{path}").status_code == 200, path
assert call("GET", "/api/sessions/").json[0]["status"] == "processed"
assert call("POST", f"/api/sessions/{session_id}/extract-notes").status_code == 202
assert erasing.delete(resources, office.caller, session_id).erased_at is not None
print("the previous release survives")
"""


def git(*words: str) -> bytes:
    done = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, check=False)
    return done.stdout if done.returncode == 0 else b""


def previous_release() -> str:
    """The commit of the last tag, or the one that every migration since must work beside."""
    return git("describe", "--tags", "--abbrev=0").decode().strip() or BEFORE_THE_FIRST_TAG


def test_the_previous_releases_code_works_on_this_releases_schema(
    postgres: EmbeddedPostgres, redis_server: EmbeddedRedis, tmp_path: Path
) -> None:
    environment = environment_of(postgres, redis_server, tmp_path)
    archive = git("archive", "--format=zip", previous_release()) if previous_release() else b""
    if not archive:
        pytest.skip("there is no history here to take a previous release from")
    old = tmp_path / "previous"
    with zipfile.ZipFile(BytesIO(archive)) as files:
        files.extractall(old)
    done = subprocess.run(
        [sys.executable, "-c", DRIVE],
        cwd=old,
        env={**os.environ, **environment, "PYTHONPATH": str(old)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.endswith("the previous release survives\n"), done.stdout + done.stderr
