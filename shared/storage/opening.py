"""The object store that the settings name."""

from pathlib import Path
from urllib.parse import unquote, urlsplit

from shared.settings import S3Access
from shared.storage.local_store import LocalStore
from shared.storage.objects import ObjectStore
from shared.storage.s3 import open_s3


def open_store(url: str, s3: S3Access | None = None) -> ObjectStore:
    """The store at ``file:///absolute/folder`` or ``s3://bucket/prefix``; connects to nothing yet.

    Raises ValueError for anything else.
    """
    parts = urlsplit(url)
    if parts.scheme == "s3" and parts.netloc and s3 is not None:
        return open_s3(url, s3)
    if parts.scheme != "file" or parts.netloc or not parts.path.startswith("/"):
        raise ValueError("STORAGE_URL must be file:///absolute/folder or s3://bucket/prefix")
    return LocalStore(Path(unquote(parts.path)), marked=True)
