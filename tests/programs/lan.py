"""Two machines on one LAN, without a cluster: ``laptop`` asks, ``server`` answers."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from kubesim.network.network import Network
from kubesim.network.service import Client, HttpRequest, HttpResponse
from kubesim.network.sockets import Sockets
from kubesim.programs.machine import Machine
from kubesim.programs.program_table import COMMON, programs_named
from kubesim.simulation import Simulation
from kubesim.userland.filesystem import FileSystem
from kubesim.userland.process import Completed, Running
from tests.programs.bare_machine import catalogue

LAPTOP, SERVER = "172.31.0.100", "172.31.0.200"
HOSTS = f"127.0.0.1 localhost\n{SERVER} server www.example.com\n198.51.100.9 silent\n"


@dataclass
class Answering:
    """A server that answers each path in its own way, and keeps what it was asked."""

    answers: Mapping[str, object]
    asked: list[HttpRequest] = field(default_factory=list)
    clients: list[Client] = field(default_factory=list)

    def handle(self, request: object, client: Client) -> object:
        if not isinstance(request, HttpRequest):
            return None
        self.asked.append(request)
        self.clients.append(client)
        return self.answers.get(request.target, HttpResponse(404, "Not Found", (("Content-Length", "0"),)))


class Lan:
    """The two machines on their network."""

    def __init__(self, flavour: str = "debian", libc: str = "glibc") -> None:
        self.simulation = Simulation()
        self.network = Network(self.simulation)
        self.network.add_outside("laptop", [LAPTOP])
        self.network.add_outside("server", [SERVER])
        files = FileSystem()
        for directory in ("/etc", "/tmp"):
            files.make_directory(directory)
        files.write("/etc/hosts", HOSTS)
        files.write("/etc/resolv.conf", "")
        self.laptop = Machine(
            "laptop",
            "laptop",
            files,
            programs_named([*COMMON, "nginx"], flavour),
            self.simulation,
            sockets=Sockets(self.network, "laptop"),
            flavour=flavour,
            libc=libc,
        )

    def serve(self, answers: Mapping[str, object], port: int = 80) -> Answering:
        """Let the server answer."""
        server = Answering(answers)
        self.network.listen("server", "TCP", port, server)
        return server

    def run(self, command: str, stdin: str = "") -> Completed:
        """Run one program on the laptop."""
        done = self.laptop.run(command.split(), stdin, directory="/tmp")
        assert isinstance(done, Completed)
        return done

    def container(self, image: str, *argv: str, files: Mapping[str, str] = {}) -> tuple[Machine, Running]:
        """Start a container of an image on the server, its files over the image's."""
        found = catalogue().find(image)
        assert found is not None
        machine = found.machine(
            name="server", hostname="web", sockets=Sockets(self.network, "server"), simulation=self.simulation
        )
        machine.files.write("/etc/hosts", HOSTS)
        for path, text in files.items():
            machine.files.make_directory(path.rpartition("/")[0], parents=True)
            machine.files.write(path, text)
        running = machine.run(found.argv(argv), main=True)
        assert isinstance(running, Running), running
        for (protocol, port), server in running.listeners.items():
            self.network.listen("server", protocol, port, server)
        return machine, running
