"""The programs ``nginx`` and the image's ``/docker-entrypoint.sh``."""

from __future__ import annotations

from dataclasses import replace

from kubesim.network.trace import Outcome
from kubesim.programs.nginx import choosing, configuration
from kubesim.programs.nginx.configuration import ConfigurationError
from kubesim.programs.nginx.logs import error_time
from kubesim.programs.nginx.server import NginxServer
from kubesim.userland.log import Log
from kubesim.userland.machine import Process
from kubesim.userland.process import Completed, Invocation, Running

CONFIGURATION = "/etc/nginx/nginx.conf"
_FIRST_WORKER = 28
_WORKERS = 2


def nginx(invocation: Invocation) -> Completed | Running:
    """Start the server, test its configuration, or signal the one that runs."""
    arguments = list(invocation.argv[1:])
    machine = invocation.machine
    version = machine.environment.get("NGINX_VERSION", "1.29.4")
    if "-v" in arguments:
        return Completed("", f"nginx version: nginx/{version}\n")
    if "-V" in arguments:
        return Completed("", f"nginx version: nginx/{version}\nbuilt by gcc 14.2.0 (Debian 14.2.0-19) \n")
    if "-h" in arguments or "-?" in arguments:
        return Completed("", f"nginx version: nginx/{version}\nUsage: nginx [-?hvVtTq] [-s signal] [-p prefix]\n")
    path = arguments[arguments.index("-c") + 1] if "-c" in arguments[:-1] else CONFIGURATION
    moment = error_time(machine.datetime(invocation.elapsed))
    try:
        root = configuration.read(machine.files, path)
    except ConfigurationError as error:
        pid = machine.new_pid() if not invocation.main else 1
        text = f"{moment} [emerg] {pid}#{pid}: {error}\nnginx: [emerg] {error}\n"
        if "-t" in arguments or "-T" in arguments:
            text = f"nginx: [emerg] {error}\nnginx: configuration file {path} test failed\n"
            text = f"{moment} [emerg] {pid}#{pid}: {error}\n" + text
        return Completed("", text, 1)
    if "-t" in arguments or "-T" in arguments:
        fine = (
            f"nginx: the configuration file {path} syntax is ok\nnginx: configuration file {path} test is successful\n"
        )
        dump = ""
        if "-T" in arguments:
            seen = [path, *dict.fromkeys(each.file for each in _everything(root) if each.file != path)]
            dump = "".join(f"# configuration file {each}:\n{machine.files.read(each)}\n" for each in seen)
        return Completed(dump, fine, 0)
    if "-s" in arguments:
        return _signal(invocation, arguments, moment)
    return _serve(invocation, root, version, moment)


def _everything(directive: configuration.Directive) -> list[configuration.Directive]:
    found = [directive] if directive.file else []
    for child in directive.children:
        found += _everything(child)
    return found


def _signal(invocation: Invocation, arguments: list[str], moment: str) -> Completed:
    machine = invocation.machine
    names = {"reload": "HUP", "stop": "TERM", "quit": "QUIT", "reopen": "USR1"}
    wanted = arguments[arguments.index("-s") + 1] if arguments.index("-s") + 1 < len(arguments) else ""
    if not wanted:
        return Completed("", 'nginx: option "-s" requires parameter\n', 1)
    if wanted not in names:
        return Completed("", f'nginx: invalid option: "-s {wanted}"\n', 1)
    pid = machine.new_pid()
    started = f"{moment} [notice] {pid}#{pid}: signal process started\n"
    server = next((each for each in machine.processes if each.command.startswith("nginx: master process")), None)
    if server is None:
        failed = 'invalid PID number "" in "/run/nginx.pid"'
        return Completed("", f"{started}{moment} [error] {pid}#{pid}: {failed}\nnginx: [error] {failed}\n", 1)
    machine.send_signal(server.pid, names[wanted])
    return Completed("", started)


def _serve(invocation: Invocation, root: configuration.Directive, version: str, moment: str) -> Completed | Running:
    machine = invocation.machine
    ports = choosing.ports(root)
    pid = 1 if invocation.main else machine.new_pid()
    taken = [port for port in ports if machine.sockets.connect("127.0.0.1", port).outcome is Outcome.DELIVERED]
    if taken and not invocation.main:
        lines = []
        for attempt in range(5):
            for port in taken:
                for address in ("0.0.0.0", "[::]"):
                    problem = f"bind() to {address}:{port} failed (98: Address already in use)"
                    lines += [f"{moment} [emerg] {pid}#{pid}: {problem}", f"nginx: [emerg] {problem}"]
            lines.append(f"{moment} [notice] {pid}#{pid}: try again to bind() after 500ms")
            del attempt
        lines += [f"{moment} [emerg] {pid}#{pid}: still could not bind()", "nginx: [emerg] still could not bind()"]
        return Completed("", "".join(f"{line}\n" for line in lines), 1, 2.5)
    workers = [_FIRST_WORKER + number for number in range(_WORKERS)]
    notices = ['using the "epoll" event method', f"nginx/{version}", "built by gcc 14.2.0 (Debian 14.2.0-19) "]
    notices += [f"OS: Linux {machine.kernel}", "getrlimit(RLIMIT_NOFILE): 1048576:1048576", "start worker processes"]
    notices += [f"start worker process {worker}" for worker in workers]
    log = Log(machine.datetime, [f"{moment} [notice] {pid}#{pid}: {notice}" for notice in notices])
    listeners = {("TCP", port): NginxServer(machine, root, port, version, log, workers[-1]) for port in ports}
    machine.processes = [each for each in machine.processes if "nginx" not in each.command]
    shown = " ".join(["nginx", *invocation.argv[1:]])
    machine.processes.append(Process(pid, f"nginx: master process {shown}"))
    machine.processes += [Process(worker, "nginx: worker process", "nginx", parent=pid) for worker in workers]
    master = NginxMaster(invocation, listeners, log, pid, workers)
    machine.on_signal(pid, master.signal)
    return Running(listeners, log, 0.05)


class NginxMaster:
    """The master process: what it writes when it is signalled."""

    def __init__(
        self,
        invocation: Invocation,
        listeners: dict[tuple[str, int], NginxServer],
        log: list[str],
        pid: int,
        workers: list[int],
    ) -> None:
        self.invocation = invocation
        self.listeners = listeners
        self.log = log
        self.pid = pid
        self.workers = workers

    def signal(self, name: str) -> bool:
        """React to a signal; whether the process ends because of it."""
        words = {
            "HUP": "signal 1 (SIGHUP) received from {}, reconfiguring",
            "QUIT": "signal 3 (SIGQUIT) received, shutting down",
        }
        words |= {"TERM": "signal 15 (SIGTERM) received, exiting", "INT": "signal 2 (SIGINT) received, exiting"}
        if name not in words:
            return name == "KILL"
        machine = self.invocation.machine
        self._notice(words[name].format(machine.next_pid))
        if name == "HUP":
            self._notice("reconfiguring")
            try:
                root = configuration.read(machine.files)
            except ConfigurationError as error:
                self.log.append(f"{error_time(machine.datetime())} [emerg] {self.pid}#{self.pid}: {error}")
                return False
            self._notice('using the "epoll" event method')
            self._notice("start worker processes")
            fresh = [machine.new_pid() for _ in self.workers]
            for worker in fresh:
                self._notice(f"start worker process {worker}")
            self._retire(graceful=True, replaced=True)
            self.workers = fresh
            machine.processes = [each for each in machine.processes if each.parent != self.pid]
            machine.processes += [
                Process(worker, "nginx: worker process", "nginx", parent=self.pid) for worker in fresh
            ]
            for server in self.listeners.values():
                server.root, server.worker = root, fresh[-1]
            return False
        self._retire(graceful=name == "QUIT")
        self._notice("exit")
        return True

    def _retire(self, *, graceful: bool, replaced: bool = False) -> None:
        if graceful:
            for worker in self.workers:
                self._notice("gracefully shutting down", worker)
        words = ("exiting", "exit")
        order = [(word, worker) for word in words for worker in self.workers]
        if replaced:
            order = [(word, worker) for worker in self.workers for word in words]
        for word, worker in order:
            self._notice(word, worker)
        for worker in self.workers:
            self._notice(f"signal 17 (SIGCHLD) received from {worker}")
            self._notice(f"worker process {worker} exited with code 0")
            if replaced or worker != self.workers[-1]:
                self._notice("signal 29 (SIGIO) received")

    def _notice(self, text: str, pid: int = 0) -> None:
        who = pid or self.pid
        self.log.append(f"{error_time(self.invocation.machine.datetime())} [notice] {who}#{who}: {text}")


_SCRIPTS = "/docker-entrypoint.d/"


def docker_entrypoint(invocation: Invocation) -> Completed | Running:
    """The image's entrypoint: says what it configures, then becomes the command."""
    command = invocation.argv[1:]
    if not command:
        return Completed()
    said: list[str] = []
    if command[0] in ("nginx", "nginx-debug"):
        me = invocation.argv[0]
        default = "/etc/nginx/conf.d/default.conf"
        said += [
            f"{me}: {_SCRIPTS} is not empty, will attempt to perform configuration",
            f"{me}: Looking for shell scripts in {_SCRIPTS}",
            f"{me}: Launching {_SCRIPTS}10-listen-on-ipv6-by-default.sh",
        ]
        files = invocation.machine.files
        first = "10-listen-on-ipv6-by-default.sh: info:"
        if not files.is_file(default):
            said.append(f"{first} /{default.lstrip('/')} is not a file or does not exist")
        elif "listen  [::]:80" in files.read(default):
            said += [f"{first} Getting the checksum of {default}", f"{first} Enabled listen on IPv6 in {default}"]
        else:
            said += [
                f"{first} Getting the checksum of {default}",
                f"{first} {default} differs from the packaged version",
            ]
        said += [
            f"{me}: Sourcing {_SCRIPTS}15-local-resolvers.envsh",
            f"{me}: Launching {_SCRIPTS}20-envsubst-on-templates.sh",
            f"{me}: Launching {_SCRIPTS}30-tune-worker-processes.sh",
            f"{me}: Configuration complete; ready for start up",
        ]
    text = "".join(f"{line}\n" for line in said)
    program = invocation.machine.find(command[0], invocation.directory)
    result = program(replace(invocation, argv=command))
    if isinstance(result, Completed):
        return replace(result, stdout=text + result.stdout)
    result.log[:0] = said
    return result
