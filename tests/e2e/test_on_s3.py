"""The whole way on S3: real processes, a real S3 server, a recording that lies nowhere else."""

from pathlib import Path

from shared.storage.opening import open_store
from tests.e2e.conftest import running_stack
from tests.e2e.test_whole_way import add_patient, upload, wait_until_processed
from tests.s3 import BUCKET, CREDENTIALS, access_to, running_s3


def test_a_recording_on_s3_becomes_notes_is_heard_in_parts_and_erased(spoken: bytes, tmp_path: Path) -> None:
    with running_s3(tmp_path / "s3.log") as s3_url:
        address = f"s3://{BUCKET}/clinic"
        settings = {
            **CREDENTIALS,
            "STORAGE_URL": address,
            "SESSIONSCRIBE_S3_ENDPOINT": s3_url,
            "WORKERS": "1",
        }
        store = open_store(address, access_to(s3_url))
        with running_stack(settings) as stack, stack.client() as client:
            session_id = upload(client, spoken, add_patient(client))
            wait_until_processed(client, session_id, 180)
            heard = client.get(f"/api/sessions/{session_id}/audio", headers={"Range": "bytes=100-299"})
            assert heard.content == spoken[100:300]
            assert [found.name.split("/")[1:] for found in store.list()] == [[session_id, "recording"]]
            assert client.delete(f"/api/sessions/{session_id}").status_code == 200
            assert list(store.list()) == []
            assert not (stack.data / "recordings").exists()
