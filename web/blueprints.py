"""Every set of pages; a new one is registered here."""

from flask import Blueprint

from web import landing, static_files, today
from web.patients import access, consents, cut_off, emergency, keeping, rights
from web.patients import pages as patients
from web.practice import audit, engines, holds, retention, templates, webhooks
from web.sessions import acting, editing, page, supervision, versions, vocabulary, words
from web.sessions import signing as notes_signing
from web.sign_in import account, invited, passkeys, people, provider, second_factor, signing

BLUEPRINTS: list[Blueprint] = [
    static_files.blueprint,
    landing.blueprint,
    signing.blueprint,
    second_factor.blueprint,
    passkeys.blueprint,
    provider.blueprint,
    invited.blueprint,
    account.blueprint,
    today.blueprint,
    patients.blueprint,
    consents.blueprint,
    rights.blueprint,
    access.blueprint,
    keeping.blueprint,
    cut_off.blueprint,
    emergency.blueprint,
    page.blueprint,
    acting.blueprint,
    words.blueprint,
    vocabulary.blueprint,
    supervision.blueprint,
    editing.blueprint,
    notes_signing.blueprint,
    versions.blueprint,
    people.blueprint,
    templates.blueprint,
    engines.blueprint,
    webhooks.blueprint,
    holds.blueprint,
    retention.blueprint,
    audit.blueprint,
]
