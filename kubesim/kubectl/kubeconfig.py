"""The kubeconfig: which clusters, users and contexts kubectl knows, and which it uses.

It is read from the files that ``--kubeconfig`` or ``$KUBECONFIG`` name, else from ``~/.kube/config``; of several, the
first that names something decides. Where there is none of them, kubectl knows no cluster and tries its own machine.
Upstream: ``k8s.io/client-go/tools/clientcmd`` (ClientConfigLoadingRules).
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass

from kubesim.api import go_yaml
from kubesim.api.objects import Wire
from kubesim.api.schema.decoder import json_kind
from kubesim.cluster.boot import certificate
from kubesim.cluster.configuration import ClusterConfiguration
from kubesim.kubectl.errors import KubectlError, UnreachableError
from kubesim.userland.filesystem import FileSystem, absolute

CONTEXT = "default"
"""The cluster, the user and the context of a node's own kubeconfig, as k3s names them."""
SERVER = "https://127.0.0.1:6443"
NO_SERVER = "http://localhost:8080"
"""What is tried where no cluster is known."""
HOME = "/root"
SECTIONS = {"clusters": "Cluster", "contexts": "Context", "users": "AuthInfo"}
SECRETS = ("certificate-authority-data", "client-certificate-data", "client-key-data", "token", "password")
_FIRST = ("server", "cluster")
"""What Go's structs name first."""
SOMEBODY = "client-admin"
"""Whose certificate the node's own kubeconfig holds."""


def initial(cluster: ClusterConfiguration, context: str = CONTEXT, user: str = CONTEXT) -> Wire:
    """The kubeconfig of a node's administrator.

    :param context: what it calls the context and the cluster.
    :param user: what it calls the user.
    """

    def data(whose: str) -> str:
        return base64.b64encode(certificate(cluster, whose).encode()).decode()

    keys = {"client-certificate-data": data(SOMEBODY), "client-key-data": data(f"{SOMEBODY}-key")}
    return {
        "apiVersion": "v1",
        "clusters": [{"cluster": {"certificate-authority-data": data("ca"), "server": SERVER}, "name": context}],
        "contexts": [{"context": {"cluster": context, "user": user}, "name": context}],
        "current-context": context,
        "kind": "Config",
        "users": [{"name": user, "user": keys}],
    }


def install(files: FileSystem, cluster: ClusterConfiguration, path: str = f"{HOME}/.kube/config", **names: str) -> None:
    """Give a machine the kubeconfig of a node's administrator, unless it has one.

    :param names: what it calls its context and its user.
    """
    if not files.exists(path):
        files.make_directory(path.rpartition("/")[0], parents=True)
        files.write(path, go_yaml.dump(initial(cluster, **names)))


@dataclass(slots=True)
class Kubeconfig:
    """What the files say, together.

    :param wire: the merged form.
    :param path: the file that a change is written to.
    """

    wire: Wire
    path: str

    @classmethod
    def read(
        cls, files: FileSystem, environment: Mapping[str, str], explicit: str = "", directory: str = HOME
    ) -> Kubeconfig:
        """Read what a command's flag and environment name.

        :param explicit: what ``--kubeconfig`` says.
        :raises KubectlError: where a file named by the flag is missing, or one is no kubeconfig.
        """
        if explicit and not files.is_file(absolute(explicit, directory)):
            raise KubectlError(f"stat {explicit}: no such file or directory")
        named = [explicit] if explicit else [path for path in environment.get("KUBECONFIG", "").split(":") if path]
        paths = named or [f"{environment.get('HOME') or HOME}/.kube/config"]
        there = [path for path in paths if files.is_file(absolute(path, directory))]
        wire: Wire = {"apiVersion": "v1", "kind": "Config"} | {section: [] for section in SECTIONS}
        for path in there:
            _merge(wire, _parsed(files.read(absolute(path, directory)), path))
        return cls(wire, absolute((there or paths[-1:])[0], directory))

    def save(self, files: FileSystem) -> None:
        """Write it to its file."""
        files.make_directory(self.path.rpartition("/")[0], parents=True)
        files.write(self.path, go_yaml.dump(self.wire))

    @property
    def current(self) -> str:
        """The name of the current context, or ``""``."""
        return str(self.wire.get("current-context") or "")

    def names(self, section: str) -> list[str]:
        """The names of the clusters, contexts or users, sorted."""
        return sorted(str(entry.get("name")) for entry in self.wire[section])

    def find(self, section: str, name: str) -> Wire | None:
        """What is said of a cluster, a context or a user; None where there is none of that name."""
        for entry in self.wire[section]:
            if entry.get("name") == name:
                return dict(entry.get(section.removesuffix("s")) or {})
        return None

    def put(self, section: str, name: str, said: Wire) -> None:
        """Say something of a cluster, a context or a user."""
        others = [entry for entry in self.wire[section] if entry.get("name") != name]
        entry = {section.removesuffix("s"): said, "name": name}
        self.wire[section] = sorted([*others, entry], key=lambda each: str(each["name"]))

    def context(self, name: str = "") -> Wire:
        """What is said of a context, the current one if none is named; nothing where none is current.

        :raises UnreachableError: where there is none of that name.
        """
        wanted = name or self.current
        found = self.find("contexts", wanted) if wanted else {}
        if found is None:
            why = f"context was not found for specified context: {wanted}"
            raise UnreachableError(f"Error in configuration: {why}")
        return found

    def shown(self, *, raw: bool = False) -> Wire:
        """What ``config view`` shows, in the order of Go's structs: null where nothing is said.

        :param raw: whether secrets are shown.
        """

        def said(entry: Wire, part: str) -> Wire:
            known = entry.get(part) or {}
            order = sorted(known, key=lambda key: (key not in _FIRST, key))
            return {key: "DATA+OMITTED" if key in SECRETS and not raw else known[key] for key in order}

        wire: Wire = {"kind": "Config", "apiVersion": "v1"}
        for section in ("clusters", "users", "contexts"):
            part = section.removesuffix("s")
            wire[section] = [{"name": entry.get("name", ""), part: said(entry, part)} for entry in self.wire[section]]
            wire[section] = wire[section] or None
        return wire | {"current-context": self.current}


def _parsed(text: str, path: str) -> Wire:
    try:
        wire = go_yaml.load(text)
    except go_yaml.YamlError as error:
        raise KubectlError(f'error loading config file "{path}": {error}') from None
    if not isinstance(wire, dict):
        return {}
    for section, struct in SECTIONS.items():
        for entry in wire.get(section) or () if isinstance(wire.get(section), list) else ():
            name = entry.get("name") if isinstance(entry, dict) else None
            if name is not None and not isinstance(name, str):
                field = f"Go struct field Named{struct}.{section}.name of type string"
                raise KubectlError(
                    f'error loading config file "{path}": json: cannot unmarshal {json_kind(name)} into {field}'
                )
    return wire


def _merge(wire: Wire, further: Wire) -> None:
    """Add what one more file says of what the files before it did not name."""
    if further.get("current-context") and not wire.get("current-context"):
        wire["current-context"] = further["current-context"]
    for section in SECTIONS:
        known = {entry.get("name") for entry in wire[section]}
        entries = [entry for entry in further.get(section) or () if isinstance(entry, dict)]
        wire[section] = [*wire[section], *(entry for entry in entries if entry.get("name") not in known)]
