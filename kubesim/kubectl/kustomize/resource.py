"""Resources that are being customised: each object with the names that it had, and all of them in their order.

A reference is found by an older name, a patch by any; so each resource remembers what it was called (upstream:
``sigs.k8s.io/kustomize/api/resource`` and ``.../resmap``).
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from kubesim.api.objects import Wire
from kubesim.api.selectors import parse_label_selector
from kubesim.kubectl.errors import KubectlError

NO_NAMESPACE = "_non_namespaceable_"
"""What stands for the namespace of a kind that has none."""


_CLUSTER_SCOPED = {
    "": "ComponentStatus Namespace Node PersistentVolume",
    "admissionregistration.k8s.io": "MutatingWebhookConfiguration ValidatingWebhookConfiguration",
    "apiextensions.k8s.io": "CustomResourceDefinition",
    "apiregistration.k8s.io": "APIService",
    "certificates.k8s.io": "CertificateSigningRequest",
    "flowcontrol.apiserver.k8s.io": "FlowSchema PriorityLevelConfiguration",
    "networking.k8s.io": "IngressClass",
    "node.k8s.io": "RuntimeClass",
    "policy": "PodSecurityPolicy",
    "rbac.authorization.k8s.io": "ClusterRole ClusterRoleBinding",
    "scheduling.k8s.io": "PriorityClass",
    "storage.k8s.io": "CSIDriver CSINode StorageClass VolumeAttachment",
}
"""The kinds without namespaces in the schema that kustomize carries, which is that of Kubernetes 1.21."""


def is_cluster_scoped(group: str, version: str, kind: str) -> bool:
    """Whether kustomize knows that a kind has no namespaces."""
    return version in ("v1", "v1beta1") and kind in _CLUSTER_SCOPED.get(group, "").split()


@dataclass(frozen=True, slots=True)
class Id:
    """What a resource is known by; an empty part of a selecting one fits all."""

    group: str
    version: str
    kind: str
    name: str = ""
    namespace: str = ""

    @property
    def effective_namespace(self) -> str:
        """The namespace that counts, ``default`` where none is said."""
        if is_cluster_scoped(self.group, self.version, self.kind):
            return NO_NAMESPACE
        return self.namespace or "default"

    def same_kind(self, other: Id) -> bool:
        """Whether group, version and kind are the same."""
        return (self.group, self.version, self.kind) == (other.group, other.version, other.kind)

    def equals(self, other: Id) -> bool:
        """Whether both name the same object."""
        return (
            self.name == other.name and self.same_kind(other) and self.effective_namespace == other.effective_namespace
        )

    def is_of(self, group: str, version: str, kind: str) -> bool:
        """Whether it is of a group, version and kind, each of them only where one is said."""
        return group in ("", self.group) and version in ("", self.version) and kind in ("", self.kind)

    @property
    def kind_words(self) -> str:
        """``Deployment.v1.apps``."""
        return f"{self.kind or '[noKind]'}.{self.version or '[noVer]'}.{self.group or '[noGrp]'}"

    def __str__(self) -> str:
        return f"{self.kind_words}/{self.name or '[noName]'}.{self.namespace or '[noNs]'}"

    def go_syntax(self) -> str:
        """As Go's ``%#v`` prints it."""
        scoped = str(is_cluster_scoped(self.group, self.version, self.kind)).lower()
        kind = (
            f'resid.Gvk{{Group:"{self.group}", Version:"{self.version}", Kind:"{self.kind}", isClusterScoped:{scoped}}}'
        )
        return f'resid.ResId{{Gvk:{kind}, Name:"{self.name}", Namespace:"{self.namespace}"}}'


def parts_of(api_version: str) -> tuple[str, str]:
    """The group and the version of an ``apiVersion``."""
    group, slash, version = api_version.partition("/")
    return (group, version) if slash else ("", group)


@dataclass(slots=True)
class Resource:
    """One object on its way.

    :param wire: its wire form, which steps change in place; empty once it has been deleted.
    :param previous: names, namespaces and kinds that it had, the oldest first.
    :param prefixes: what was put before its name, the innermost first.
    :param suffixes: what was put behind its name.
    :param behavior: of a generator: ``create``, ``replace`` or ``merge``.
    :param hashed: whether its name ends with a hash of its contents.
    :param renames: whether as a patch it may change a name.
    :param retypes: whether as a patch it may change a kind.
    :param variables: the names of the ``vars`` that take their value from it.
    """

    wire: Wire
    previous: list[tuple[str, str, str]] = field(default_factory=list)
    prefixes: list[str] = field(default_factory=list)
    suffixes: list[str] = field(default_factory=list)
    behavior: str = "unspecified"
    hashed: bool = False
    renames: bool = False
    retypes: bool = False
    variables: list[str] = field(default_factory=list)

    @property
    def metadata(self) -> dict[str, Any]:
        """Its metadata; they are made where there are none."""
        found = self.wire.get("metadata")
        if not isinstance(found, dict):
            found = self.wire["metadata"] = {}
        return found

    @property
    def kind(self) -> str:
        """Its kind."""
        return str(self.wire.get("kind") or "")

    @property
    def name(self) -> str:
        """Its present name."""
        return str(self.metadata.get("name") or "")

    @name.setter
    def name(self, value: str) -> None:
        self.metadata["name"] = value

    @property
    def namespace(self) -> str:
        """Its present namespace, or ""."""
        return str(self.metadata.get("namespace") or "")

    @namespace.setter
    def namespace(self, value: str) -> None:
        if value:
            self.metadata["namespace"] = value
        else:
            self.metadata.pop("namespace", None)

    def strings(self, key: str) -> dict[str, str]:
        """Its labels or annotations."""
        return dict(self.metadata.get(key) or {})

    @property
    def id(self) -> Id:
        """What it is called now."""
        return Id(*parts_of(str(self.wire.get("apiVersion") or "")), self.kind, self.name, self.namespace)

    @property
    def previous_ids(self) -> list[Id]:
        """What it was called, the oldest first."""
        group, version = parts_of(str(self.wire.get("apiVersion") or ""))
        return [Id(group, version, kind, name, namespace) for namespace, name, kind in self.previous]

    @property
    def original_id(self) -> Id:
        """What it was called first."""
        return self.previous_ids[0] if self.previous else self.id

    def remember(self) -> None:
        """Keep what it is called now, before that changes."""
        now = self.id
        self.previous.append((now.effective_namespace, now.name, now.kind))

    def shown(self) -> Wire:
        """Its wire form with the history in annotations, where upstream keeps it."""
        columns = list(zip(*self.previous, strict=True)) or [(), (), ()]
        said = {
            "previousKinds": columns[2],
            "previousNames": columns[1],
            "previousNamespaces": columns[0],
            "prefixes": self.prefixes,
            "suffixes": self.suffixes,
        }
        notes = {f"internal.config.kubernetes.io/{key}": ",".join(each) for key, each in said.items() if each}
        metadata = {**self.metadata, "annotations": {**self.strings("annotations"), **notes}}
        return {**self.wire, "metadata": metadata}

    def shares_affixes(self, other: Resource, *, empty_fits: bool) -> bool:
        """Whether both were prefixed and suffixed alike.

        :param empty_fits: whether one without any fits every other.
        """
        return all(
            (empty_fits and (not mine or not theirs)) or _same_ending(mine, theirs)
            for mine, theirs in ((self.prefixes, other.prefixes), (self.suffixes, other.suffixes))
        )

    def take_over(self, old: Resource) -> None:
        """Be the next form of ``old``: its name, its labels and annotations below one's own, its history."""
        for key in ("labels", "annotations"):
            both = {**old.strings(key), **self.strings(key)}
            if both:
                self.metadata[key] = both
        self.hashed = self.hashed and old.hashed
        self.name, self.namespace = old.name, old.namespace
        self.previous, self.prefixes, self.suffixes = old.previous, old.prefixes, old.suffixes
        self.behavior, self.variables = old.behavior, old.variables


def _same_ending(one: Sequence[str], other: Sequence[str]) -> bool:
    length = min(len(one), len(other))
    if not length:
        return not one and not other
    return list(one[len(one) - length :]) == list(other[len(other) - length :])


Fits = Callable[[str], bool]


def _anchored(pattern: object) -> Fits:
    text = str(pattern or "")
    if not text:
        return lambda value: True
    try:
        compiled = re.compile(f"^(?:{text})$")
    except re.error:
        raise KubectlError(f"error parsing regexp: invalid expression: `{text}`") from None
    return lambda value: compiled.match(value) is not None


@dataclass(frozen=True, slots=True)
class Selector:
    """Which resources a patch or a replacement is for: patterns that must fit whole, and two label selectors.

    :raises KubectlError: by :meth:`of`, where a pattern or a selector does not parse.
    """

    group: Fits
    version: Fits
    kind: Fits
    name: Fits
    namespace: Fits
    labels: str
    annotations: str
    given: bool

    @classmethod
    def of(cls, target: Mapping[str, Any]) -> Selector:
        """The selector that a kustomization file describes."""
        keys = ("group", "version", "kind", "name", "namespace")
        group, version, kind, name, namespace = (_anchored(target.get(key)) for key in keys)
        labels, annotations = (str(target.get(f"{key}Selector") or "") for key in ("label", "annotation"))
        given = any(target.get(key) for key in keys)
        return cls(group, version, kind, name, namespace, labels, annotations, given)

    def takes_id(self, id: Id, namespace: str) -> bool:
        """Whether a name fits, in a namespace."""
        kind_fits = self.group(id.group) and self.version(id.version) and self.kind(id.kind)
        return kind_fits and self.name(id.name) and self.namespace(namespace)

    def takes_strings(self, resource: Resource) -> bool:
        """Whether labels and annotations fit."""
        return _matches(self.labels, resource.strings("labels")) and _matches(
            self.annotations, resource.strings("annotations")
        )

    def takes(self, resource: Resource) -> bool:
        """Whether a resource fits by its present or its first name."""
        now, first = resource.id, resource.original_id
        return (
            (self.namespace(first.effective_namespace) or self.namespace(now.effective_namespace))
            and (self.name(first.name) or self.name(now.name))
            and self.group(now.group)
            and self.version(now.version)
            and self.kind(now.kind)
            and self.takes_strings(resource)
        )


def _matches(selector: str, values: Mapping[str, str]) -> bool:
    if not selector:
        return True
    try:
        return parse_label_selector(selector).matches(dict(values))
    except ValueError as error:
        raise KubectlError(str(error)) from None


class Resources:
    """Resources in the order in which they came."""

    def __init__(self, items: Iterable[Resource] = ()) -> None:
        self.items = list(items)

    def __iter__(self) -> Iterator[Resource]:
        return iter(self.items)

    def append(self, resource: Resource) -> None:
        """Add a resource.

        :raises KubectlError: where another is called the same.
        """
        id = resource.id
        if any(each.id.equals(id) for each in self.items):
            raise KubectlError(f"may not add resource with an already registered id: {id}")
        self.items.append(resource)

    def known_as(self, fits: Callable[[Id], bool]) -> list[Resource]:
        """The resources of which one name fits, present or older."""
        return [each for each in self.items if each.wire and any(map(fits, (*each.previous_ids, each.id)))]

    def only(self, id: Id) -> Resource:
        """The one resource that is or was called so.

        :raises KubectlError: where there is none, or more than one.
        """
        found = self.known_as(id.equals)
        if len(found) == 1:
            return found[0]
        what = "multiple matches for" if found else "no matches for"
        raise KubectlError(f"{what} Id {id}; failed to find unique target for patch {id}")

    def absorb(self, generated: Resource) -> None:
        """Add what a generator made, or put it into the place of what is there.

        :raises KubectlError: where its behaviour does not fit.
        """
        id = generated.id
        found = self.known_as(id.equals)
        if not found:
            if generated.behavior in ("merge", "replace"):
                raise KubectlError(f"id {id.go_syntax()} does not exist; cannot merge or replace")
            self.append(generated)
            return
        if len(found) > 1:
            raise KubectlError(f"found multiple objects that could accept merge of {id}")
        old = found[0]
        if generated.behavior not in ("merge", "replace"):
            raise KubectlError(
                f"id {id.go_syntax()} exists; can not use behavior: '{generated.behavior}', behavior must be merge or "
                "replace"
            )
        merging = generated.behavior == "merge"
        generated.take_over(old)
        if merging:
            for key in ("data", "binaryData"):
                both = {**(old.wire.get(key) or {}), **(generated.wire.get(key) or {})}
                if both:
                    generated.wire[key] = both
        self.items[self.items.index(old)] = generated

    def drop_deleted(self) -> None:
        """Forget what a patch has deleted."""
        self.items = [each for each in self.items if each.wire]

    def copy(self) -> Resources:
        """The same resources, to be changed apart."""
        return Resources(copy.deepcopy(self.items))
