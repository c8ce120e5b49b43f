"""Resumable uploads by clients that others wrote: tuspy, and tus-js-client and Uppy where node has them."""

import hashlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from tusclient.client import TusClient

from shared.services.accounts import accounts
from shared.services.resources import Resources
from tests.integration.api_client import tone
from tests.integration.server import running_api
from tests.servers import Office

CONTENT = tone(5)
MODULES = "SESSIONSCRIBE_NODE_MODULES"


@pytest.fixture
def url(environment: dict[str, str], tmp_path: Path) -> Iterator[str]:
    with running_api(environment, tmp_path / "api.log") as url:
        yield url


@pytest.fixture
def key(resources: Resources, office: Office) -> str:
    return accounts.create_key(resources, office.caller.practice_id, office.caller.therapist_id)[1]


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    path = tmp_path / "session.wav"
    path.write_bytes(CONTENT)
    return path


def check(url: str, key: str, address: str) -> None:
    """The upload at ``address`` has become a session with what was sent."""
    session_id = address.rsplit("/", 1)[1]
    headers = {"Authorization": f"Bearer {key}"}
    answer = httpx2.get(f"{url}/api/sessions/{session_id}", headers=headers, trust_env=False)
    assert answer.json()["audio_sha256"] == hashlib.sha256(CONTENT).hexdigest()


def test_tuspy_uploads_and_goes_on_after_a_break(
    url: str, key: str, office: Office, recording: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    client = TusClient(f"{url}/api/uploads", headers={"Authorization": f"Bearer {key}"})
    about = {"filename": "session.wav", "filetype": "audio/wav", "patient_id": str(office.patient_id)}
    with recording.open("rb") as file:  # by itself it opens the file for each part, and closes none
        first = client.uploader(file_stream=file, chunk_size=50_000, metadata=about, upload_checksum=True)
        first.upload_chunk()
        again = client.uploader(file_stream=file, chunk_size=50_000, url=first.url)
        assert again.offset == 50_000
        again.upload()
    check(url, key, again.url)


@pytest.mark.parametrize(
    ("package", "script"),
    [("tus-js-client", "tus_upload.mjs"), ("@uppy/tus", "uppy_upload.mjs")],
)
def test_clients_in_javascript_upload_in_parts(
    url: str, key: str, office: Office, recording: Path, package: str, script: str
) -> None:
    """The first breaks off after a part and goes on; Uppy sends all of its own metadata."""
    modules = os.environ.get(MODULES, "")
    if not shutil.which("node") or not Path(modules, package).is_dir():
        pytest.skip(f"node, or {package} in the folder that {MODULES} names, is not here")
    known = {"TUS_KEY": key, "TUS_CLIENT": str(Path(modules, "tus-js-client")), "UPPY_MODULES": modules}
    told = [f"{url}/api/uploads", str(recording), str(office.patient_id)]
    ran = subprocess.run(
        ["node", str(Path(__file__).with_name(script)), *told],
        env={**os.environ, **known},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    check(url, key, ran.stdout.strip())
