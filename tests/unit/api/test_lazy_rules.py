"""Routes build the same addresses as Werkzeug's own, and compile nothing before."""

from typing import Any

import pytest
from werkzeug.routing import Map, Rule

from shared.http.lazy_rules import LazyRule


def address(kind: type[Rule], values: dict[str, Any], unknown: bool) -> str | None:
    rules = [
        kind("/plain", endpoint="plain"),
        kind("/of/<int:number>/<path:rest>", endpoint="page"),
        kind("/first", defaults={"number": 1, "rest": "a"}, endpoint="page"),
    ]
    return (
        Map(rules)
        .bind("host")
        .build(values.pop("endpoint"), values, force_external=True, append_unknown=unknown)
    )


@pytest.mark.parametrize("unknown", [True, False])
@pytest.mark.parametrize(
    "values",
    [
        {"endpoint": "plain"},
        {"endpoint": "plain", "q": "é &"},
        {"endpoint": "page", "number": 7, "rest": "x/y z"},
        {"endpoint": "page", "number": 1, "rest": "a", "more": 2},
    ],
)
def test_an_address_is_the_same_as_werkzeugs(values: dict[str, Any], unknown: bool) -> None:
    assert address(LazyRule, dict(values), unknown) == address(Rule, dict(values), unknown)


def test_only_the_rule_whose_address_is_asked_for_is_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled: list[str] = []
    original = Rule._compile_builder

    def noted(rule: Rule, append_unknown: bool = True) -> Any:
        compiled.append(rule.rule)
        return original(rule, append_unknown)

    monkeypatch.setattr(Rule, "_compile_builder", noted)
    adapter = Map([LazyRule("/a", endpoint="a"), LazyRule("/b", endpoint="b")]).bind("host")
    assert adapter.match("/a") == ("a", {})
    assert compiled == []
    assert adapter.build("b") == adapter.build("b") == "/b"
    assert compiled == ["/b"]
