"""The built-in plugins: what a kustomization's fields are short for, and what its ``transformers`` may name.

Each takes a configuration and gives a step, which changes resources; whatever it has to read it reads before the first
step acts (upstream: ``sigs.k8s.io/kustomize/api/internal/builtins``).
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any

from kubesim.api import go_yaml
from kubesim.kubectl.errors import KubectlError
from kubesim.kubectl.kustomize import patches, transformers
from kubesim.kubectl.kustomize.fields import FieldSpec
from kubesim.kubectl.kustomize.generators import generated
from kubesim.kubectl.kustomize.loader import Loader
from kubesim.kubectl.kustomize.replacements import replace_values
from kubesim.kubectl.kustomize.resource import Resource, Resources

Config = Mapping[str, Any]
Step = Callable[[Resources], object]

BUILTIN = "builtin"
"""The ``apiVersion`` of a built-in plugin's configuration."""


def _specs(config: Config) -> tuple[FieldSpec, ...]:
    given = config.get("fieldSpecs") or ()
    return tuple(each if isinstance(each, FieldSpec) else FieldSpec.of(each) for each in given)


def _labels(config: Config, loader: Loader) -> Step:
    entries, specs = config.get("labels") or {}, _specs(config)
    return lambda resources: transformers.set_entries(resources, entries, specs)


def _annotations(config: Config, loader: Loader) -> Step:
    entries, specs = config.get("annotations") or {}, _specs(config)
    return lambda resources: transformers.set_entries(resources, entries, specs)


def _namespace(config: Config, loader: Loader) -> Step:
    namespace, specs = (config.get("metadata") or {}).get("namespace") or "", _specs(config)
    subjects, unset_only = config.get("setRoleBindingSubjects") or "defaultOnly", bool(config.get("unsetOnly"))
    modes = ("defaultOnly", "none", "allServiceAccounts")
    if subjects not in modes:
        raise KubectlError(
            f'invalid value "{subjects}" for setRoleBindingSubjects: must be one of "{modes[0]}", "{modes[1]}" or '
            f'"{modes[2]}"'
        )

    def step(resources: Resources) -> None:
        if namespace:
            transformers.set_namespace(resources, namespace, specs, subjects=subjects, unset_only=unset_only)

    return step


def _prefix(config: Config, loader: Loader) -> Step:
    prefix, specs = str(config.get("prefix") or ""), _specs(config)
    return lambda resources: transformers.rename(resources, prefix, "", specs)


def _suffix(config: Config, loader: Loader) -> Step:
    suffix, specs = str(config.get("suffix") or ""), _specs(config)
    return lambda resources: transformers.rename(resources, "", suffix, specs)


def _affixes(config: Config, loader: Loader) -> Step:
    first, second = _prefix(config, loader), _suffix(config, loader)
    return lambda resources: (first(resources), second(resources))


def _image(config: Config, loader: Loader) -> Step:
    image, specs = config.get("imageTag") or {}, _specs(config)
    return lambda resources: transformers.set_image(resources, image, specs)


def _replicas(config: Config, loader: Loader) -> Step:
    replica, specs = config.get("replica") or {}, _specs(config)
    name, count = replica.get("name") or "", int(replica.get("count") or 0)
    return lambda resources: transformers.set_replicas(resources, name, count, specs)


def _patch(config: Config, loader: Loader) -> Step:
    return patches.read_patch(config, loader, go_yaml.dump(dict(config))).apply


def _merges(config: Config, loader: Loader) -> Step:
    read = patches.read_merges(config.get("paths") or (), config.get("patches") or "", loader)

    def step(resources: Resources) -> None:
        for patch in read:
            patches.merge_into(resources.only(patch.original_id), copy.deepcopy(patch))
            resources.drop_deleted()

    return step


def _json_patch(config: Config, loader: Loader) -> Step:
    chosen, operations = patches.read_json_patch(config, loader)

    def step(resources: Resources) -> None:
        for resource in [each for each in resources if chosen.takes(each)]:
            patches.operate(resource, operations)

    return step


def _replacements(config: Config, loader: Loader) -> Step:
    read = list(_read_replacements(config.get("replacements") or (), loader))

    def step(resources: Resources) -> None:
        for replacement in read:
            replace_values(resources, replacement)

    return step


def _read_replacements(entries: Iterable[Config], loader: Loader) -> Iterable[Config]:
    for entry in entries:
        if not entry.get("path"):
            yield entry
            continue
        try:
            loaded = go_yaml.load(loader.read(entry["path"]))
        except go_yaml.YamlError as error:
            raise KubectlError(str(error)) from None
        yield from loaded if isinstance(loaded, list) else [loaded or {}]


TRANSFORMERS: Mapping[str, Callable[[Config, Loader], Step]] = MappingProxyType(
    {
        "AnnotationsTransformer": _annotations,
        "ImageTagTransformer": _image,
        "LabelTransformer": _labels,
        "NamespaceTransformer": _namespace,
        "PatchJson6902Transformer": _json_patch,
        "PatchStrategicMergeTransformer": _merges,
        "PatchTransformer": _patch,
        "PrefixSuffixTransformer": _affixes,
        "PrefixTransformer": _prefix,
        "ReplacementTransformer": _replacements,
        "ReplicaCountTransformer": _replicas,
        "SuffixTransformer": _suffix,
    }
)
"""What changes resources, by its name."""


def _named(config: Config) -> Config:
    """A generator's configuration; of a plugin, name and namespace stand in its metadata."""
    metadata = config.get("metadata") or {}
    return {**{key: metadata[key] for key in ("name", "namespace") if key in metadata}, **config}


def _helm(config: Config, loader: Loader) -> Resource:
    raise KubectlError("must specify --enable-helm")


GENERATORS: Mapping[str, Callable[[Config, Loader], Resource]] = MappingProxyType(
    {
        "ConfigMapGenerator": lambda config, loader: generated("ConfigMap", _named(config), loader),
        "HelmChartInflationGenerator": _helm,
        "SecretGenerator": lambda config, loader: generated("Secret", _named(config), loader),
    }
)
"""What makes resources, by its name."""


class configuring:  # noqa: N801 - read as a word: with configuring("…", …)
    """Says of an error which plugin it comes from, and how that was configured."""

    def __init__(self, plugin: str, config: Config) -> None:
        self._plugin = plugin
        self._config = config

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, KubectlError):
            shown = go_yaml.dump({key: value for key, value in self._config.items() if key != "fieldSpecs"})
            said = f"trouble configuring builtin {self._plugin} with config: `\n{shown}`"
            raise KubectlError(f"{said}: {error}") from None
