"""Which role an OpenID provider gives a person: by the values of one of the claims of its token."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

THERAPIST, ADMINISTRATOR = "therapist", "administrator"


@dataclass(frozen=True, slots=True)
class RoleClaims:
    """Who has ``therapists`` in ``claim`` is a therapist; who has ``administrators``, an administrator.

    Without ``administrators`` none is made, and those there are stay what they are.
    """

    claim: str
    therapists: str
    administrators: str | None = None

    def role(self, claims: Mapping[str, Any], present: str) -> str | None:
        """The role of a person who has ``present`` now; None if the provider gives them none."""
        if self.administrators is None and present == ADMINISTRATOR:
            return present
        values = _values(claims, self.claim)
        if self.administrators is not None and self.administrators in values:
            return ADMINISTRATOR
        return THERAPIST if self.therapists in values else None


def _values(claims: Mapping[str, Any], name: str) -> frozenset[str]:
    """The texts of a claim, by its name or by a path with dots (``realm_access.roles``)."""
    found: Any = claims.get(name)
    if found is None:
        found = claims
        for part in name.split("."):
            found = found.get(part) if isinstance(found, Mapping) else None
    if isinstance(found, str):
        return frozenset({found})
    return frozenset(one for one in found if isinstance(one, str)) if isinstance(found, list) else frozenset()
