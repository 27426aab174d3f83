"""Patches of a kustomization: strategic merges and JSON patches, for a named resource or all that a selector takes.

Upstream: ``sigs.k8s.io/kustomize/api/internal/builtins`` (PatchTransformer and its two older forms).
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kubesim.api import go_json, go_yaml
from kubesim.api.go_format import quote
from kubesim.api.json_patch import JsonPatchError, NoJsonPatchError, apply_json_patch
from kubesim.kubectl.errors import KubectlError
from kubesim.kubectl.kustomize.loader import Loader
from kubesim.kubectl.kustomize.merging import merge
from kubesim.kubectl.kustomize.reading import NotResourcesError, resources_of
from kubesim.kubectl.kustomize.resource import Resource, Resources, Selector


@dataclass(frozen=True, slots=True)
class Patch:
    """One entry of ``patches``, read.

    :param merges: its strategic merges, if it is none of the others.
    :param operations: its JSON patch.
    :param target: the selector of ``target``.
    """

    merges: Sequence[Resource]
    operations: Sequence[Any]
    target: Mapping[str, Any] | None
    source: str

    def apply(self, resources: Resources) -> None:
        """Change the resources that it is for.

        :raises KubectlError: where it fits none, or does not apply.
        """
        if self.merges:
            self._merge(resources)
        elif self.operations:
            if self.target is None:
                raise KubectlError(f"must specify a target for JSON patch {self.source}")
            chosen = Selector.of(self.target)
            for resource in [each for each in resources if chosen.takes(each)]:
                resource.remember()
                operate(resource, self.operations)

    def _merge(self, resources: Resources) -> None:
        if self.target is None:
            for patch in self.merges:
                try:
                    found = resources.only(patch.original_id)
                except KubectlError as error:
                    id = patch.original_id
                    raise KubectlError(f'no resource matches strategic merge patch "{id}": {error}') from None
                merge_into(found, patch)
            return
        if len(self.merges) > 1:
            raise KubectlError(
                "Multiple Strategic-Merge Patches in one `patches` entry is not allowed to set `patches.target` "
                f"field: {self.source}"
            )
        chosen = Selector.of(self.target)
        for resource in [each for each in resources if chosen.takes(each)]:
            patch = copy.deepcopy(self.merges[0])
            patch.wire["apiVersion"] = resource.wire.get("apiVersion")
            merge_into(resource, patch)
        resources.drop_deleted()


def merge_into(resource: Resource, patch: Resource) -> None:
    """Merge a patch into a resource; its name, its kind and its namespace stay."""
    name, namespace, kind = resource.name, resource.namespace, resource.kind
    if patch.renames or patch.retypes:
        resource.remember()
    result = merge(resource.wire, patch.wire)
    resource.wire = result or {}
    if not resource.wire:
        return
    if not patch.retypes:
        resource.wire["kind"] = kind
    if not patch.renames:
        resource.name = name
    resource.namespace = namespace


def operate(resource: Resource, operations: Sequence[Any]) -> None:
    """Apply a JSON patch to a resource."""
    try:
        resource.wire = apply_json_patch(copy.deepcopy(resource.wire), list(operations))
    except (JsonPatchError, NoJsonPatchError) as error:
        raise KubectlError(str(error)) from None


def read_patch(entry: Mapping[str, Any], loader: Loader, shown: str) -> Patch:
    """One entry of ``patches``.

    :param shown: the entry as a complaint shows it.
    :raises KubectlError: where it has no text, two, or one that is neither kind of patch.
    """
    text, path = str(entry.get("patch") or "").strip(), str(entry.get("path") or "")
    if not text and not path:
        raise KubectlError(f"must specify one of patch and path in\n{shown}")
    if text and path:
        raise KubectlError(f"patch and path can't be set at the same time\n{shown}")
    if path:
        try:
            text = loader.read(path)
        except KubectlError as error:
            raise KubectlError(f"failed to get the patch file from path({path}): {error}") from None
        source = f'[path: "{path}"]'
    else:
        source = f"[patch: {quote(text)}]"
    operations = _operations(text)
    try:
        merges = resources_of(text)
    except NotResourcesError:
        if operations is None:
            raise KubectlError(f"unable to parse SM or JSON patch from {source}") from None
        merges = []
    options = entry.get("options") or {}
    for each in merges:
        each.renames, each.retypes = bool(options.get("allowNameChange")), bool(options.get("allowKindChange"))
    return Patch(merges, operations or [], entry.get("target"), source)


def _operations(text: str) -> list[Any] | None:
    try:
        value = go_json.loads(text) if text.startswith("[") else go_yaml.load(text)
    except (go_json.JsonError, go_yaml.YamlError):
        return None
    fits = isinstance(value, list) and all(isinstance(each, dict) for each in value)
    return value if fits else None


def read_merges(entries: Sequence[str], text: str, loader: Loader) -> list[Resource]:
    """The patches of ``patchesStrategicMerge``: each a file, or the text itself.

    :param text: more patches.
    :raises KubectlError: where there is none.
    """
    if not entries and not text:
        raise KubectlError("empty file path and empty patch content")
    found: list[Resource] = []
    for entry in entries:
        try:
            found += resources_of(entry)
        except NotResourcesError:
            found += resources_of(loader.read(entry), entry)
    found += resources_of(text) if text else []
    if not found:
        raise KubectlError(f"patch appears to be empty; files=[{' '.join(entries)}], Patch={text}")
    return found


def read_json_patch(entry: Mapping[str, Any], loader: Loader) -> tuple[Selector, list[Any]]:
    """One entry of ``patchesJson6902``: whom it is for, and its operations.

    :raises KubectlError: where something is missing or does not parse.
    """
    target, path, text = entry.get("target") or {}, str(entry.get("path") or ""), str(entry.get("jsonOp") or "")
    if not target.get("name"):
        raise KubectlError("must specify the target name")
    if not path and not text:
        raise KubectlError("empty file path and empty jsonOp")
    if path and text:
        raise KubectlError("must specify a file path or jsonOp, not both")
    if path:
        text = loader.read(path)
        if not text:
            raise KubectlError(f"patch file '{path}' empty seems to be empty")
    operations = _operations(text)
    if operations is None:
        raise KubectlError(f"decoding {text}: it is no list of operations")
    if not operations:
        raise KubectlError(f"patch appears to be empty; file={path}, JsonOp={text}")
    return Selector.of(target), operations
