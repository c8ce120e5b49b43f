"""The whole way on S3: real processes, a real S3 server, a recording that lies nowhere else."""

import os
import subprocess
import sys
from pathlib import Path

from embedded.launch import launched
from shared.storage.opening import open_store
from tests.e2e.conftest import REPLACED, ROOT, RunningStack, is_ready
from tests.e2e.test_whole_way import add_patient, upload, wait_until_processed
from tests.s3 import BUCKET, CREDENTIALS, access_to, running_s3
from tests.stack import temporary_folder
from tests.waiting import wait_for


def test_a_recording_on_s3_becomes_notes_is_heard_in_parts_and_erased(spoken: bytes, tmp_path: Path) -> None:
    with running_s3(tmp_path / "s3.log") as s3_url, temporary_folder() as data:
        environment = {name: value for name, value in os.environ.items() if name not in REPLACED}
        environment |= {
            **CREDENTIALS,
            "STORAGE_URL": f"s3://{BUCKET}/clinic",
            "SESSIONSCRIBE_S3_ENDPOINT": s3_url,
            "WORKERS": "1",
        }
        with (data / "up.log").open("wb") as log:
            process = subprocess.Popen(
                launched([sys.executable, "-m", "cli.main", "--data", str(data), "up"]),
                cwd=ROOT,
                env=environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        stack = RunningStack(data, process)
        store = open_store(f"s3://{BUCKET}/clinic", access_to(s3_url))
        try:
            wait_for(lambda: is_ready(stack), 120)
            with stack.client() as client:
                session_id = upload(client, spoken, add_patient(client))
                wait_until_processed(client, session_id, 180)
                heard = client.get(f"/api/sessions/{session_id}/audio", headers={"Range": "bytes=100-299"})
                assert heard.content == spoken[100:300]
                assert [found.name.split("/")[1:] for found in store.list()] == [[session_id, "recording"]]
                assert client.delete(f"/api/sessions/{session_id}").status_code == 200
                assert list(store.list()) == []
            assert not (data / "recordings").exists()
        finally:
            process.terminate()
            process.wait(timeout=90)
