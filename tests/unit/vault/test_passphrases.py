"""Which passphrases are taken, and that what is kept tells nothing."""

import pytest

from shared.domain.errors import InvalidInput
from shared.services.sign_in import passphrases


@pytest.mark.parametrize(
    "passphrase",
    [
        "plum kettle orbit fennel",
        "ÄÖÜ? sechzehn Zeichen",
        "aaaaaaa1 is long enough",
        "四つの 言葉 を つなげた 長い 合言葉",
    ],
)
def test_length_alone_makes_a_passphrase_good(passphrase: str) -> None:
    passphrases.check_new(passphrase, "ada@example.org", "Ada Boss")
    with pytest.raises(InvalidInput):
        passphrases.check_new(passphrase[:7], "ada@example.org", "Ada Boss")


@pytest.mark.parametrize(
    "passphrase",
    [
        "",
        "Ab3$efgh!jklmn",  # fourteen
        "x" * 201,
        "Correct Horse Battery Staple",
        "password-password",
        "aaaaaaaaaaaaaaaa",
        "abcabcabcabcabcabc",
        "123456789012345",
        "qwertyuiopasdfgh",
        "sessionscribe2026",
        "ada@example.org 1",
    ],
)
def test_short_common_and_obvious_passphrases_are_refused(passphrase: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        passphrases.check_new(passphrase, "ada@example.org", "Ada Boss")
    assert refused.value.fields.keys() == {"passphrase"}


def test_what_is_kept_is_argon2id_by_the_rfc_and_salted() -> None:
    one, other = (
        passphrases.hashed("plum kettle orbit fennel"),
        passphrases.hashed("plum kettle orbit fennel"),
    )
    assert one != other
    assert one.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert passphrases.matches(one, "plum kettle orbit fennel")
    assert not passphrases.matches(one, "plum kettle orbit fennes")
    assert not passphrases.is_outdated(one)


def test_an_accent_may_be_typed_as_one_character_or_two() -> None:
    assert passphrases.matches(
        passphrases.hashed("caf\u00e9 plum kettle orbit"), "cafe\u0301 plum kettle orbit"
    )


def test_the_hash_of_nobody_is_well_formed_and_costs_as_much() -> None:
    assert not passphrases.is_outdated(passphrases.NONE)
    assert not passphrases.matches(passphrases.NONE, "")
