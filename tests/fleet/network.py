"""Several hosts on one machine: network namespaces with a cable each, on a switch of their own."""

import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pytest

NET = "10.213.77"
OURS = f"{NET}.1"  # this process' own address among them


class Network:
    """A switch, and hosts on it by name."""

    def __init__(self) -> None:
        self._prefix = f"s{os.getpid()}"
        self._addresses: dict[str, str] = {}
        self._switch = f"{self._prefix}-switch"

    def start(self) -> None:
        """Make the switch, and plug this process in; skips the test where we may not."""
        made = subprocess.run(["ip", "netns", "add", self._switch], capture_output=True, text=True)
        if made.returncode:
            pytest.skip(f"no network namespaces here: {made.stderr.strip()}")
        self._in_switch("link", "add", "lan", "type", "bridge")
        self._in_switch("link", "set", "lan", "up")
        self._plug("test", None)

    def add(self, name: str) -> str:
        """A new host, plugged in; gives its address."""
        address = f"{NET}.{len(self._addresses) + 10}"
        _ip("netns", "add", self._namespace(name))
        _ip("-netns", self._namespace(name), "link", "set", "lo", "up")
        self._addresses[name] = address
        self._plug(name, self._namespace(name), address)
        return address

    def __getitem__(self, name: str) -> str:
        """The address of a host."""
        return self._addresses[name]

    def on(self, name: str, argv: Sequence[str]) -> list[str]:
        """The command that runs ``argv`` on that host."""
        return ["ip", "netns", "exec", self._namespace(name), *argv]

    def cut_off(self, name: str) -> None:
        """Pull the host's cable: nothing gets through, and nobody is told."""
        self._in_switch("link", "set", f"to-{name}", "down")

    def plug_in_again(self, name: str) -> None:
        self._in_switch("link", "set", f"to-{name}", "up")

    def stop(self) -> None:
        """Remove everything; with a namespace goes what is in it."""
        for namespace in (*map(self._namespace, self._addresses), self._switch):
            subprocess.run(["ip", "netns", "delete", namespace], capture_output=True)

    def _plug(self, name: str, namespace: str | None, address: str = OURS) -> None:
        """A cable from the switch to a namespace, or to where this process is."""
        port, card = f"to-{name}", "eth0" if namespace else self._prefix
        there = ["netns", namespace] if namespace else []
        _ip("link", "add", card, *there, "type", "veth", "peer", "name", port, "netns", self._switch)
        self._in_switch("link", "set", port, "master", "lan", "up")
        within = ["-netns", namespace] if namespace else []
        _ip(*within, "address", "add", f"{address}/24", "dev", card)
        _ip(*within, "link", "set", card, "up")

    def _namespace(self, name: str) -> str:
        return f"{self._prefix}-{name}"

    def _in_switch(self, *words: str) -> None:
        _ip("-netns", self._switch, *words)


def _ip(*words: str) -> None:
    done = subprocess.run(["ip", *words], capture_output=True, text=True)
    assert done.returncode == 0, (words, done.stderr)


@contextmanager
def network_of(names: Sequence[str]) -> Iterator[Network]:
    """A network of these hosts, gone at the end."""
    network = Network()
    network.start()
    try:
        for name in names:
            network.add(name)
        yield network
    finally:
        network.stop()
