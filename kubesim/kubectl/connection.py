"""The flags that say which server to talk to and as whom: what is wrong with them, before anything is asked.

There is one cluster, one context and one administrator; everything else is refused in the words that kubectl, the
network or the API server's authorizer would use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from kubesim.api.errors import ApiError
from kubesim.api.resources import ResourceType
from kubesim.kubectl.errors import KubectlError, UnreachableError
from kubesim.userland.filesystem import absolute

if TYPE_CHECKING:
    from kubesim.kubectl.call import Call

CONTEXT = "default"
"""The only context of the simulated kubeconfig, as k3s names it."""
ADMINISTRATORS = frozenset(("", "admin", "system:admin"))
SHORTEST_ANSWER = 0.005
"""Seconds below which no request is answered in time."""


def check_connection(call: Call) -> None:
    """Refuse a context, file, server or time limit with which nothing can be reached.

    :raises KubectlError: in kubectl's words.
    """
    flags = call.flags
    path = flags.text("kubeconfig")
    if path and not call.files.exists(absolute(path, call.directory)):
        raise KubectlError(f"stat {path}: no such file or directory")
    if flags.text("context") not in ("", CONTEXT):
        raise UnreachableError(
            f"Error in configuration: context was not found for specified context: {flags.text('context')}"
        )
    for flag, problem in (("cluster", 'cluster "{}" does not exist'), ("user", 'auth info "{}" does not exist')):
        if flags.text(flag) not in ("", CONTEXT):
            raise KubectlError(problem.format(flags.text(flag)))
    _check_server(call)
    limit = flags.text("request-timeout")
    if limit not in ("", "0") and 0 < flags.seconds("request-timeout") < SHORTEST_ANSWER:
        raise UnreachableError("Unable to connect to the server: context deadline exceeded")


def _check_server(call: Call) -> None:
    server = call.flags.text("server")
    if not server:
        return
    parts = urlsplit(server if "//" in server else f"http://{server}")
    host, port = parts.hostname or "localhost", parts.port or (443 if parts.scheme == "https" else 80)
    known = {node.address for node in call.cluster.configuration.nodes if node.controlPlane} | {
        "127.0.0.1",
        "localhost",
    }
    if host in known and port == 6443:
        return
    moment = call.cluster.simulation.datetime
    stamp = f"E{moment:%m%d %H:%M:%S}.{moment.microsecond:06d}    1000 memcache.go:265]"
    why = f"dial tcp {host}:{port}: connect: connection refused"
    for _ in range(5):
        call.complain(
            f'{stamp} "Unhandled Error" err="couldn\'t get current server API group list: Get '
            f'\\"{parts.scheme}://{host}:{port}/api?timeout=32s\\": {why}"'
        )
    raise UnreachableError(
        f"The connection to the server {host}:{port} was refused - did you specify the right host or port?"
    )


class Impersonated:
    """The API server as a user without any rights sees it: every request is forbidden."""

    def __init__(self, user: str) -> None:
        self._user = user

    def _forbid(self, verb: str, kind: ResourceType, name: str, namespace: str | None) -> ApiError:
        where = f'in the namespace "{namespace}"' if namespace and kind.namespaced else "at the cluster scope"
        named = f'{kind.qualified} "{name}"' if name else kind.qualified
        message = (
            f'{named} is forbidden: User "{self._user}" cannot {verb} resource "{kind.plural}" in API group '
            f'"{kind.group}" {where}'
        )
        return ApiError(403, "Forbidden", message, {"name": name, "group": kind.group, "kind": kind.plural})

    def get(self, kind: ResourceType, name: str, namespace: str = "default") -> Any:
        """Refuse."""
        raise self._forbid("get", kind, name, namespace)

    def list(self, kind: ResourceType, namespace: str | None = None, **selectors: Any) -> Any:
        """Refuse."""
        raise self._forbid("list", kind, "", namespace)

    def create(self, wire: dict[str, Any], namespace: str = "default", **options: Any) -> Any:
        """Refuse."""
        from kubesim.api.lookup import kind_type

        kind = kind_type(wire["apiVersion"], wire["kind"])
        assert kind is not None, "kubectl sends only kinds that it knows"
        raise self._forbid("create", kind, "", namespace)

    def patch(self, kind: ResourceType, name: str, namespace: str = "default", *rest: Any, **options: Any) -> Any:
        """Refuse."""
        raise self._forbid("patch", kind, name, namespace)

    def delete(self, kind: ResourceType, name: str, namespace: str = "default", **options: Any) -> Any:
        """Refuse."""
        raise self._forbid("delete", kind, name, namespace)

    def replace(self, wire: dict[str, Any], namespace: str = "default", **options: Any) -> Any:
        """Refuse, as kubectl reads an object before it replaces it."""
        from kubesim.api.lookup import kind_type

        kind = kind_type(wire["apiVersion"], wire["kind"])
        assert kind is not None, "kubectl sends only kinds that it knows"
        raise self._forbid("update", kind, wire["metadata"]["name"], namespace)
