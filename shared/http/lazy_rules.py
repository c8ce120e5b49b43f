"""Routes that learn to build addresses when the first is asked for: most never build one."""

from typing import Any

from werkzeug.routing import Rule


class LazyRule(Rule):
    """Werkzeug compiles two functions for each route at once, most of what starting an application takes."""

    def _compile_builder(self, append_unknown: bool = True) -> Any:
        compiled: list[Any] = []

        def build(rule: Rule, **values: Any) -> tuple[str, str]:
            if not compiled:
                compiled.append(super(LazyRule, self)._compile_builder(append_unknown))
            made: tuple[str, str] = compiled[0](rule, **values)
            return made

        return build
