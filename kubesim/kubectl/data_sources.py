"""The data of a ConfigMap or a Secret, from literals, files, directories and files of variables.

Upstream: ``k8s.io/kubectl/pkg/util`` (``env_file.go``, ``util.go``) and ``.../pkg/cmd/create``.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from kubesim.api import names
from kubesim.kubectl.call import Call
from kubesim.kubectl.errors import KubectlError
from kubesim.kubectl.requests import one_name


def entries(call: Call, kind: str, default: str = "") -> dict[str, str]:
    """The keys and values that the flags ask for.

    :param kind: of what they are the data, for a complaint.
    :param default: the key of a file that is given without one; its own name, if empty.
    :raises KubectlError: where a source does not parse or is missing, or a key is none or comes twice.
    """
    found: dict[str, str] = {}
    for key, value in (*_literals(call), *_files(call, default), *_environment_file(call)):
        problems = names.config_map_key(key)
        if problems:
            raise KubectlError(f'"{key}" is not a valid key name: {";".join(problems)}')
        if key in found:
            where = f'in Data for {kind} "{one_name(call)}"'
            raise KubectlError(f'cannot add key "{key}", another key by that name already exists {where}')
        found[key] = value
    return found


def _literals(call: Call) -> Iterator[tuple[str, str]]:
    for text in call.flags.texts("from-literal") if call.flags.has("from-literal") else ():
        key, equals, value = text.partition("=")
        if not equals or not key:
            raise KubectlError(f"invalid literal source {text}, expected key=value")
        yield key, value.strip("\"'") if value[:1] in ("'", '"') and value[:1] == value[-1:] else value


def _files(call: Call, default: str) -> Iterator[tuple[str, str]]:
    for text in call.flags.texts("from-file"):
        key, equals, path = text.partition("=")
        if not equals:
            key, path = default, text
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
    for path in call.flags.texts("from-env-file") if call.flags.has("from-env-file") else ():
        absolute = posixpath.join(call.directory, path)
        if not call.files.exists(absolute):
            raise KubectlError(f"error reading {path}: no such file or directory")
        if call.files.is_directory(absolute):
            raise KubectlError("env config file cannot be a directory")
        for line in call.files.read(absolute).splitlines():
            key, _, value = line.strip().partition("=")
            if key and not key.startswith("#"):
                yield key, value
