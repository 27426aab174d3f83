"""``kubectl create configmap`` and ``create secret generic``: keys and values from literals and files."""

from __future__ import annotations

import base64
import posixpath
from collections.abc import Iterator

from kubesim.api import names
from kubesim.api.objects import Wire
from kubesim.kubectl.call import Call
from kubesim.kubectl.errors import KubectlError
from kubesim.kubectl.requests import create_built, one_name


def _entries(call: Call) -> dict[str, str]:
    found: dict[str, str] = {}
    for key, value in (*_literals(call), *_files(call), *_environment_file(call)):
        problems = names.config_map_key(key)
        if problems:
            raise KubectlError(f'"{key}" is not a valid key name: {";".join(problems)}')
        if key in found:
            raise KubectlError(f'cannot add key "{key}", another key by that name already exists')
        found[key] = value
    return found


def _literals(call: Call) -> Iterator[tuple[str, str]]:
    for text in call.flags.texts("from-literal"):
        key, equals, value = text.partition("=")
        if not equals or not key:
            raise KubectlError(f"invalid literal source {text}, expected key=value")
        yield key, value.strip("\"'") if value[:1] in ("'", '"') and value[:1] == value[-1:] else value


def _files(call: Call) -> Iterator[tuple[str, str]]:
    for text in call.flags.texts("from-file"):
        key, equals, path = text.partition("=")
        if not equals:
            key, path = "", text
        absolute = posixpath.join(call.directory, path)
        if not call.files.exists(absolute):
            raise KubectlError(f"error reading {path}: no such file or directory")
        if call.files.is_directory(absolute):
            if key:
                raise KubectlError("cannot give a key name for a directory path")
            for name in call.files.list(absolute):
                below = posixpath.join(absolute, name)
                if call.files.is_file(below) and not names.config_map_key(name):
                    yield name, call.files.read(below)
        else:
            yield key or posixpath.basename(path), call.files.read(absolute)


def _environment_file(call: Call) -> Iterator[tuple[str, str]]:
    for path in call.flags.texts("from-env-file"):
        absolute = posixpath.join(call.directory, path)
        if not call.files.exists(absolute):
            raise KubectlError(f"error reading {path}: no such file or directory")
        for line in call.files.read(absolute).splitlines():
            key, _, value = line.strip().partition("=")
            if key and not key.startswith("#"):
                yield key, value


def config_map(call: Call) -> int:
    """``kubectl create configmap``."""
    wire: Wire = {"kind": "ConfigMap", "apiVersion": "v1", "metadata": {"name": one_name(call)}}
    entries = _entries(call)
    if entries:
        wire["data"] = entries
    return create_built(call, wire, "failed to create configmap")


def secret(call: Call) -> int:
    """``kubectl create secret generic``."""
    wire: Wire = {"kind": "Secret", "apiVersion": "v1", "metadata": {"name": one_name(call)}}
    entries = _entries(call)
    if entries:
        wire["data"] = {key: base64.b64encode(value.encode()).decode() for key, value in entries.items()}
    if call.flags.text("type"):
        wire["type"] = call.flags.text("type")
    return create_built(call, wire, "failed to create secret")
