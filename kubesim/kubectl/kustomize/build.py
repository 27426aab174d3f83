"""Building a kustomization: what it takes in, what it makes, and the steps that change all of it, in their order.

A directory's own resources come first, then what its generators make, then its components, which act on all that is
there; a base is built before it is taken in. Hashes, references and ``vars`` come last, once for all (upstream:
``sigs.k8s.io/kustomize/api/internal/target``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from kubesim.api import go_yaml
from kubesim.api.go_format import sprint
from kubesim.api.objects import Wire
from kubesim.kubectl.errors import KubectlError
from kubesim.kubectl.kustomize.defaults import KEYS, Configuration, configuration
from kubesim.kubectl.kustomize.fields import FieldSpec, merged
from kubesim.kubectl.kustomize.generators import name_suffix, with_options
from kubesim.kubectl.kustomize.kustomization import read_kustomization
from kubesim.kubectl.kustomize.loader import Loader
from kubesim.kubectl.kustomize.ordering import in_order
from kubesim.kubectl.kustomize.plugins import BUILTIN, GENERATORS, TRANSFORMERS, Step, configuring
from kubesim.kubectl.kustomize.reading import NotResourcesError, resources_of
from kubesim.kubectl.kustomize.references import fix_references
from kubesim.kubectl.kustomize.replacements import note_variables, put_variables
from kubesim.kubectl.kustomize.resource import Resource, Resources
from kubesim.userland.filesystem import FileSystem

LOCAL = "config.kubernetes.io/local-config"
"""The annotation of resources that are not for the cluster."""

Complain = Callable[[str], object]
_Plugin = TypeVar("_Plugin")


def build(
    path: str,
    files: FileSystem,
    directory: str,
    complain: Complain,
    *,
    log: Complain = lambda words: None,
    resolver: str = "127.0.0.53",
    unrestricted: bool = False,
) -> list[Wire]:
    """The objects of a kustomization directory, in the order in which they are printed and applied.

    :param complain: is told what goes to standard error.
    :param log: is told what is logged.
    :param resolver: the name server that is asked for the host of a URL.
    :param unrestricted: whether files outside a kustomization's directory may be read.
    :raises KubectlError: with kustomize's words.
    """
    start = Loader(files, directory, (), resolver, unrestricted)
    root = start.directory(path, path)
    target = _Target.at(Loader(files, root, (), resolver, unrestricted), complain)
    target.accumulate()
    resources = target.resources
    for resource in resources:
        if resource.hashed:
            suffix = name_suffix(resource.wire)
            resource.remember()
            resource.name = f"{resource.name}-{suffix}"
    fix_references(resources, target.configuration.references)
    unused = put_variables(resources, target.variables, target.configuration.variables)
    if unused:
        log(f"well-defined vars that were never replaced: {','.join(unused)}")
    kept = [each for each in resources if each.strings("annotations").get(LOCAL, "false") == "false"]
    ordered = in_order(kept, target.read.get("sortOptions"))
    return [_finished(each.wire) for each in ordered]


def _finished(wire: Wire) -> Wire:
    """An object as it is printed: annotations, which were written anew on the way, are texts."""
    annotations = wire["metadata"].get("annotations")
    if annotations:
        wire["metadata"]["annotations"] = {
            key: "" if value is None else sprint(value) for key, value in annotations.items()
        }
    return wire


class _Target:
    """One kustomization directory.

    :param read: what its kustomization says.
    :param resources: all that has been taken in; of a component, what its parent has too.
    """

    def __init__(self, loader: Loader, complain: Complain, read: dict[str, Any], resources: Resources) -> None:
        self._loader = loader
        self._complain = complain
        self.read = read
        self.resources = resources
        self.configuration: Configuration = configuration()
        self.variables: list[Mapping[str, Any]] = []
        self.extras: list[dict[str, Any]] = []
        """What files of ``configurations`` add, one's own and those of bases."""

    @classmethod
    def at(cls, loader: Loader, complain: Complain, resources: Resources | None = None) -> _Target:
        """The kustomization of a directory.

        :raises KubectlError: where there is none, or it uses what is not simulated.
        """
        read = read_kustomization(loader, complain)
        for key in ("validators", "crds", "openapi", "buildMetadata"):
            if read.get(key):
                raise KubectlError(
                    f"the field '{key}' of the kustomization in {loader.root} is not simulated here: build it with a "
                    "real kustomize, and give the result with -f"
                )
        return cls(loader, complain, read, resources or Resources())

    def accumulate(self) -> None:
        """Take in, make and change everything.

        :raises KubectlError: where something does not go.
        """
        read = self.read
        with _doing("accumulating resources"):
            for path in read["resources"]:
                self.take_in(path)
        self._configure()
        self._generate()
        with _doing("accumulating components"):
            for path in read.get("components") or ():
                self._add_component(path)
        self._transform()
        variables = read.get("vars") or []
        note_variables(self.resources, variables)
        self._add_variables(variables)

    def _add_variables(self, variables: Iterable[Mapping[str, Any]]) -> None:
        for variable in variables:
            if any(each.get("name") == variable.get("name") for each in self.variables):
                raise KubectlError(f"var '{variable.get('name')}' already encountered")
            self.variables.append(variable)

    def take_in(self, path: str) -> None:
        """A file of resources, or a directory with another kustomization."""
        try:
            with _doing(f"accumulating resources from '{path}'"):
                found = resources_of(self._loader.read(path), path)
            with _doing(f"merging resources from '{path}'"):
                for resource in found:
                    self.resources.append(resource)
        except KubectlError as problem:
            try:
                below = self._loader.below(path)
            except KubectlError as error:
                if "MalformedYAMLError" in str(problem):
                    raise problem from None
                raise KubectlError(f"accumulation err='{problem}': {error}") from None
            with _doing(f"accumulation err='{problem}'"):
                self._add_base(below)

    def _add_base(self, loader: Loader) -> None:
        target = self._target(loader)
        if target.read.get("kind") == "Component":
            raise KubectlError(f"expected kind != 'Component' for path '{loader.root}'")
        with _doing(f"recursed accumulation of path '{loader.root}'"):
            target.accumulate()
        with _doing(f"recursed merging from path '{loader.root}'"):
            for resource in target.resources:
                self.resources.append(resource)
            self._inherit(target)

    def _inherit(self, target: _Target) -> None:
        """Act where a base's ``configurations`` say too, and know its ``vars``."""
        for extra in target.extras:
            self.configuration = self.configuration.with_more(extra)
            self.extras.append(extra)
        self._add_variables(target.variables)

    def _add_component(self, path: str) -> None:
        try:
            loader = self._loader.below(path)
        except KubectlError as error:
            raise KubectlError(f'loader.New "{error}"') from None
        try:
            target = self._target(loader, self.resources)
            kind = target.read.get("kind") or "Kustomization"
            if kind != "Component":
                raise KubectlError(f"expected kind 'Component' for path '{loader.root}' but got '{kind}'")
            with _doing(f"recursed accumulation of path '{loader.root}'"):
                target.accumulate()
            self.resources = target.resources
            self._inherit(target)
        except KubectlError as error:
            raise KubectlError(f'accumulateDirectory: "{error}"') from None

    def _target(self, loader: Loader, resources: Resources | None = None) -> _Target:
        with _doing(f"couldn't make target for path '{loader.root}'"):
            return _Target.at(loader, self._complain, resources)

    def _configure(self) -> None:
        for path in self.read.get("configurations") or ():
            try:
                extra = go_yaml.load(self._loader.read(path)) or {}
            except go_yaml.YamlError as error:
                raise KubectlError(str(error)) from None
            unknown = next((key for key in extra if key not in KEYS), None)
            if unknown is not None:
                raise KubectlError(f'error unmarshaling JSON: while decoding JSON: json: unknown field "{unknown}"')
            self.configuration = self.configuration.with_more(extra)
            self.extras.append(extra)

    def _generate(self) -> None:
        read, options = self.read, self.read.get("generatorOptions")
        made = [
            self._make(plugin, with_options(entry, options))
            for plugin, key in (("ConfigMapGenerator", "configMapGenerator"), ("SecretGenerator", "secretGenerator"))
            for entry in read.get(key) or ()
        ]
        for chart in (*(read.get("helmCharts") or ()), *(read.get("helmChartInflationGenerator") or ())):
            self._make("HelmChartInflationGenerator", chart)
        for plugin in self._plugins(read.get("generators") or ()):
            with _doing("loading generator plugins: failed to load generator"):
                made.append(self._named(GENERATORS, plugin)(plugin.wire, self._loader))
        for resource in made:
            try:
                self.resources.absorb(resource)
            except KubectlError as error:
                raise KubectlError(f"merging from generator {resource.id}: {error}") from None

    def _make(self, plugin: str, config: Mapping[str, Any]) -> Resource:
        if plugin == "HelmChartInflationGenerator":
            with configuring(plugin, config):
                return GENERATORS[plugin](config, self._loader)
        return GENERATORS[plugin](config, self._loader)

    def _transform(self) -> None:
        """All the steps, in upstream's order; every patch is read before the first step acts."""
        steps: list[Step] = []
        for plugin, config in self._configurations_of_steps():
            with configuring(plugin, config):
                steps.append(TRANSFORMERS[plugin](config, self._loader))
        steps += [
            self._named(TRANSFORMERS, plugin)(plugin.wire, self._loader)
            for plugin in self._plugins(self.read.get("transformers") or ())
        ]
        for step in steps:
            step(self.resources)
            self.resources.drop_deleted()

    def _configurations_of_steps(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """What the kustomization's fields are short for."""
        read, where = self.read, self.configuration
        if read.get("patchesStrategicMerge"):
            yield "PatchStrategicMergeTransformer", {"paths": read["patchesStrategicMerge"]}
        for entry in read.get("patches") or ():
            yield "PatchTransformer", entry
        if read.get("namespace"):
            yield (
                "NamespaceTransformer",
                {"metadata": {"namespace": read["namespace"]}, "fieldSpecs": where.namespace},
            )
        if read.get("namePrefix"):
            yield "PrefixTransformer", {"prefix": read["namePrefix"], "fieldSpecs": where.prefix}
        if read.get("nameSuffix"):
            yield "SuffixTransformer", {"suffix": read["nameSuffix"], "fieldSpecs": where.suffix}
        for label in read.get("labels") or ():
            yield "LabelTransformer", {"labels": label.get("pairs"), "fieldSpecs": self._label_fields(label)}
        yield "LabelTransformer", {"labels": read.get("commonLabels"), "fieldSpecs": where.common_labels}
        annotations = read.get("commonAnnotations")
        yield "AnnotationsTransformer", {"annotations": annotations, "fieldSpecs": where.annotations}
        for entry in read.get("patchesJson6902") or ():
            texts = {"jsonOp": entry.get("patch"), "path": entry.get("path"), "target": entry.get("target")}
            yield "PatchJson6902Transformer", {key: value for key, value in texts.items() if value}
        for entry in read.get("replicas") or ():
            yield "ReplicaCountTransformer", {"replica": entry, "fieldSpecs": where.replicas}
        for image in read["images"]:
            yield "ImageTagTransformer", {"imageTag": image, "fieldSpecs": where.images}
        if read.get("replacements"):
            yield "ReplacementTransformer", {"replacements": read["replacements"]}

    def _plugins(self, entries: Iterable[str]) -> Resources:
        """The configurations that ``generators`` or ``transformers`` hold or name."""
        found = _Target(self._loader, self._complain, {}, Resources())
        for entry in entries:
            try:
                inline = resources_of(entry)
            except NotResourcesError:
                found.take_in(entry)
                continue
            for resource in inline:
                found.resources.append(resource)
        return found.resources

    def _named(self, known: Mapping[str, _Plugin], plugin: Resource) -> _Plugin:
        if plugin.wire.get("apiVersion") != BUILTIN:
            raise KubectlError(f"external plugins disabled; unable to load external plugin '{plugin.kind}'")
        if plugin.kind not in known:
            raise KubectlError(f"unable to load builtin {plugin.id.kind_words}")
        return known[plugin.kind]

    def _label_fields(self, label: Mapping[str, Any]) -> Sequence[FieldSpec]:
        where = self.configuration
        with _doing("failed to merge labels"):
            fields = merged([FieldSpec.of(each) for each in label.get("fields") or ()], where.labels)
            if label.get("includeSelectors"):
                return merged(fields, where.common_labels)
            if label.get("includeTemplates"):
                fields = merged(fields, where.template_labels)
            return merged(fields, [FieldSpec("metadata/labels", create=True)])


class _doing:  # noqa: N801 - read as a word: with _doing("…")
    """Puts what was being done before the words of an error."""

    def __init__(self, what: str) -> None:
        self._what = what

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, KubectlError):
            raise type(error)(f"{self._what}: {error}") from None
