"""Run once before the embedded stack's processes: schema, key store, demo accounts, credentials file.

``python -m cli.local.prepare`` reads the environment that the stack gives its processes:
``SESSIONSCRIBE_DATA`` is the data folder and ``PORT`` where the API will listen.
"""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from cli.exits import CommandError
from cli.local.accounts import make_first_keys
from cli.local.release import prepare_schema
from cli.profile import CODE_FILE, Profile, saved_profile
from embedded.private_files import write_private
from shared import settings
from shared.domain.errors import DomainError
from shared.vault.keystore import KeyStoreError

PRACTICE, THERAPIST = "Demo practice", "Demo therapist"


def prepare(environment: Mapping[str, str]) -> None:
    """Bring everything to where the API and the workers can start; may be repeated.

    Keys are made once and kept in the data folder; if that file was lost, new ones are made.
    """
    known = settings.load(environment)
    data = Path(environment["SESSIONSCRIBE_DATA"])
    url = f"http://127.0.0.1:{environment['PORT']}"
    prepare_schema(known)
    kept = _kept_profile(data)
    made = make_first_keys(known, PRACTICE, THERAPIST, replace_lost=kept is None)
    if made.therapist and made.administrator:
        Profile(url, made.therapist, made.administrator).save(data)
    elif kept is not None:
        Profile(url, kept.therapist_key, kept.administrator_key).save(data)
    if made.administrator_code:
        write_private(data / CODE_FILE, made.administrator_code + "\n")
    else:
        (data / CODE_FILE).unlink(missing_ok=True)


def _kept_profile(data: Path) -> Profile | None:
    try:
        return saved_profile(data)
    except CommandError:  # damaged: as good as lost
        return None


def main() -> None:
    """Prepare, or end with a sentence and code 1."""
    try:
        prepare(os.environ)
    except (CommandError, DomainError, KeyStoreError, settings.SettingsError) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
