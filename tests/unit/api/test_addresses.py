"""Whose request it is, behind our own proxies."""

import pytest
from flask import Flask, request

from shared.http.client_address import client_address

OURS = ("10.0.0.0/8", "fd00::/8")


@pytest.mark.parametrize(
    ("peer", "forwarded", "expected"),
    [
        ("203.0.113.9", None, "203.0.113.9"),
        ("203.0.113.9", "198.51.100.1", "203.0.113.9"),  # a stranger's word
        ("10.0.0.1", None, "10.0.0.1"),
        ("10.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "192.0.2.7, 198.51.100.1", "198.51.100.1"),  # what the client sent comes first
        ("10.0.0.1", "198.51.100.1, 10.0.0.2", "198.51.100.1"),
        ("10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3"),
        ("10.0.0.1", "198.51.100.1, nonsense", "10.0.0.1"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("fd00::1", "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.9", None, "203.0.113.9"),
        ("", None, "-"),
    ],
)
def test_the_last_stranger_on_the_way_is_the_client(peer: str, forwarded: str | None, expected: str) -> None:
    headers = {} if forwarded is None else {"X-Forwarded-For": forwarded}
    with Flask("a").test_request_context(headers=headers, environ_base={"REMOTE_ADDR": peer}):
        assert client_address(request, OURS) == expected
