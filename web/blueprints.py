"""Every set of pages; a new one is registered here."""

from flask import Blueprint

from web import landing, static_files
from web.sign_in import account, invited, passkeys, people, second_factor, signing

BLUEPRINTS: list[Blueprint] = [
    static_files.blueprint,
    landing.blueprint,
    signing.blueprint,
    second_factor.blueprint,
    passkeys.blueprint,
    invited.blueprint,
    account.blueprint,
    people.blueprint,
]
