"""One run of a verb: what was typed, what it acts on, and what it has said so far."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

from kubesim.kubectl.connection import ADMINISTRATORS, Impersonated
from kubesim.kubectl.flags import Values
from kubesim.kubectl.kubeconfig import load, namespace_of

if TYPE_CHECKING:
    from kubesim.api.server import ApiServer
    from kubesim.cluster import Cluster
    from kubesim.userland.filesystem import FileSystem


@dataclass(slots=True)
class Call:
    """What a verb's function gets.

    :param command: the words that chose the verb, such as ``kubectl create deployment``.
    :param flags: every flag's value, given or default.
    :param arguments: the words that are not flags.
    :param dash: how many arguments stood before ``--``; -1 when it was not typed (cobra's ArgsLenAtDash).
    :param directory: where relative file names start.
    """

    command: str
    flags: Values
    arguments: tuple[str, ...]
    dash: int
    cluster: Cluster
    files: FileSystem
    stdin: str = ""
    directory: str = "/root"
    stdout: list[str] = field(default_factory=list)
    stderr: list[str] = field(default_factory=list)
    status: int = 0
    warned: set[str] = field(default_factory=set)

    @property
    def api(self) -> ApiServer:
        """The API server that kubectl talks to, as the user that it talks as."""
        user = self.flags.text("as")
        if user in ADMINISTRATORS:
            return self.cluster.api
        return cast("ApiServer", Impersonated(user))

    @property
    def namespace(self) -> str:
        """The namespace of the command: ``-n``, else the context's, ``default``."""
        return self.flags.text("namespace") or namespace_of(load(self.files)) or "default"

    @property
    def namespace_given(self) -> bool:
        """Whether ``-n`` was typed: a manifest's other namespace is then refused."""
        return bool(self.flags.text("namespace"))

    @property
    def all_namespaces(self) -> bool:
        """Whether ``-A`` was typed."""
        return self.flags.has("all-namespaces") and self.flags.on("all-namespaces")

    def say(self, text: str) -> None:
        """Write a line to standard output."""
        self.stdout.append(f"{text}\n")

    def complain(self, text: str) -> None:
        """Write a line to standard error."""
        self.stderr.append(f"{text}\n")

    def warn(self, *warnings: str) -> None:
        """Write API warnings to standard error, each once, as client-go does."""
        for warning in warnings:
            if warning in self.warned:
                continue
            self.warned.add(warning)
            self.complain(f"Warning: {warning}")
