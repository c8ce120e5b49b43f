"""An invitation to send a recording into the bucket, at a server that verifies signatures and policies."""

import dataclasses
from collections.abc import Iterator

import httpx2
import pytest

from shared.domain.errors import Unavailable
from shared.storage.opening import open_store
from shared.storage.s3 import INCOMING, Invitation, S3Store
from tests.s3 import BUCKET, access_to, strict_s3

pytestmark = pytest.mark.ceph

CONTENT = b"what was said" * 100
NAME = "a/b/recording"


@pytest.fixture(scope="module")
def s3_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with strict_s3(tmp_path_factory.mktemp("s3") / "s3.log") as url:
        yield url


def invited(store: S3Store, seconds: int = 3600) -> Invitation:
    return store.invite(NAME, len(CONTENT), seconds, encrypted=True)


def post(invitation: Invitation, content: bytes = CONTENT, **changes: str | None) -> int:
    """The status of sending it with these fields changed, or left out where None."""
    fields = {**invitation.fields, **changes}
    data = {name: value for name, value in fields.items() if value is not None}
    files = {"file": ("recording", content)}
    return httpx2.post(invitation.url, data=data, files=files, trust_env=False).status_code


def test_who_keeps_to_it_may_send(store: S3Store) -> None:
    invitation = invited(store)
    assert post(invitation) == 204
    assert [(found.name, found.size) for found in store.list(INCOMING)] == [(INCOMING + NAME, len(CONTENT))]


@pytest.mark.parametrize("content", [CONTENT[:-1], CONTENT + b"x", b""], ids=["shorter", "longer", "empty"])
def test_another_length_is_refused(store: S3Store, content: bytes) -> None:
    assert post(invited(store), content) == 400
    assert list(store.list(INCOMING)) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"key": f"{INCOMING}another/recording"},
        {"x-amz-server-side-encryption": None},
        {"x-amz-signature": "0" * 64},
        {"policy": None, "x-amz-signature": None},
        {"acl": "public-read"},
    ],
    ids=lambda changes: "+".join(changes),
)
def test_another_name_no_encryption_more_rights_and_a_forgery_are_refused(
    store: S3Store, changes: dict[str, str | None]
) -> None:
    assert post(invited(store), **changes) == 403
    assert list(store.list(INCOMING)) == []


def test_it_is_refused_when_its_time_is_over(store: S3Store) -> None:
    assert post(invited(store, seconds=-1)) == 403


def test_wrong_credentials_are_told_as_a_store_that_is_away(s3_url: str) -> None:
    wrong = dataclasses.replace(access_to(s3_url), secret_access_key="another")
    with pytest.raises(Unavailable):
        open_store(f"s3://{BUCKET}", wrong).check()
