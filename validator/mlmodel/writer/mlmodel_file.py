"""YAML as every reader understands it: keys in order, nothing folded, and quotes around what YAML 1.1 or 1.2 would
take for another type."""

from __future__ import annotations

from typing import Any

import yaml

from mlmodel.common.patterns import lazy_pattern

_NUMBER_OF_1_2 = lazy_pattern(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|0o[0-7]+|0x[0-9a-fA-F]+")


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - readers of other languages may not know anchors
        return True


def _text(dumper: _Dumper, value: str) -> yaml.ScalarNode:
    # PyYAML quotes what YAML 1.1 reads as another type; `1e3` and `0o17` are numbers in 1.2 only.
    style = "'" if _NUMBER_OF_1_2.fullmatch(value) else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


_Dumper.add_representer(str, _text)


def emit(data: dict[str, Any]) -> bytes:
    """A mapping as UTF-8 YAML, its keys in their order."""
    text = yaml.dump(
        data, Dumper=_Dumper, sort_keys=False, default_flow_style=False, allow_unicode=True, width=1 << 30
    )
    return text.encode()
