"""Column types of our own."""

from enum import StrEnum
from typing import Any

from sqlalchemy import LargeBinary, String
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

from shared.vault.sealing import Sealed


class Word(TypeDecorator[StrEnum]):
    """A column of words from a StrEnum: plain text in Postgres, the enum's member in Python."""

    impl = String
    cache_ok = True

    def __init__(self, words: type[StrEnum]) -> None:
        super().__init__()
        self.words = words

    def process_bind_param(self, value: StrEnum | str | None, dialect: Dialect) -> str | None:
        return None if value is None else self.words(value).value

    def process_result_value(self, value: Any, dialect: Dialect) -> StrEnum | None:
        return None if value is None else self.words(value)


class Encrypted(TypeDecorator[Sealed]):
    """A column of ciphertext. It takes nothing but Sealed values, so that plaintext cannot slip in."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: Sealed | None, dialect: Dialect) -> bytes | None:
        if value is not None and not isinstance(value, Sealed):
            raise TypeError("an encrypted column takes only Sealed values")
        return None if value is None else value.data

    def process_result_value(self, value: Any, dialect: Dialect) -> Sealed | None:
        return None if value is None else Sealed(bytes(value))
