"""Ceph's S3 gateway as a server of one's own: in memory, and strict about signatures and policies.

Of Debian's packages ``ceph-mon``, ``ceph-osd`` and ``radosgw``: one monitor, one disk of memory, one gateway.
"""

import base64
import os
import secrets
import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from uuid import uuid4

import httpx2

from embedded.launch import launched
from embedded.ports import next_free
from tests.waiting import wait_for

PROGRAMS = ("ceph", "ceph-authtool", "ceph-mon", "ceph-osd", "monmaptool", "radosgw", "radosgw-admin")
GATEWAY = "client.rgw"
START_SECONDS = 60
CONFIGURATION = """
[global]
fsid = {fsid}
mon host = [v1:127.0.0.1:{monitor_port}/0]
mon initial members = a
mon allow pool size one = true
mon data avail warn = 0
mon data avail crit = 0
mon data = {folder}/mon
auth cluster required = none
auth service required = none
auth client required = none
public addr = 127.0.0.1
cluster addr = 127.0.0.1
ms bind msgr2 = false
run dir = {folder}/run
admin socket = {folder}/run/$name.$pid.asok
log file = {folder}/$name.log
keyring = {folder}/keyring
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 4
osd pool default pgp num = 4
osd crush chooseleaf type = 0
osd objectstore = memstore
osd data = {folder}/osd
# What it would tell the monitor as it starts, which now and then knows it too little: "wrong fsid".
osd crush update on start = false
osd class update on start = false
memstore device bytes = 2147483648
[{gateway}]
rgw frontends = beast endpoint=127.0.0.1:{port}
rgw data = {folder}/rgw
rgw multipart min part size = {least_part}
rgw crypt require ssl = false
rgw crypt default encryption key = {key}
"""


def missing() -> list[str]:
    """The programs that are not here."""
    return [program for program in PROGRAMS if shutil.which(program) is None]


@contextmanager
def running_ceph(folder: Path, user: tuple[str, str], least_part_bytes: int = 5 << 20) -> Iterator[str]:
    """A gateway without a bucket, with one user of this access key and secret; gives its address."""
    for name in ("mon", "osd", "run", "rgw"):
        (folder / name).mkdir(parents=True)
    port = next_free(19400 + os.getpid() % 100)
    monitor_port = next_free(19600 + os.getpid() % 100)
    ids = {"folder": folder, "fsid": uuid4(), "gateway": GATEWAY}
    key = base64.b64encode(secrets.token_bytes(32)).decode()
    ports = {"port": port, "monitor_port": monitor_port, "least_part": least_part_bytes, "key": key}
    (folder / "ceph.conf").write_text(CONFIGURATION.format(**ids, **ports))
    url = f"http://127.0.0.1:{port}"
    with ExitStack() as running:
        start = _starter(folder, running)
        _run(folder, "ceph-authtool", "--create-keyring", f"{folder}/keyring", "--gen-key", "--name", "mon.")
        address = f"[v1:127.0.0.1:{monitor_port}/0]"
        with_id = ("--fsid", str(ids["fsid"]))
        _run(folder, "monmaptool", "--create", "--addv", "a", address, *with_id, f"{folder}/map")
        _run(folder, "ceph-mon", "--mkfs", "--id", "a", "--monmap", f"{folder}/map")
        start("ceph-mon", "--id", "a")
        disk = str(uuid4())
        _run(folder, "ceph", "osd", "new", disk)
        _run(folder, "ceph", "osd", "crush", "add", "osd.0", "1", "root=default", "host=here")
        _run(folder, "ceph-osd", "--id", "0", "--mkfs", "--osd-uuid", disk)
        start("ceph-osd", "--id", "0")
        wait_for(lambda: "1 up" in _run(folder, "ceph", "osd", "stat"), START_SECONDS)
        start("radosgw", "--name", GATEWAY)
        wait_for(lambda: _answers(url), START_SECONDS)
        made = ("--uid", "tests", "--display-name", "tests", "--access-key", user[0], "--secret-key", user[1])
        _run(folder, "radosgw-admin", "--name", GATEWAY, "user", "create", *made)
        yield url


def _run(folder: Path, *words: str) -> str:
    environment = {**os.environ, "CEPH_CONF": f"{folder}/ceph.conf"}
    done = subprocess.run(words, env=environment, capture_output=True, text=True, timeout=START_SECONDS)
    assert done.returncode == 0, f"{words}: {done.stderr}"
    return done.stdout


def _starter(folder: Path, running: ExitStack) -> Callable[..., None]:
    """What starts a program that runs until ``running`` is closed."""

    def start(*words: str) -> None:
        with (folder / f"{words[0]}.out").open("wb") as out:
            argv: Sequence[str] = launched([*words, "--foreground"])
            environment = {**os.environ, "CEPH_CONF": f"{folder}/ceph.conf"}
            server = subprocess.Popen(argv, env=environment, stdout=out, stderr=out)
        running.callback(server.wait, timeout=60)
        running.callback(server.terminate)

    return start


def _answers(url: str) -> bool:
    try:
        return httpx2.get(url, trust_env=False).status_code < 500
    except httpx2.TransportError:
        return False
