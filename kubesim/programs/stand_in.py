"""The program of an image that the catalogue does not describe: it answers HTTP with who it is, and does nothing else.

What a stranger's image does inside is not simulated. What traffic needs of it is: something that listens where its
manifest says so, tells one Pod from another, writes down who asked, and is healthy.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from kubesim.network.service import Client, HttpRequest
from kubesim.programs.http import Certificate, ClientHello, GrpcHealthCheck, byte_length, plain_response
from kubesim.programs.machine import Invocation, Machine
from kubesim.programs.program_table import not_simulated
from kubesim.userland.log import Log
from kubesim.userland.process import Completed, Program, Running

START_SECONDS = 0.1
TASK_SECONDS = 1.0
"""How long a stand-in works that has something to finish: an init container's, a Job's."""

_NAME = re.compile(r"[A-Za-z0-9_.+-]+(?:/[A-Za-z0-9_.+-]+)*\Z|(?:/[A-Za-z0-9_.+-]+)+\Z")
_SHELLS = frozenset({"sh", "bash", "ash", "dash", "zsh"})


@dataclass(slots=True)
class StandInServer:
    """Answers on one port of a stand-in.

    :param page: the whole answer to every request.
    :param certificate: what it shows where it speaks TLS; None where it does not.
    """

    machine: Machine
    page: str
    log: list[str]
    certificate: Certificate | None = None
    dual_stack: bool = True

    def handle(self, request: object, client: Client) -> object:
        """Answer a request of HTTP, or of gRPC's health service; what is no request gets no answer."""
        if isinstance(request, ClientHello):
            return self.certificate or "HTTP/1.0 400 Bad Request"
        if isinstance(request, GrpcHealthCheck):
            return "SERVING"
        if not isinstance(request, HttpRequest):
            return None
        answer = plain_response(200, self.page)
        self.log.append(
            f'{client.address} "{request.method} {request.target} HTTP/{request.version}" 200 {byte_length(self.page)}'
        )
        return answer


@dataclass(frozen=True, slots=True)
class StandIn:
    """The program in place of those of an unlisted image, in one container.

    :param container: its name, of the Pod ``pod`` (``NAMESPACE/NAME``).
    :param ports: (protocol, port) of all that it listens on.
    :param secure: the TCP ports among them on which it speaks TLS.
    :param ends: whether somebody waits for its end: it has then done its work, whatever that was.
    """

    container: str
    pod: str
    image: str
    ports: Sequence[tuple[str, int]] = ()
    secure: frozenset[int] = frozenset()
    ends: bool = False

    def __call__(self, invocation: Invocation) -> Completed | Running:
        """Listen, or be done."""
        what = f"{self.image} is not simulated"
        if self.ends:
            return Completed(f"{what}: this container ends as if it had done its work\n", seconds=TASK_SECONDS)
        machine = invocation.machine
        where = ", ".join(f"{port}/{protocol}" for protocol, port in self.ports)
        log = Log(
            machine.datetime, [f"{what}: this container answers HTTP on {where}" if where else f"{what}: it runs"]
        )
        page = f"Container: {self.container}\nPod: {self.pod}\nImage: {self.image}\n"
        certificate = Certificate(machine.hostname, (machine.hostname, machine.address), machine.hostname)
        listeners = {
            (protocol, port): StandInServer(machine, page, log, certificate if port in self.secure else None)
            for protocol, port in self.ports
        }
        return Running(listeners, log, START_SECONDS)


@dataclass(frozen=True, slots=True)
class WithStandIn(Mapping[str, Program]):
    """The programs of a container with a stand-in: those of its image, and the stand-in by each name it goes by.

    :param names: the names of the image's own programs, as far as the manifest tells them.
    """

    programs: Mapping[str, Program]
    stand_in: StandIn
    names: frozenset[str] = field(default=frozenset())

    def __getitem__(self, name: str) -> Program:
        return self.stand_in if name in self.names else self.programs[name]

    def __iter__(self) -> Iterator[str]:
        return iter({*self.programs, *self.names})

    def __len__(self) -> int:
        return len({*self.programs, *self.names})


def named_programs(words: Sequence[str], programs: Mapping[str, Program]) -> list[str]:
    """What may be programs of the image among the words of a manifest's command: names and paths.

    Of a shell's script every word may be one. None of them is a program that is simulated, or a shell.
    """
    script = len(words) > 1 and words[0].rpartition("/")[2] in _SHELLS
    candidates = [part for word in words[1:] for part in re.split(r"[\s;|&()<>\"'`]+", word)] if script else words[:1]
    return [
        word
        for word in dict.fromkeys(candidates)
        if _NAME.match(word)
        and not word.startswith("-")
        and programs.get(name := word.rpartition("/")[2], not_simulated) is not_simulated
        and name not in _SHELLS
    ]
