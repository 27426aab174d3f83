"""Manifests: from ``-f`` arguments to the objects in them, in order.

A file may hold several YAML documents or JSON values; the good ones before a bad one are still acted on, as kubectl
streams them. What is refused here is refused before the server is asked: a path that is missing, text that does not
parse, a document that is no object, a kind that no server knows.

Upstream: ``k8s.io/cli-runtime/pkg/resource`` (FileVisitor, StreamVisitor) and kubectl's client-side validation.
"""

from __future__ import annotations

import fnmatch
import posixpath
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from kubesim.api import go_json, go_yaml
from kubesim.api.objects import Wire
from kubesim.api.resources import ResourceType, kind_type
from kubesim.api.schema import metadata_error
from kubesim.api.schema.decoder import json_kind
from kubesim.kubectl.errors import Aggregate, KubectlError, UnreachableError, raise_all
from kubesim.kubectl.urls import split_host, url_problem
from kubesim.userland.filesystem import FileSystem

EXTENSIONS = (".json", ".yaml", ".yml")
"""The files of a directory that are read."""

_URL = re.compile(r"https?://")
_GROUP_VERSION = re.compile(r"[^/]*(/[^/]*)?")


@dataclass(slots=True)
class Info:
    """One object that a command acts on.

    :param type: its kind.
    :param object: its wire form, where it is known: from a manifest, or from the server.
    :param source: the manifest it came from, as typed; "" when it was named on the command line.
    """

    type: ResourceType
    namespace: str
    name: str
    object: Wire | None = None
    source: str = ""

    @property
    def label(self) -> str:
        """``pod/x`` or ``deployment.apps/x``."""
        return f"{self.type.qualified_singular}/{self.name}"


@dataclass(frozen=True, slots=True)
class Source:
    """One file to read, or standard input."""

    shown: str
    path: str


def sources(
    paths: Sequence[str], files: FileSystem, directory: str, *, recursive: bool = False, resolver: str = "127.0.0.53"
) -> list[Source]:
    """The files that ``-f`` arguments name: directories and patterns are expanded, in the order of names.

    :param resolver: the name server that is asked for the host of a URL.
    :raises KubectlError: where a path does not exist, or a directory holds nothing to read.
    """
    found: list[Source] = []
    errors: list[Exception] = []
    for path in paths:
        try:
            if path == "-":
                found.append(Source("STDIN", "-"))
            elif _URL.match(path):
                problem = url_problem(path)
                if problem:
                    raise KubectlError(f'the URL passed to filename "{path}" is not valid: parse "{path}": {problem}')
                host = split_host(re.split("[/?#]", path.partition("://")[2], maxsplit=1)[0].rpartition("@")[2])[0]
                if not host:
                    raise UnreachableError("Unable to connect to the server: http: no Host in request URL")
                raise UnreachableError(
                    f"Unable to connect to the server: dial tcp: lookup {host} on {resolver}:53: no such host"
                )
            else:
                for match in _matches(path, files, directory):
                    found.extend(_expand(match, files, directory, recursive=recursive))
        except (KubectlError, Aggregate) as error:
            errors.append(error)
    raise_all(errors)
    return found


def _matches(path: str, files: FileSystem, directory: str) -> list[str]:
    absolute = posixpath.join(directory, path)
    if files.exists(absolute):
        return [path]
    parent, pattern = posixpath.split(absolute)
    if any(c in pattern for c in "*?[") and files.is_directory(parent):
        head = posixpath.split(path)[0]
        names = [name for name in files.list(parent) if fnmatch.fnmatchcase(name, pattern)]
        if names:
            return [posixpath.join(head, name) for name in names]
    raise KubectlError(f'the path "{path}" does not exist')


def _expand(path: str, files: FileSystem, directory: str, *, recursive: bool) -> list[Source]:
    if not files.is_directory(posixpath.join(directory, path)):
        return [Source(path, posixpath.join(directory, path))]
    found = [Source(name, posixpath.join(directory, name)) for name in _walk(path, files, directory, recursive)]
    if not found:
        raise KubectlError(f"error reading [{path}]: recognized file extensions are [{' '.join(EXTENSIONS)}]")
    return found


def _walk(path: str, files: FileSystem, directory: str, recursive: bool) -> Iterator[str]:
    for name in files.list(posixpath.join(directory, path)):
        below = posixpath.join(path, name)
        if files.is_directory(posixpath.join(directory, below)):
            if recursive:
                yield from _walk(below, files, directory, recursive)
        elif name.endswith(EXTENSIONS):
            yield below


def infos(source: Source, text: str, *, validate: bool = True) -> Iterator[Info | Exception]:
    """The objects of one file, in order, with the errors where they stand.

    :param validate: whether kubectl's own checks are made (``--validate`` is not ``ignore``).
    :returns: objects; a :class:`KubectlError` stands for a document left out, and comes last for a syntax error.
    """
    try:
        documents, problem = go_yaml.load_all(text), None
    except go_yaml.YamlError as error:
        documents, problem = list(error.documents), error
    for document in documents:
        if document is None:
            continue
        refusal = _object_problem(document) if validate else ""
        if refusal:
            yield KubectlError(
                f'error validating "{source.shown}": error validating data: {refusal}; if you choose to ignore these '
                "errors, turn validation off with --validate=false"
            )
            return
        yield from _decode(document, source.shown)
    if problem is not None:
        out_of_range = str(problem).startswith("json: cannot unmarshal number")
        doing = f'unable to decode "{source.shown}"' if out_of_range else f"error parsing {source.shown}"
        yield KubectlError(f"{doing}: {problem}")


def _object_problem(document: Any) -> str:
    """What kubectl's own validation says of a document, or ""."""
    if not isinstance(document, dict):
        return "invalid object to validate"
    problems: list[str] = []
    version = document.get("apiVersion")
    if version is None:
        problems.append("apiVersion not set")
    elif not isinstance(version, str):
        problems.append("apiVersion isn't string type")
    elif not _GROUP_VERSION.fullmatch(version):
        problems.append(f"unexpected GroupVersion string: {version}")
    kind = document.get("kind")
    if kind is None:
        problems.append("kind not set")
    elif not isinstance(kind, str):
        problems.append("kind isn't string type")
    return problems[0] if len(problems) == 1 else f"[{', '.join(problems)}]" if problems else ""


def _decode(document: Any, source: str) -> Iterator[Info | Exception]:
    if not isinstance(document, dict):
        yield KubectlError(
            f'unable to decode "{source}": json: cannot unmarshal {json_kind(document)} into Go value of type '
            "unstructured.detector"
        )
        return
    kind, version = document.get("kind"), document.get("apiVersion", "")
    if not isinstance(kind, str) or not kind or not isinstance(version, str) or not _GROUP_VERSION.fullmatch(version):
        raw = go_json.dumps(document, None)
        yield KubectlError(f"unable to decode \"{source}\": Object 'Kind' is missing in '{raw}'")
        return
    if kind == "List" or (kind.endswith("List") and "items" in document):
        items = document.get("items")
        if not isinstance(items, list | None):
            yield KubectlError(
                f'unable to decode "{source}": json: cannot unmarshal {json_kind(items)} into Go struct field '
                "decodeList.items of type []json.RawMessage"
            )
            return
        for item in items or []:
            yield from _decode(item, source)
        return
    problem = metadata_error(document)
    if problem:
        yield KubectlError(f'unable to decode "{source}": {problem}')
        return
    metadata = document.get("metadata") or {}
    found = kind_type(version, kind)
    if found is None and not version and (preferred := kind_type("v1", kind)) is not None:
        # The mapper finds the kind, but the request then goes to a path of the API without a version.
        found = replace(preferred, version="")
    if found is None:
        yield KubectlError(
            f'resource mapping not found for name: "{metadata.get("name") or ""}" namespace: '
            f'"{metadata.get("namespace") or ""}" from "{source}": no matches for kind "{kind}" in version '
            f'"{version}"\n'
            "ensure CRDs are installed first"
        )
        return
    namespace = metadata.get("namespace") or ""
    yield Info(found, namespace if found.namespaced else "", metadata.get("name") or "", document, source)
