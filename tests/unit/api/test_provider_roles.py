"""Which role a provider's claims give; never an administrator's unless that was told."""

from typing import Any

import pytest

from shared.domain.provider_roles import RoleClaims

GROUPS = RoleClaims("groups", "clinicians")
BOTH = RoleClaims("groups", "clinicians", "it")


@pytest.mark.parametrize(
    ("wanted", "claims", "present", "role"),
    [
        (GROUPS, {"groups": ["clinicians", "it"]}, "therapist", "therapist"),
        (GROUPS, {"groups": "clinicians"}, "therapist", "therapist"),
        (GROUPS, {"groups": ["it", "administrator"]}, "therapist", None),
        (GROUPS, {"groups": ["clinicians"]}, "administrator", "administrator"),
        (GROUPS, {}, "administrator", "administrator"),
        (GROUPS, {"groups": ["Clinicians"]}, "therapist", None),
        (GROUPS, {"groups": {"clinicians": True}}, "therapist", None),
        (BOTH, {"groups": ["it", "clinicians"]}, "therapist", "administrator"),
        (BOTH, {"groups": ["clinicians"]}, "administrator", "therapist"),
        (BOTH, {"groups": [1, None]}, "administrator", None),
        (RoleClaims("realm.roles", "c"), {"realm": {"roles": ["c"]}}, "therapist", "therapist"),
        (RoleClaims("https://x.example/r", "c"), {"https://x.example/r": ["c"]}, "therapist", "therapist"),
        (RoleClaims("realm.roles", "c"), {"realm": "c"}, "therapist", None),
    ],
)
def test_a_role_by_claims(wanted: RoleClaims, claims: dict[str, Any], present: str, role: str | None) -> None:
    assert wanted.role(claims, present) == role
