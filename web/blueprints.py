"""Every set of pages; a new one is registered here."""

from flask import Blueprint

from web import landing, static_files
from web.sign_in import account, first_administrator, signing

BLUEPRINTS: list[Blueprint] = [
    static_files.blueprint,
    landing.blueprint,
    signing.blueprint,
    first_administrator.blueprint,
    account.blueprint,
]
