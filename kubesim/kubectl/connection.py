"""The API server as kubectl reaches it: every request is made as one user, and the server may forbid it.

There is one cluster with one administrator; everything else is refused in the words that kubectl, the network or the
API server's authorizer would use.
"""

from __future__ import annotations

import builtins
import re
from collections.abc import Callable, Sequence
from typing import Any

from kubesim.api.durations import parse_duration
from kubesim.api.errors import ApiError
from kubesim.api.managed_fields.history import Write
from kubesim.api.names import path_segment
from kubesim.api.objects import Pod, Wire, view
from kubesim.api.resources import BY_KIND, ResourceType, kind_type
from kubesim.api.server import Propagation, Response
from kubesim.api.service_account_tokens import token_request
from kubesim.api.store import Change
from kubesim.api.tables import Table
from kubesim.cluster import Cluster
from kubesim.kubectl.errors import KubectlError, UnreachableError
from kubesim.kubectl.flags import Values
from kubesim.kubectl.identity import User, administrator, user_of
from kubesim.kubectl.kubeconfig import NO_SERVER, Kubeconfig
from kubesim.kubectl.unreachable import Absence
from kubesim.kubectl.urls import split_host, url_problem
from kubesim.network import sockets as network
from kubesim.network.addresses import is_ipv4
from kubesim.programs.node_daemons import KUBELET_PORT
from kubesim.userland.log import LogLine
from kubesim.userland.process import Completed

API_PORT = 6443
"""Where the server listens."""
SHORTEST_ANSWER = 0.005
"""Seconds below which no request is answered in time."""


class Connection:
    """What a user may ask of the API server; an administrator may ask anything, everybody else is forbidden all.

    :param user: the user that requests are made as; None for the administrator.
    :param warn: is told what the server warns of with its answers, whether they are refusals or not.
    :param absence: that there is no server where one was looked for, if so.
    :param manager: whose the fields are that are written.
    :param shows_managers: whether answers have ``managedFields``: a server always sends them, and hardly ever does a
        command show them.
    :raises ApiError: by every method, 403 for who is no administrator.
    """

    def __init__(
        self,
        cluster: Cluster,
        user: User | None = None,
        warn: Callable[[str], object] = lambda warning: None,
        absence: Absence | None = None,
        *,
        manager: str = "kubectl",
        shows_managers: bool = False,
    ) -> None:
        self._cluster = cluster
        self.manager = manager
        self._shows_managers = shows_managers
        self.user = user or administrator(cluster.configuration)
        self._warn = warn
        self.absence = absence
        self.simulation = cluster.simulation
        self.configuration = cluster.configuration

    def discover(self, tries: int) -> None:
        """Ask what the server serves.

        :param tries: how often, before that is given up.
        :raises UnreachableError: where there is no server.
        """
        if self.absence is not None:
            raise self.absence.refusal(self.simulation, tries)

    @property
    def resolver(self) -> str:
        """The name server of the machine that kubectl runs on."""
        return _resolver(self._cluster)

    # --- reading -------------------------------------------------------------------------------------------------

    def get(self, resource: ResourceType, name: str, namespace: str = "default") -> Wire:
        """One object."""
        self.demand("get", resource, name, namespace)
        return self._shown(self._cluster.api.get(resource, name, namespace))

    def _shown(self, wire: Wire, draft: Write | None = None) -> Wire:
        """An object as the command gets it."""
        return self._cluster.api.with_managed_fields(wire, draft) if self._shows_managers else wire

    def managed_fields(self, wire: Wire) -> builtins.list[Wire]:
        """The ``managedFields`` of an object that was got."""
        found = self._cluster.api.with_managed_fields(wire)["metadata"].get("managedFields")
        return found if isinstance(found, builtins.list) else []

    def find(self, resource: ResourceType, name: str, namespace: str = "default") -> Wire | None:
        """One object, or None where there is none."""
        try:
            return self.get(resource, name, namespace)
        except ApiError as error:
            if error.reason != "NotFound":
                raise
            return None

    def retrieve(self, resource: ResourceType, name: str, namespace: str) -> Wire:
        """One object that a person named; where it is missing, its Namespace is asked for too (``Info.Get``).

        :raises ApiError: 404, of the Namespace where that is missing.
        """
        try:
            return self.get(resource, name, namespace)
        except ApiError as error:
            if error.reason == "NotFound" and resource.namespaced and namespace not in ("", "default"):
                self.get(BY_KIND["Namespace"], namespace, "")
            raise

    def list(
        self, resource: ResourceType, namespace: str | None = None, label_selector: str = "", field_selector: str = ""
    ) -> builtins.list[Wire]:
        """The objects of a kind; None for all namespaces."""
        self.demand("list", resource, "", namespace)
        found = self._cluster.api.list(resource, namespace, label_selector, field_selector)
        return [self._shown(wire) for wire in found] if self._shows_managers else found

    def table(self, resource: ResourceType, objects: Sequence[Wire], *, wide: bool = False) -> Table:
        """Objects that were got, as the table that the server makes of them."""
        return self._cluster.api.table(resource, [*objects], wide)

    def watch(
        self, resource: ResourceType, namespace: str | None, note: Callable[[str, Wire], object]
    ) -> Callable[[], object]:
        """Be told of a kind's changes, each ``ADDED``, ``MODIFIED`` or ``DELETED``, until the result is called."""
        self.demand("watch", resource, "", namespace)

        def told(change: Change) -> None:
            if namespace in (None, change.object["metadata"].get("namespace")):
                note(change.type, self._shown(change.object))

        return self._cluster.store.watch(told, (resource.kind,))

    # --- writing -------------------------------------------------------------------------------------------------

    def create(self, wire: Wire, namespace: str = "default", **options: Any) -> Wire:
        """Create an object."""
        self.demand("create", _kind_of(wire), "", namespace)
        options["field_manager"] = self.manager
        return self._answered(lambda: self._cluster.api.create(wire, namespace, **options))

    def replace(self, wire: Wire, namespace: str = "default", **options: Any) -> Wire:
        """Replace an object."""
        self.demand("update", _kind_of(wire), (wire.get("metadata") or {}).get("name", ""), namespace)
        options["field_manager"] = self.manager
        return self._answered(lambda: self._cluster.api.replace(wire, namespace, **options))

    def patch(self, resource: ResourceType, name: str, namespace: str, patch: object, **options: Any) -> Wire:
        """Change an object by a patch."""
        self.demand("patch", resource, name, namespace)
        options["field_manager"] = self.manager
        return self._answered(lambda: self._cluster.api.patch(resource, name, namespace, patch, **options))

    def apply(
        self,
        resource: ResourceType,
        name: str,
        namespace: str,
        configuration: Wire,
        *,
        manager: str = "",
        force: bool = False,
        dry_run: bool = False,
    ) -> Wire:
        """Server-side apply.

        :param manager: another one than the command's.
        """
        self.demand("patch", resource, name, namespace)
        options: dict[str, Any] = {"field_manager": manager or self.manager, "force": force, "dry_run": dry_run}
        return self._answered(lambda: self._cluster.api.apply(resource, name, configuration, namespace, **options))

    def delete(
        self,
        resource: ResourceType,
        name: str,
        namespace: str = "default",
        grace_period_seconds: int | None = None,
        propagation: Propagation | None = None,
        dry_run: bool = False,
    ) -> Wire:
        """Delete an object."""
        self.demand("delete", resource, name, namespace)
        return self._answered(
            lambda: self._cluster.api.delete(resource, name, namespace, grace_period_seconds, propagation, dry_run)
        )

    def _answered(self, ask: Callable[[], Response]) -> Wire:
        try:
            answer = ask()
        except ApiError as error:
            self._note(error.warnings)
            raise
        self._note(answer.warnings)
        return self._shown(answer.object, answer.draft)

    def _note(self, warnings: Sequence[str]) -> None:
        for warning in warnings:
            self._warn(warning)

    def evict(self, pod: Wire, grace_period_seconds: int | None = None, dry_run: bool = False) -> Response:
        """Delete a Pod, as its disruption budget allows."""
        name, namespace = self._demand_of_pod("create", pod, "eviction")
        return self._cluster.api.evict(name, namespace, grace_period_seconds, dry_run)

    def request_token(self, account: str, namespace: str, spec: Wire) -> Wire:
        """A token of a service account, as a ``TokenRequest`` with its answer.

        :param spec: what is asked of it.
        """
        kind = BY_KIND["ServiceAccount"]
        self.demand("create", kind, account, namespace, "/token")
        reference = spec.get("boundObjectRef")
        bound = self._cluster.api.get(BY_KIND[reference["kind"]], reference["name"], namespace) if reference else None
        held = self._cluster.api.get(kind, account, namespace)
        simulation = self.simulation
        return token_request(held, spec, bound, simulation.datetime, simulation.random("tokens"))

    # --- containers ----------------------------------------------------------------------------------------------

    def log(self, pod: Wire, container: str, *, previous: bool = False) -> builtins.list[LogLine]:
        """The lines that a container has written."""
        name, namespace = self._demand_of_pod("get", pod, "log")
        self._reach_kubelet(pod, f'Get "https://{{}}/containerLogs/{namespace}/{name}/{container}"')
        return self._cluster.log_lines(name, container, previous=previous, namespace=namespace)

    def execute(self, pod: Wire, container: str, argv: Sequence[str], stdin: str, patience: float) -> Completed:
        """Run a program in a container.

        :raises ExecutableNotFoundError: where its image has no such program.
        """
        name, namespace = self._demand_of_pod("create", pod, "exec")
        self._reach_kubelet(pod, "error dialing backend")
        return self._cluster.exec(name, argv, container, stdin, namespace, patience=patience)

    def attach(self, pod: Wire, container: str, stdin: str | None) -> None:
        """Connect to a container's first process.

        :param stdin: what is typed into it, with its end; None to listen only.
        """
        self._demand_of_pod("create", pod, "attach")
        self._reach_kubelet(pod, "error dialing backend")
        if stdin is not None:
            self._cluster.kubelet.attach(view(pod, Pod), container, stdin)

    def leave(self, pod: Wire, container: str, status: int) -> None:
        """End a container whose first process is the shell that was typed into."""
        self._cluster.kubelet.leave(view(pod, Pod), container, status)

    def forward(self, pod: Wire, port: int) -> network.Connection | None:
        """Open a connection to a port in a Pod, from inside it; None where the Pod is gone.

        Its outcome says whether something listens there.
        """
        name, namespace = self._demand_of_pod("create", pod, "portforward")
        self._reach_kubelet(pod, "error dialing backend")
        inside = f"pod/{namespace}/{name}"
        if inside not in self._cluster.network.topology:
            return None
        return network.Sockets(self._cluster.network, inside).connect("127.0.0.1", port)

    def _reach_kubelet(self, pod: Wire, doing: str) -> None:
        """Refuse what a Pod's kubelet would have to do, where its node is off; k3s' tunnel to it answers then.

        :param doing: what the server was about to do, for the kubelet's address in it.
        :raises ApiError: 500.
        """
        kubelet = self._cluster.kubelet.node_that_is_off((pod.get("spec") or {}).get("nodeName") or "")
        if kubelet is not None:
            address = f"{kubelet.address}:{KUBELET_PORT}"
            tunnel = f"proxy error from 127.0.0.1:6443 while dialing {address}, code 502: 502 Bad Gateway"
            raise ApiError(500, "", f"{doing.format(address)}: {tunnel}")

    # --- what comes first -------------------------------------------------------------------------------------------

    def _demand_of_pod(self, verb: str, pod: Wire, subresource: str) -> tuple[str, str]:
        kind, name, namespace = _kind_of(pod), pod["metadata"]["name"], pod["metadata"]["namespace"]
        self.demand(verb, kind, name, namespace, f"/{subresource}")
        return name, namespace

    def demand(
        self, verb: str, resource: ResourceType, name: str, namespace: str | None, subresource: str = ""
    ) -> None:
        """What comes before the answer to every request: its path must be one, and the user may have to be refused."""
        self._cluster.turn.pause()
        for what, segment in (("namespace", namespace if resource.namespaced else ""), ("resource name", name)):
            problems = path_segment(segment or "")
            if problems:
                raise KubectlError(f'invalid {what} "{segment}": [{" ".join(problems)}]')
        if self.absence is not None:
            raise self.absence.refusal(self.simulation)
        if self.user.is_administrator:
            if resource.deprecation:
                self._warn(resource.deprecation)
            return
        where = f'in the namespace "{namespace}"' if namespace and resource.namespaced else "at the cluster scope"
        named = f'{resource.qualified} "{name}"' if name else resource.qualified
        message = (
            f'{named} is forbidden: User "{self.user.name}" cannot {verb} resource "{resource.plural}{subresource}" in '
            f'API group "{resource.group}" {where}'
        )
        raise ApiError(403, "Forbidden", message, {"name": name, "group": resource.group, "kind": resource.plural})


def _kind_of(wire: Wire) -> ResourceType:
    """The kind of an object; one without a version is still of a kind that kubectl knows, though no server takes it."""
    found = kind_type(wire.get("apiVersion") or "v1", wire["kind"])
    assert found is not None, "kubectl sends only kinds that it knows"
    return found


def connect(
    cluster: Cluster,
    flags: Values,
    config: Kubeconfig,
    warn: Callable[[str], object],
    *,
    shows_managers: bool = False,
) -> Connection:
    """The connection that the flags and the kubeconfig ask for.

    :param warn: is told what the server warns of.
    :param shows_managers: whether the command prints ``managedFields``.
    :raises KubectlError: for a context, cluster, user or time limit with which nothing can be reached.
    """
    context = config.context(flags.text("context"))
    name = flags.text("cluster") or context.get("cluster") or ""
    known = config.find("clusters", name)
    if known is None and flags.text("cluster"):
        raise KubectlError(f'no server found for cluster "{name}"')
    asked = flags.text("user") if flags.table["user"].kind == "string" else ""  # a verb's own flag hides the global one
    user = asked or context.get("user") or ""
    if user and config.find("users", user) is None:
        raise KubectlError(f'auth info "{user}" does not exist')
    server = flags.text("server") or (known or {}).get("server") or NO_SERVER
    limit = _time_limit(flags.text("request-timeout"))
    absence = _absence(cluster, server, limit)
    if 0 < limit < SHORTEST_ANSWER:
        raise UnreachableError("Unable to connect to the server: context deadline exceeded")
    user_data = user_of(flags, cluster.configuration, user)
    manager = _field_manager(flags)
    return Connection(cluster, user_data, warn, absence, manager=manager, shows_managers=shows_managers)


def _field_manager(flags: Values) -> str:
    """Whose the fields are that the command writes: the flag's, else the client's name (its user agent)."""
    if not flags.has("field-manager"):
        return "kubectl"
    given = flags.text("field-manager")
    if flags.has("server-side") and flags.on("server-side"):
        return given if flags.changed("field-manager") else "kubectl"
    return given or "kubectl"


def _resolver(cluster: Cluster) -> str:
    return next(iter(cluster.configuration.networks.nameservers), "127.0.0.53")


def _time_limit(text: str) -> float:
    """The seconds of ``--request-timeout``: a duration, or a number of seconds; 0 for none.

    :raises KubectlError: where it is neither (``clientcmd.ParseTimeout``).
    """
    if re.fullmatch(r"\+?[0-9]{1,10}", text, re.ASCII):
        return float(text)
    try:
        seconds = parse_duration(text or "0")
    except ValueError:
        seconds = -1.0
    if seconds < 0:
        raise KubectlError(
            "Invalid timeout value. Timeout must be a single integer in seconds, or an integer followed by a "
            "corresponding time unit (e.g. 1s | 2m | 3h)"
        )
    return seconds


def _absence(cluster: Cluster, server: str, limit: float) -> Absence | None:
    """That nothing answers at a server's address, if so, as Go's client finds it.

    :raises KubectlError: where the address is none.
    """
    url = server if "://" in server else f"http://{server}"
    problem = url_problem(url)
    if problem:
        again = url_problem(f"http://{server}")  # as rest.DefaultServerURL tries
        if "://" in server and not again:
            raise KubectlError(f'host must be a URL or a host:port pair: "{server}"')
        raise UnreachableError(f"Unable to connect to the server: {again}")
    scheme, _, rest = url.partition("://")
    place = re.split("[/?#]", rest, maxsplit=1)[0].rpartition("@")[2]
    if ("://" in server and not place) or server.startswith("/"):
        raise KubectlError(f'host must be a URL or a host:port pair: "{server}"')
    host, port = split_host(place)
    here = {"127.0.0.1", "localhost", *(node.address for node in cluster.configuration.nodes if node.controlPlane)}
    if host in here and port == str(API_PORT):
        return None
    dialled = f"{'127.0.0.1' if host == 'localhost' else host}:{port or (443 if scheme == 'https' else 80)}"
    reason = f"dial tcp {dialled}: connect: connection refused"
    if scheme not in ("http", "https"):
        reason = f'unsupported protocol scheme "{scheme}"'
    elif not host:
        reason = "http: no Host in request URL"
    elif port and int(port) > 65535:
        reason = f"dial tcp: address {port}: invalid port"
    elif not (is_ipv4(host) or ":" in host or host == "localhost"):
        reason = f"dial tcp: lookup {host} on {_resolver(cluster)}:53: no such host"
    return Absence(f"{scheme}://{place}", reason, limit or 32)
