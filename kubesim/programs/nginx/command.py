"""The programs ``nginx`` and the image's ``/docker-entrypoint.sh``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from kubesim.network.service import Client
from kubesim.programs.machine import Invocation
from kubesim.programs.nginx.configuration import MAIN, Configuration, ConfigurationError, Configurations
from kubesim.programs.nginx.logs import error_time, notices
from kubesim.programs.nginx.processes import Master, RunningNginx, started, worker_rows
from kubesim.programs.nginx.upstreams import Resolution, resolve
from kubesim.simulation import EPOCH
from kubesim.userland.filesystem import FileError
from kubesim.userland.log import Log
from kubesim.userland.machine import Process
from kubesim.userland.process import Completed, Running

_FIRST_WORKERS = (28, 29)
_BUILD = "built by gcc 14.2.0 (Debian 14.2.0-19) "
_SIGNALS = {"reload": "HUP", "stop": "TERM", "quit": "QUIT", "reopen": "USR1"}


class Nginx:
    """The program ``nginx`` of an image: its containers share the configurations that it has read, and what it said."""

    def __init__(self) -> None:
        self._configurations = Configurations()
        self._beginning = _beginning(EPOCH, 1, "", "", "")

    def __call__(self, invocation: Invocation) -> Completed | Running:
        """Start the server, test its configuration, or signal the one that runs."""
        arguments = invocation.argv[1:]
        machine = invocation.machine
        version = machine.environment.get("NGINX_VERSION", "1.29.4")
        named = f"nginx version: nginx/{version}\n"
        if "-v" in arguments:
            return Completed("", named)
        if "-V" in arguments:
            return Completed("", f"{named}{_BUILD}\n")
        if "-h" in arguments or "-?" in arguments:
            return Completed("", f"{named}Usage: nginx [-?hvVtTq] [-s signal] [-p prefix]\n")
        path = arguments[arguments.index("-c") + 1] if "-c" in arguments[:-1] else MAIN
        tests = "-t" in arguments or "-T" in arguments
        found = Resolution({})
        try:
            configuration = self._configurations.read(machine.files, path)
            found = resolve(machine, configuration.named)
            if found.problem:
                raise ConfigurationError(found.problem)
        except ConfigurationError as error:
            pid = 1 if invocation.main else machine.new_pid()
            text = f"{_stamp(invocation)} [emerg] {pid}#{pid}: {error}\nnginx: [emerg] {error}\n"
            return Completed(
                "", text + (f"nginx: configuration file {path} test failed\n" if tests else ""), 1, found.seconds
            )
        if tests:
            fine = f"nginx: the configuration file {path} syntax is ok\n"
            fine += f"nginx: configuration file {path} test is successful\n"
            texts = configuration.texts.items() if "-T" in arguments else ()
            shown = "".join(f"# configuration file {each}:\n{text}\n" for each, text in texts)
            return Completed(shown, fine, seconds=found.seconds)
        if "-s" in arguments:
            return _signal(invocation, (*arguments, "")[arguments.index("-s") + 1])
        return self._serve(invocation, configuration, version, found)

    def _serve(
        self, invocation: Invocation, configuration: Configuration, version: str, found: Resolution
    ) -> Completed | Running:
        machine = invocation.machine
        pid = 1 if invocation.main else machine.new_pid()
        if not invocation.main:  # a main process is the first one, and the kubelet binds its ports
            bound = {port for protocol, _, port, _ in machine.sockets.listeners if protocol == "TCP"}
            if bound.intersection(configuration.ports):
                return _ports_taken(invocation, pid, [port for port in configuration.ports if port in bound])
        second = machine.datetime(invocation.elapsed).replace(microsecond=0)
        key = (second, pid, version, machine.kernel, " ".join(("nginx", *invocation.argv[1:])))
        if key != self._beginning.key:
            self._beginning = _beginning(*key)
        log = Log(machine.datetime, self._beginning.said)
        others = [each for each in machine.processes if "nginx" not in each.command]
        machine.processes = [*others, *self._beginning.processes]
        nginx = RunningNginx(machine, configuration, version, log, pid, _FIRST_WORKERS, found.addresses)
        master = Master(nginx, self._configurations)
        machine.on_signal(pid, master.signal)
        served = configuration.addresses.items()
        listeners = {("TCP", port): NginxServer(master.nginx, port, address) for port, address in served}
        return Running(listeners, log, 0.05)


class NginxServer(NamedTuple):
    """What listens on one port of an nginx, at one address or at all."""

    nginx: RunningNginx
    port: int
    address: str

    def handle(self, request: object, client: Client) -> object:
        """Answer one request and log it."""
        from kubesim.programs.nginx.server import answer  # slow to load: only when somebody asks

        return answer(self.nginx, self.port, request, client)


class _Beginning(NamedTuple):
    """What every nginx says and runs that is started alike, in the same second."""

    key: tuple[datetime, int, str, str, str]
    said: tuple[str, ...]
    processes: tuple[Process, ...]


def _beginning(second: datetime, pid: int, version: str, kernel: str, command: str) -> _Beginning:
    said = ['using the "epoll" event method', f"nginx/{version}", _BUILD, f"OS: Linux {kernel}"]
    said += ["getrlimit(RLIMIT_NOFILE): 1048576:1048576", *started(_FIRST_WORKERS)]
    processes = (Process(pid, f"nginx: master process {command}"), *worker_rows(_FIRST_WORKERS, pid))
    lines = tuple(notices(error_time(second), pid, said))
    return _Beginning((second, pid, version, kernel, command), lines, processes)


def _stamp(invocation: Invocation) -> str:
    return error_time(invocation.machine.datetime(invocation.elapsed))


def _signal(invocation: Invocation, wanted: str) -> Completed:
    machine = invocation.machine
    if not wanted:
        return Completed("", 'nginx: option "-s" requires parameter\n', 1)
    if wanted not in _SIGNALS:
        return Completed("", f'nginx: invalid option: "-s {wanted}"\n', 1)
    pid, stamp = machine.new_pid(), _stamp(invocation)
    started = f"{stamp} [notice] {pid}#{pid}: signal process started\n"
    server = next((each for each in machine.processes if each.command.startswith("nginx: master process")), None)
    if server is None:
        failed = 'invalid PID number "" in "/run/nginx.pid"'
        return Completed("", f"{started}{stamp} [error] {pid}#{pid}: {failed}\nnginx: [error] {failed}\n", 1)
    machine.send_signal(server.pid, _SIGNALS[wanted])
    return Completed("", started)


def _ports_taken(invocation: Invocation, pid: int, ports: Sequence[int]) -> Completed:
    """Five times every port is tried, half a second apart."""
    stamp = _stamp(invocation)
    problems = [f"bind() to {address}:{port} failed (98: Address already in use)" for port in ports for address in ANY]
    attempt = "".join(f"{stamp} [emerg] {pid}#{pid}: {each}\nnginx: [emerg] {each}\n" for each in problems)
    attempt += f"{stamp} [notice] {pid}#{pid}: try again to bind() after 500ms\n"
    last = f"{stamp} [emerg] {pid}#{pid}: still could not bind()\nnginx: [emerg] still could not bind()\n"
    return Completed("", attempt * 5 + last, 1, 2.5)


ANY = ("0.0.0.0", "[::]")
"""The addresses that nginx binds a port on."""
_SCRIPTS = "/docker-entrypoint.d/"
_DEFAULT = "/etc/nginx/conf.d/default.conf"


def docker_entrypoint(invocation: Invocation) -> Completed | Running:
    """The image's entrypoint: says what it configures, then becomes the command."""
    command = invocation.argv[1:]
    if not command:
        return Completed()
    said: tuple[str, ...] = ()
    if command[0] in ("nginx", "nginx-debug"):
        try:
            packaged: bool | None = "listen  [::]:80" in invocation.machine.files.read(_DEFAULT)
        except FileError:
            packaged = None
        said = _configuring(invocation.argv[0], packaged)
    program = invocation.machine.find(command[0], invocation.directory)
    result = program(invocation.becoming(command))
    if isinstance(result, Completed):
        return replace(result, stdout="".join(f"{line}\n" for line in said) + result.stdout)
    result.log[:0] = said
    return result


@lru_cache(maxsize=8)
def _configuring(me: str, packaged: bool | None) -> tuple[str, ...]:
    """What the scripts of ``/docker-entrypoint.d`` say; ``packaged``: whether the default site is as it was packed."""
    about = [f"Getting the checksum of {_DEFAULT}", f"{_DEFAULT} differs from the packaged version"]
    if packaged is None:
        about = [f"{_DEFAULT} is not a file or does not exist"]
    elif packaged:
        about[1] = f"Enabled listen on IPv6 in {_DEFAULT}"
    return (
        f"{me}: {_SCRIPTS} is not empty, will attempt to perform configuration",
        f"{me}: Looking for shell scripts in {_SCRIPTS}",
        f"{me}: Launching {_SCRIPTS}10-listen-on-ipv6-by-default.sh",
        *(f"10-listen-on-ipv6-by-default.sh: info: {what}" for what in about),
        f"{me}: Sourcing {_SCRIPTS}15-local-resolvers.envsh",
        f"{me}: Launching {_SCRIPTS}20-envsubst-on-templates.sh",
        f"{me}: Launching {_SCRIPTS}30-tune-worker-processes.sh",
        f"{me}: Configuration complete; ready for start up",
    )
