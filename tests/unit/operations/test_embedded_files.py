"""Secrets, ports and permissions of the embedded stack."""

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from embedded.ports import OWN_RANGE, is_free, is_served_here, next_free, remembered_port
from embedded.private_files import private_folder, remembered_secret, write_private
from embedded.unprivileged import Account, may_enter


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_a_secret_is_made_once_and_private(tmp_path: Path) -> None:
    secret = remembered_secret(tmp_path / "password")
    assert len(secret) >= 43
    assert mode(tmp_path / "password") == 0o600
    assert remembered_secret(tmp_path / "password") == secret


def test_a_folder_that_was_open_is_closed(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir(mode=0o755)
    assert mode(private_folder(tmp_path / "a")) == 0o700


def test_a_private_file_leaves_no_trace_of_a_failed_write(tmp_path: Path) -> None:
    write_private(tmp_path / "state", "old")
    with pytest.raises(UnicodeEncodeError):
        write_private(tmp_path / "state", "\ud800")
    assert [path.read_text() for path in tmp_path.iterdir()] == ["old"]


def test_a_port_is_remembered_until_somebody_else_has_it(tmp_path: Path) -> None:
    port = remembered_port(tmp_path / "port")
    assert port in OWN_RANGE
    assert remembered_port(tmp_path / "port") == port
    with socket.create_server(("127.0.0.1", port)):
        assert remembered_port(tmp_path / "port") != port


def test_a_port_taken_on_all_addresses_is_not_free() -> None:
    with socket.create_server(("0.0.0.0", 0)) as other:  # noqa: S104 - this is the case in question
        assert not is_free(other.getsockname()[1])


def test_the_next_port_is_taken_where_the_preferred_is_in_use() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        found = next_free(port, taken=(port + 1,))
    assert found > port + 1


def test_a_port_that_another_stack_serves_is_not_served_here() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert is_served_here(port)
        asked = f"from embedded.ports import is_served_here; print(is_served_here({port}))"
        elsewhere = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert elsewhere.stdout.strip() == "False"
    assert not is_served_here(port)


def test_no_port_is_looked_for_above_the_last(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("embedded.ports.is_free", lambda port: False)
    with pytest.raises(OSError, match="between 65530 and 65535"):
        next_free(65530)


def test_mode_bits_decide_who_may_enter(tmp_path: Path) -> None:
    folder = private_folder(tmp_path / "closed" / "inner").parent
    owner = folder.stat()
    stranger = Account(owner.st_uid + 4242, owner.st_gid + 4242)
    assert not may_enter(folder / "inner", stranger)
    assert may_enter(folder / "inner", Account(owner.st_uid, owner.st_gid)) or owner.st_uid != 0
