"""YAML as Go reads and writes it.

Kubernetes uses a fork of go-yaml 2: a YAML 1.1 in which ``yes``, ``on`` and ``y`` are booleans, ``0755`` and ``0o755``
are not the same thing, and dates or ``12:30:45`` stay strings. Both go-yaml and PyYAML's C extension are ports of
libyaml, so the grammar, the messages of the parser and the layout of the output are the same; what differs is which
plain scalars are something other than a string. That is what this module adds.

Manifests pass from YAML to JSON before anything else, so what is loaded is a JSON value: keys are strings, and a later
key replaces an earlier one.
"""

from __future__ import annotations

from kubesim.api.go_yaml.reading import YamlError, load, load_all, split
from kubesim.api.go_yaml.scalars import resolve
from kubesim.api.go_yaml.writing import dump, natural_key

__all__ = ["YamlError", "dump", "load", "load_all", "natural_key", "resolve", "split"]
