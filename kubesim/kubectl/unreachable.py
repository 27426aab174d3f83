"""What kubectl says where no server answers: which words depends on what it was about to ask.

Most commands first ask what the server serves, several times over, and log each failure; a manifest is first checked
against the server's OpenAPI document; what needs neither fails at its own request.
"""

from __future__ import annotations

from dataclasses import dataclass

from kubesim.kubectl.errors import KubectlError, UnreachableError, klog_line
from kubesim.simulation import Simulation

PER_TYPE = 4
"""How often the server's groups are asked for, to find the type that a word names."""
PER_CATEGORY = 1
"""How often, to find out whether a word is a category, as ``all`` is; one with a slash is none."""


@dataclass(frozen=True, slots=True)
class Absence:
    """A server that is not there.

    :param url: where it was looked for: scheme, host and port.
    :param reason: what the network said, such as ``dial tcp 127.0.0.1:8080: connect: connection refused``.
    :param limit: the seconds that a request may take.
    """

    url: str
    reason: str
    limit: float = 32

    def _failed(self, path: str) -> str:
        return f'Get "{self.url}/{path}?timeout={self.limit:g}s": {self.reason}'

    def _log(self, simulation: Simulation) -> str:
        failed = self._failed("api").replace('"', '\\"')
        text = f'"Unhandled Error" err="couldn\'t get current server API group list: {failed}"'
        return klog_line(simulation, "E", "memcache.go:265", text) + "\n"

    def refusal(self, simulation: Simulation, tries: int = 0) -> KubectlError:
        """The error of a request, or of the search for a type.

        :param tries: how often the server's groups were asked for before.
        """
        words = f"Unable to connect to the server: {self.reason}"
        if self.reason.endswith("refused"):
            place = self.url.partition("://")[2]
            words = f"The connection to the server {place} was refused - did you specify the right host or port?"
        return UnreachableError(self._log(simulation) * tries + words)

    def unlisted(self, simulation: Simulation) -> KubectlError:
        """The error where the versions that are served cannot be listed."""
        why = f"error: couldn't get available api versions from server: {self._failed('api')}"
        return UnreachableError(self._log(simulation) + why)

    def unrecognized(self, simulation: Simulation, source: str, *, validate: bool) -> KubectlError:
        """The error of a manifest, whose kinds nobody knows.

        :param validate: whether it was to be checked first.
        """
        if validate:
            return KubectlError(
                f'error validating "{source}": error validating data: failed to download openapi: '
                f"{self._failed('openapi/v2')}; if you choose to ignore these errors, turn validation off with "
                "--validate=false"
            )
        return UnreachableError(f'{self._log(simulation)}error: unable to recognize "{source}": {self._failed("api")}')
