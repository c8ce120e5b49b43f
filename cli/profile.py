"""Which server to speak to and with which key: the options, or what the embedded stack wrote."""

import json
from dataclasses import dataclass, field
from pathlib import Path

from cli.exits import CommandError, Exit
from embedded.private_files import write_private

FILE_NAME = "credentials.json"
CODE_FILE = "first-administrator.code"  # of the embedded stack, while it awaits one


@dataclass(frozen=True)
class Profile:
    """Where the embedded stack answers, and the keys that it made; kept in the data folder."""

    url: str
    therapist_key: str = field(repr=False)
    administrator_key: str = field(repr=False)

    def save(self, data: Path) -> None:
        """Write it to the data folder, readable by its owner alone."""
        content = {
            "url": self.url,
            "therapist_key": self.therapist_key,
            "administrator_key": self.administrator_key,
        }
        write_private(data / FILE_NAME, json.dumps(content, indent=2) + "\n")


def saved_profile(data: Path) -> Profile | None:
    """What the embedded stack wrote to ``data``; None where there is nothing yet."""
    path = data / FILE_NAME
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return Profile(content["url"], content["therapist_key"], content["administrator_key"])
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CommandError(
            f"{path} cannot be read ({type(error).__name__}). "
            "Pass --url and SESSIONSCRIBE_API_KEY, or start the stack again.",
            Exit.USAGE,
        ) from error


@dataclass(frozen=True)
class Target:
    """The options that every command shares; the key stays out of the repr."""

    data: Path
    url: str | None = None
    key: str | None = field(default=None, repr=False)
    key_from: str = ""

    def address(self, *, administrator: bool = False) -> tuple[str, str | None, str]:
        """The URL, the key to use (the administrator's, where a command needs that one), and whence it is.

        A saved key goes only to the server it was saved for. Raises CommandError where no
        server is known.
        """
        profile = saved_profile(self.data)
        if self.url is None and profile is None:
            raise CommandError(
                f"No server is known: no stack has run in {self.data.resolve()}. Start one with "
                "`sessionscribe up`, name another folder with --data, or a server with --url and "
                "SESSIONSCRIBE_API_KEY.",
                Exit.USAGE,
            )
        url = (self.url or (profile.url if profile else "")).rstrip("/")
        if self.key is not None:
            return url, self.key, self.key_from
        if profile is None or profile.url.rstrip("/") != url:
            return url, None, ""
        who, key = (
            ("administrator", profile.administrator_key)
            if administrator
            else ("therapist", profile.therapist_key)
        )
        return url, key, f"the {who}'s in {self.data / FILE_NAME}"
