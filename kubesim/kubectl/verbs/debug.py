"""``kubectl debug``: a container for debugging in a Pod that runs, in a copy of it, or in the namespaces of a node.

What a profile changes of the new container is upstream's. Upstream: ``k8s.io/kubectl/pkg/cmd/debug``.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from kubesim.api import go_json, go_yaml
from kubesim.api.errors import ApiError
from kubesim.api.metadata import random_suffix
from kubesim.api.objects import Wire
from kubesim.kubectl import generators
from kubesim.kubectl.call import Call
from kubesim.kubectl.debug_profiles import PROFILES, Style, apply_profile
from kubesim.kubectl.errors import KubectlError
from kubesim.kubectl.manifests import Info
from kubesim.kubectl.mapper import resource_type
from kubesim.kubectl.pods import container_spec, status_of
from kubesim.kubectl.resource_arguments import select
from kubesim.kubectl.verbs.attach import be_at
from kubesim.kubectl.watching import wait_until

_PULL_POLICIES = ("", "Always", "IfNotPresent", "Never")
_NOT_CUSTOM = ("name", "command", "image", "lifecycle", "volumeDevices")
NON_ROOT = (
    "Warning: Non-root user is configured for the entire target Pod, and some capabilities granted by debug profile "
    'may not work. Please consider using "--custom" with a custom profile that specifies '
    '"securityContext.runAsUser: 0".'
)
LEGACY = (
    "--profile=legacy is deprecated and planned to be removed in v1.39. It is recommended to specify other profile, "
    'for example "--profile=general".'
)


def debug(call: Call) -> int:
    """Add the container, and be at it where that was asked for."""
    dash = call.dash
    names = call.arguments[:dash] if dash >= 0 else call.arguments
    command = call.arguments[dash:] if dash >= 0 else ()
    session = _Session(call, names, command)
    words = [name if "/" in name else f"pods/{name}" for name in names]
    select(call, words).visit(session.act)
    return 0


class _Session:
    """One invocation: what was asked for, and what comes of it.

    :raises KubectlError: where the flags do not go together.
    """

    def __init__(self, call: Call, names: tuple[str, ...], command: tuple[str, ...]) -> None:
        flags = call.flags
        self._call = call
        self._command = list(command)
        self._image = flags.text("image")
        self._copy_to = flags.text("copy-to")
        self._images = dict(pair.partition("=")[::2] for pair in flags.texts("set-image"))
        self._attach = flags.on("attach") if flags.changed("attach") else flags.on("attach") or flags.on("stdin")
        self._quiet = flags.on("quiet")
        self._profile = flags.text("profile")
        if self._profile not in PROFILES:
            raise KubectlError(f"unknown profile: {self._profile}")
        self._custom = self._read_custom()
        self._check(names)
        if self._profile == "legacy":
            call.complain(LEGACY)

    def _read_custom(self) -> Wire | None:
        path = self._call.flags.text("custom")
        if not path:
            return None
        text = self._call.read(path, "must pass a container spec json file for custom profile: ")
        try:
            read = go_yaml.load(text)
        except go_yaml.YamlError as error:
            raise KubectlError(f"{path} does not contain a valid container spec: {error}") from None
        return read if isinstance(read, dict) else {}

    def _check(self, names: tuple[str, ...]) -> None:
        flags = self._call.flags
        if self._attach and flags.changed("attach") and not self._image and not flags.text("container"):
            raise KubectlError(
                "you must specify --container or create a new container using --image in order to attach."
            )
        if self._copy_to:
            if not (self._image or self._images or self._command):
                raise KubectlError("you must specify --image, --set-image or command arguments.")
            if self._command and not flags.text("container") and not self._image:
                raise KubectlError("you must specify an existing container or a new image when specifying args.")
        else:
            for flag in ("replace", "same-node", "set-image"):
                if flags.texts("set-image") if flag == "set-image" else flags.on(flag):
                    raise KubectlError(f"--{flag} may only be used with --copy-to.")
            if not self._image:
                raise KubectlError("you must specify --image when not using --copy-to.")
        if self._image and generators.image_problem(self._image):
            raise KubectlError(f'invalid image name "{self._image}": invalid reference format')
        if not names and not flags.texts("filename"):
            raise KubectlError("NAME or filename is required for debug")
        if flags.text("image-pull-policy") not in _PULL_POLICIES:
            raise KubectlError(f"invalid image pull policy: {flags.text('image-pull-policy')}")
        for name, image in self._images.items():
            if generators.image_problem(image):
                raise KubectlError(f'invalid image name "{image}" for container "{name}": invalid reference format')
        self._check_target()
        if flags.on("tty") and not flags.on("stdin"):
            raise KubectlError("-i/--stdin is required for containers with -t/--tty=true")
        if self._custom and any(self._custom.get(field) for field in _NOT_CUSTOM):
            raise KubectlError(
                "name, command, image, lifecycle and volume devices are not modifiable via custom profile"
            )

    def _check_target(self) -> None:
        target = self._call.flags.text("target")
        if not target:
            return
        if self._copy_to:
            raise KubectlError("--target is incompatible with --copy-to. Use --share-processes instead.")
        if not self._quiet:
            self._call.say(
                f'Targeting container "{target}". If you don\'t see processes from this container it may be because '
                "the container runtime doesn't support this feature."
            )

    def act(self, info: Info) -> None:
        """Debug one Pod or node."""
        wire = info.object or {}
        if info.type.kind == "Node":
            pod, container = self._at_node(wire)
        elif info.type.kind != "Pod":
            kind = info.type
            raise KubectlError(f'"{kind.group}/{kind.version}, Kind={kind.kind}" not supported by debug')
        elif self._copy_to:
            pod, container = self._by_copy(wire)
        else:
            pod, container = self._in_pod(wire)
        if self._attach and container:
            self._be_at(pod, container)

    # --- what is made --------------------------------------------------------------------------------------------

    def _container(self, name: str) -> Wire:
        flags = self._call.flags
        wire = generators.what_is_set(
            {
                "name": name,
                "image": self._image,
                "args" if flags.on("arguments-only") else "command": self._command,
                "env": [{"name": key, "value": value} for key, value in self._environment().items()],
                "imagePullPolicy": flags.text("image-pull-policy"),
                "stdin": flags.on("stdin"),
                "tty": flags.on("tty"),
            }
        )
        return {**wire, "terminationMessagePolicy": "File", "resources": {}}

    def _environment(self) -> dict[str, str]:
        return dict(sorted(pair.partition("=")[::2] for pair in self._call.flags.texts("env")))

    def _name(self, pod: Wire) -> str:
        """The name of the new container: the one given, or one by chance."""
        if given := self._call.flags.text("container"):
            return given
        random = self._call.simulation.random("kubectl/debug")
        name = ""
        while not name or container_spec(pod, name) is not None:
            name = f"debugger-{random_suffix(random)}"
        if not self._quiet:
            self._call.say(f"Defaulting debug container name to {name}.")
        return name

    def _in_pod(self, pod: Wire) -> tuple[Wire, str]:
        name = self._name(pod)
        changed = copy.deepcopy(pod)
        container = self._container(name)
        if self._call.flags.text("target"):
            container["targetContainerName"] = self._call.flags.text("target")
        changed["spec"].setdefault("ephemeralContainers", []).append(container)
        self._shape(changed, container, Style.EPHEMERAL)
        metadata = pod["metadata"]
        order = [{"name": each["name"]} for each in changed["spec"]["ephemeralContainers"]]
        patch = {"spec": {"$setElementOrder/ephemeralContainers": order, "ephemeralContainers": [container]}}
        kind = resource_type("pods")
        answer = self._call.api.patch(
            kind, metadata["name"], metadata["namespace"], patch, kind="strategic", subresource="ephemeralcontainers"
        )
        return answer, name

    def _by_copy(self, pod: Wire) -> tuple[Wire, str]:
        flags, metadata = self._call.flags, pod["metadata"]
        kept = {key: copy.deepcopy(metadata[key]) for key in ("annotations", "labels") if key in metadata}
        made: Wire = {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": self._copy_to, "namespace": metadata["namespace"], **kept},
            "spec": copy.deepcopy(pod["spec"]),
        }
        spec = made["spec"]
        spec.pop("ephemeralContainers", None)
        if flags.changed("share-processes"):
            spec["shareProcessNamespace"] = flags.on("share-processes")
        if not flags.on("same-node"):
            spec.pop("nodeName", None)
        for container in spec["containers"]:
            container["image"] = self._images.get(container["name"]) or self._images.get("*") or container["image"]
        name = self._change_copy(made)
        self._call.api.create(made, metadata["namespace"])
        created = self._call.api.get(resource_type("pods"), self._copy_to, metadata["namespace"])
        if flags.on("replace"):
            self._call.api.delete(resource_type("pods"), metadata["name"], metadata["namespace"], 0)
        return created, name

    def _change_copy(self, made: Wire) -> str:
        """Add the container to the copy, or change the one that is named; returns its name, or "" for none."""
        flags, given = self._call.flags, self._call.flags.text("container")
        found = container_spec(made, given) if given else None
        if found is None:
            if not self._image:
                if self._images:
                    return ""
                raise KubectlError("you must specify image when creating new container")
            found = {"name": given or self._name(made), "terminationMessagePolicy": "File", "resources": {}}
            made["spec"]["containers"].append(found)
        asked = self._container(found["name"])
        if self._command:
            found.pop("args", None)
        for field in ("stdin", "tty"):
            found.pop(field, None)
        for field in ("args", "command", "env", "image", "imagePullPolicy", "stdin", "tty"):
            if field in asked:
                found[field] = asked[field]
        keep = {part for part in _KEPT if flags.on(f"keep-{part}")}
        self._shape(made, found, Style.COPY, keep)
        return str(found["name"])

    def _at_node(self, node: Wire) -> tuple[Wire, str]:
        name = node["metadata"]["name"]
        container = self._container(self._call.flags.text("container") or "debugger")
        suffix = random_suffix(self._call.simulation.random("kubectl/debug"))
        pod: Wire = {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {
                "name": f"node-debugger-{name}-{suffix}",
                "labels": {"app.kubernetes.io/managed-by": "kubectl-debug"},
            },
            "spec": {
                "containers": [container],
                "nodeName": name,
                "restartPolicy": "Never",
                "tolerations": [{"operator": "Exists"}],
            },
        }
        if not self._quiet:
            self._call.say(
                f"Creating debugging pod {pod['metadata']['name']} with container {container['name']} on node {name}."
            )
        self._shape(pod, container, Style.NODE)
        return self._call.api.create(pod, self._call.namespace), container["name"]

    def _shape(self, pod: Wire, container: Wire, style: Style, keep: set[str] | None = None) -> None:
        """Apply the profile and the custom one; warn where neither helps somebody who is not root."""
        apply_profile(self._profile, pod, container, style, keep or set())
        if self._custom:
            _merge_custom(container, self._custom)
        user = (pod["spec"].get("securityContext") or {}).get("runAsUser")
        own = container.get("securityContext") or {}
        granted = own.get("privileged") or (own.get("capabilities") or {}).get("add")
        if style is not Style.NODE and user and own.get("runAsUser") != 0 and granted:
            self._call.complain(NON_ROOT)

    # --- being there ---------------------------------------------------------------------------------------------

    def _be_at(self, pod: Wire, container: str) -> None:
        call, (name, namespace) = self._call, (pod["metadata"]["name"], pod["metadata"]["namespace"])
        said: set[str] = set()

        def started() -> bool:
            now = call.api.get(resource_type("pods"), name, namespace)
            state = status_of(now, container).get("state") or {}
            message = (state.get("waiting") or {}).get("message", "")
            if message and message not in said and not self._quiet:
                said.add(message)
                call.complain(f"Warning: container {container}: {message}")
            return "running" in state or "terminated" in state

        wait_until(call, started, None)
        now = call.api.get(resource_type("pods"), name, namespace)
        if "terminated" in (status_of(now, container).get("state") or {}):
            call.stdout.extend(line.text for line in call.api.log(now, container))
            return
        try:
            be_at(call, now, container)
        except ApiError as error:
            call.complain(f"warning: couldn't attach to pod/{name}, falling back to streaming logs: {error.message}")
            call.stdout.extend(line.text for line in call.api.log(now, container))


_KEPT = ("labels", "annotations", "liveness", "readiness", "startup", "init-containers")
"""What a copy of a Pod may keep (``--keep-…``)."""


def _merge_custom(container: Wire, custom: Mapping[str, Any]) -> None:
    """A strategic merge of a partial container into one, by the keys of a container's lists."""
    keys = {"env": "name", "ports": "containerPort", "volumeMounts": "mountPath"}
    for field, value in custom.items():
        if isinstance(value, list) and field in keys:
            key = keys[field]
            given = {go_json.dumps(each.get(key), None) for each in value}
            held = [each for each in container.get(field) or () if go_json.dumps(each.get(key), None) not in given]
            container[field] = [*held, *value]
        elif isinstance(value, dict) and isinstance(container.get(field), dict):
            container[field] = {**container[field], **value}
        else:
            container[field] = value
