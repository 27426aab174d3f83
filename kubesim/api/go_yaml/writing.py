"""Writing YAML as ``kubectl get -o yaml`` does."""

from __future__ import annotations

import re
from functools import cmp_to_key
from typing import Any

import yaml

from kubesim.api import go_json
from kubesim.api.go_yaml.scalars import reads_as_string

_STRING = "tag:yaml.org,2002:str"


class _Dumper(yaml.CSafeDumper):
    """libyaml's emitter with go-yaml's choice of style.

    Every scalar is handed to it as a string with a style; so no tag is ever written.
    """

    yaml_implicit_resolvers = {}  # noqa: RUF012

    def ignore_aliases(self, data: Any) -> bool:
        """Write a value that occurs twice out twice."""
        return True


def dump(value: Any) -> str:
    """Write a JSON value as ``kubectl get -o yaml`` does: natural order of keys, strings quoted where they must be."""
    return str(yaml.dump(value, Dumper=_Dumper, allow_unicode=True, width=80, default_flow_style=False))


def _represent_string(dumper: yaml.CSafeDumper, text: str) -> yaml.ScalarNode:
    if "\n" in text:
        style = "|"
    elif not reads_as_string(text):
        style = '"'
    else:
        style = ""
    return dumper.represent_scalar(_STRING, text, style=style)


def _represent_float(dumper: yaml.CSafeDumper, value: float) -> yaml.ScalarNode:
    text = go_json.format_float(value)
    text = re.sub(r"e([-+])(\d)$", r"e\g<1>0\2", text)  # strconv writes two digits of exponent, encoding/json one
    return dumper.represent_scalar(_STRING, text)


def _represent_constant(dumper: yaml.CSafeDumper, value: bool | int | None) -> yaml.ScalarNode:
    return dumper.represent_scalar(_STRING, go_json.dumps(value))


def _represent_mapping(dumper: yaml.CSafeDumper, value: dict[str, Any]) -> yaml.MappingNode:
    pairs = [(key, value[key]) for key in sorted(value, key=natural_key)]
    return dumper.represent_mapping("tag:yaml.org,2002:map", pairs, flow_style=not pairs)


def _represent_list(dumper: yaml.CSafeDumper, value: list[Any]) -> yaml.SequenceNode:
    return dumper.represent_sequence("tag:yaml.org,2002:seq", value, flow_style=not value)


_Dumper.add_representer(str, _represent_string)
_Dumper.add_representer(float, _represent_float)
for _constant in (bool, int, type(None)):
    _Dumper.add_representer(_constant, _represent_constant)
_Dumper.add_representer(dict, _represent_mapping)
_Dumper.add_representer(list, _represent_list)


def _compare(left: str, right: str) -> int:
    """go-yaml's order of keys: letters after everything else, runs of digits by their value."""
    digits = False
    for index, (a, b) in enumerate(zip(left, right, strict=False)):
        if a == b:
            digits = a.isdigit()
            continue
        if a.isalpha() and b.isalpha():
            return -1 if a < b else 1
        if a.isalpha() or b.isalpha():
            return -1 if (a.isalpha() if digits else b.isalpha()) else 1
        return _compare_numbers(left, right, index)
    return len(left) - len(right)


def _compare_numbers(left: str, right: str, index: int) -> int:
    """Compare at the first difference, where neither side has a letter."""
    lead = ""
    if "0" in (left[index], right[index]) and re.search(r"[1-9][0-9]*$", left[:index]):
        lead = "1"  # a nought that does not lead its number counts as a digit
    numbers = []
    for text in (left, right):
        match = _DIGITS.match(text, index)
        numbers.append((int(lead + match.group() or "0"), len(match.group())) if match else (0, 0))
    if numbers[0] != numbers[1]:
        return -1 if numbers[0] < numbers[1] else 1
    return -1 if left[index] < right[index] else 1


_DIGITS = re.compile(r"[0-9]*")

natural_key = cmp_to_key(_compare)
"""A sort key for the names of fields and labels."""
