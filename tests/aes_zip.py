"""A reader of ZIP files that are encrypted with AES (WinZip's AE-2), written from its specification."""

import hashlib
import hmac
import io
import zipfile
import zlib

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

_SALT, _CHECK, _MAC, _KEY = 16, 2, 10, 32


class WrongPassword(ValueError):
    """The password is not the one that the file was encrypted with."""


def unzipped(content: bytes, password: str) -> dict[str, bytes]:
    """Every file by its name; raises WrongPassword, and ValueError for one that was changed."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {one.filename: _opened(content, one, password) for one in archive.infolist()}


def _opened(content: bytes, one: zipfile.ZipInfo, password: str) -> bytes:
    assert one.compress_type == 99  # the mark of AES
    name, extra = (
        int.from_bytes(content[one.header_offset + at : one.header_offset + at + 2], "little")
        for at in (26, 28)
    )
    start = one.header_offset + 30 + name + extra
    body = content[start : start + one.compress_size]
    salt, check, sealed, mac = body[:_SALT], body[_SALT:18], body[18:-_MAC], body[-_MAC:]
    derived = hashlib.pbkdf2_hmac("sha1", password.encode(), salt, 1000, 2 * _KEY + _CHECK)
    if derived[2 * _KEY :] != check:
        raise WrongPassword
    if hmac.new(derived[_KEY : 2 * _KEY], sealed, "sha1").digest()[:_MAC] != mac:
        raise ValueError("the file was changed")
    blocks = -(-len(sealed) // 16)
    counters = b"".join(number.to_bytes(16, "little") for number in range(1, blocks + 1))
    # The format counts from the other end than any library's counter mode.
    aes = Cipher(algorithms.AES(derived[:_KEY]), modes.ECB()).encryptor()  # noqa: S305 - of counters
    stream = aes.update(counters)
    return zlib.decompress(bytes(a ^ b for a, b in zip(sealed, stream, strict=False)), -zlib.MAX_WBITS)
