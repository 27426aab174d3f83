"""The servers of other images: httpd, http-echo, whoami, agnhost, echoserver, hello-app, plain TCP daemons, pause."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from kubesim.network.addresses import is_ipv4
from kubesim.network.network import ANY
from kubesim.network.service import Client, HttpRequest, HttpResponse
from kubesim.network.trace import Outcome
from kubesim.programs.http import ClientHello, byte_length, header, http_date, plain_response
from kubesim.programs.machine import Invocation, Machine
from kubesim.programs.name_lookup import look_up
from kubesim.userland.filesystem import FileError
from kubesim.userland.log import Log
from kubesim.userland.numerals import is_number, whole_number
from kubesim.userland.process import Completed, Running

Page = Callable[[HttpRequest, Client], HttpResponse]


@dataclass(slots=True)
class PageServer:
    """An HTTP server whose answers a function makes.

    :param name: its Server header; empty for none.
    :param dual_stack: whether it is a Go program, which listens for IPv4 and IPv6 at once.
    :param address: the one address on which it listens; all of its machine's unless it names one.
    """

    machine: Machine
    page: Page
    name: str = ""
    dual_stack: bool = False
    address: str = ANY

    def handle(self, request: object, client: Client) -> object:
        """Answer one request."""
        if isinstance(request, ClientHello):
            return "HTTP/1.0 400 Bad Request"
        if not isinstance(request, HttpRequest):
            return None
        answer = self.page(request, client)
        headers = [("Date", http_date(self.machine.datetime())), *answer.headers]
        if self.name:
            headers.insert(1, ("Server", self.name))
        if (header(request.headers, "Connection") or "").lower() == "close":
            headers.append(("Connection", "close"))
        body = "" if request.method == "HEAD" else answer.body
        return HttpResponse(answer.status, answer.reason, tuple(headers), body, answer.seconds)


@dataclass(slots=True)
class SilentServer:
    """A TCP daemon that speaks another protocol: it accepts, and answers text only."""

    answers: dict[str, str]

    def handle(self, request: object, client: Client) -> object:
        """Answer the commands that are known."""
        if isinstance(request, str):
            return "".join(self.answers.get(line.strip().upper(), "") for line in request.splitlines()) or None
        return "-ERR unknown command\r\n" if isinstance(request, HttpRequest) else None


def _value(words: tuple[str, ...], name: str, default: str) -> str:
    for position, word in enumerate(words):
        bare = word.lstrip("-")
        if word.startswith("-") and bare == name and position + 1 < len(words):
            return words[position + 1]
        if word.startswith("-") and bare.startswith(f"{name}="):
            return bare.partition("=")[2]
    return default


def _port(text: str, default: int) -> int:
    last = text.rpartition(":")[2]
    return whole_number(last) if is_number(last) and 0 < whole_number(last) < 65536 else default


def _bound(text: str) -> str:
    """The address in ``127.0.0.1:8080``; all addresses where there is none (``:8080``), or a name."""
    host = text.rpartition(":")[0]
    return host if is_ipv4(host) else "127.0.0.1" if host == "localhost" else ANY


GO_STAMP = "%Y/%m/%d %H:%M:%S"
"""How Go's log package writes a moment."""


def _serving(machine: Machine, port: int, page: Page, log: list[str], name: str = "", address: str = ANY) -> Running:
    server = PageServer(machine, page, name, dual_stack=not name and address == ANY, address=address)
    return Running({("TCP", port): server}, log, 0.1)


def http_echo(invocation: Invocation) -> Completed | Running:
    """hashicorp/http-echo: one text for every request (``-text``, ``-listen``)."""
    machine = invocation.machine
    text = _value(invocation.argv, "text", invocation.environment.get("ECHO_TEXT", "hello-world"))
    listen = _value(invocation.argv, "listen", ":5678")
    port = _port(listen, 5678)
    log = Log(machine.datetime, [f"{machine.datetime():{GO_STAMP}} [INFO] server is listening on {listen}"])

    def page(request: HttpRequest, client: Client) -> HttpResponse:
        host, agent = header(request.headers, "Host") or "", header(request.headers, "User-Agent") or ""
        log.append(
            f"{machine.datetime():{GO_STAMP}} {host} {client.address}:{client.port} "
            f'"{request.method} {request.target} HTTP/1.1" 200 {len(text) + 1} "{agent}" 21.345µs'
        )
        own = (("X-App-Name", "http-echo"), ("X-App-Version", "1.0.0"))
        return plain_response(200, f"{text}\n", "text/plain; charset=utf-8", *own)

    return _serving(machine, port, page, log, address=_bound(listen))


def whoami_server(invocation: Invocation) -> Completed | Running:
    """traefik/whoami: who was asked, by whom, with which headers."""
    port = _port(_value(invocation.argv, "port", invocation.environment.get("WHOAMI_PORT_NUMBER", "80")), 80)
    machine = invocation.machine

    def page(request: HttpRequest, client: Client) -> HttpResponse:
        lines = [f"Hostname: {machine.hostname}", "IP: 127.0.0.1", f"IP: {machine.address}"]
        lines += [f"RemoteAddr: {client.address}:{client.port}"]
        lines += [f"{request.method} {request.target} HTTP/1.1", f"Host: {header(request.headers, 'Host') or ''}"]
        lines += [f"{name}: {value}" for name, value in sorted(request.headers) if name.lower() != "host"]
        return plain_response(200, "\n".join(lines) + "\n\n")

    return _serving(machine, port, page, [f"Starting up on port {port}"])


def agnhost(invocation: Invocation) -> Completed | Running:
    """agnhost: ``netexec``, ``serve-hostname`` and ``pause``."""
    words = invocation.argv[1:]
    verb = words[0] if words else "pause"
    machine = invocation.machine
    if verb == "pause":
        return Running({}, ["Paused"], 0.1)
    if verb == "netexec":
        port = _port(_value(words, "http-port", "8080"), 8080)

        def netexec(request: HttpRequest, client: Client) -> HttpResponse:
            path = request.target.partition("?")[0]
            if path in ("/hostname", "/hostName"):
                return plain_response(200, machine.hostname)
            if path == "/clientip":
                return plain_response(200, f"{client.address}:{client.port}")
            if path == "/echo":
                return plain_response(200, request.target.partition("msg=")[2])
            if path in ("/healthz", "/readyz"):
                return plain_response(200, "")
            return plain_response(200, f"NOW: {machine.datetime():%Y-%m-%d %H:%M:%S} +0000 UTC m=+1.000000001")

        return _serving(machine, port, netexec, [f"Started HTTP server on port {port}"])
    if verb == "serve-hostname":
        port = _port(_value(words, "port", "9376"), 9376)
        return _serving(machine, port, lambda *_: plain_response(200, machine.hostname), [f"Serving on port {port}."])
    return Completed("", f'Error: unknown command "{verb}" for "app"\nRun \'app --help\' for usage.\n', 1)


def echoserver(invocation: Invocation) -> Completed | Running:
    """registry.k8s.io/echoserver: the request, described."""
    machine = invocation.machine

    def page(request: HttpRequest, client: Client) -> HttpResponse:
        text = f"\n\nHostname: {machine.hostname}\n\nRequest Information:\n\tclient_address={client.address}\n"
        text += f"\tmethod={request.method}\n\treal path={request.target}\n\trequest_version=1.1\n\nRequest Headers:\n"
        text += "".join(f"\t{name.lower()}={value}\n" for name, value in sorted(request.headers))
        body = request.body or "-no body in request-"
        return plain_response(200, f"{text}\nRequest Body:\n\t{body}\n", "text/plain")

    return _serving(machine, 8080, page, ["Generating self-signed cert", "Starting nginx"], "echoserver")


def hello_app(invocation: Invocation) -> Completed | Running:
    """gcr.io/google-samples/hello-app."""
    machine = invocation.machine
    port = _port(invocation.environment.get("PORT", "8080"), 8080)
    log = Log(machine.datetime, [f"{machine.datetime():{GO_STAMP}} Server listening on port {port}"])

    def page(request: HttpRequest, client: Client) -> HttpResponse:
        log.append(f"{machine.datetime():{GO_STAMP}} Serving request: {request.target}")
        return plain_response(200, f"Hello, world!\nVersion: 1.0.0\nHostname: {machine.hostname}\n")

    return _serving(machine, port, page, log)


_APACHE_NOT_FOUND = """<!DOCTYPE HTML PUBLIC "-//IETF//DTD HTML 2.0//EN">
<html><head>
<title>404 Not Found</title>
</head><body>
<h1>Not Found</h1>
<p>The requested URL was not found on this server.</p>
</body></html>
"""


def httpd(invocation: Invocation) -> Completed | Running:
    """Apache: files of its document root."""
    machine = invocation.machine
    version = invocation.environment.get("HTTPD_VERSION", "2.4.66")
    known = "AH00558: httpd: Could not reliably determine the server's fully qualified domain name, using "
    known += f"{machine.address}. Set the 'ServerName' directive globally to suppress this message"
    log = Log(machine.datetime, [known])

    def page(request: HttpRequest, client: Client) -> HttpResponse:
        path = "/usr/local/apache2/htdocs" + request.target.partition("?")[0]
        try:
            answer = plain_response(200, machine.files.read(path + "index.html" * path.endswith("/")), "text/html")
        except FileError:
            answer = plain_response(404, _APACHE_NOT_FOUND, "text/html; charset=iso-8859-1")
        first = f"{request.method} {request.target} HTTP/{request.version}"
        stamp = f"{machine.datetime():%d/%b/%Y:%H:%M:%S +0000}"
        log.append(f'{client.address} - - [{stamp}] "{first}" {answer.status} {byte_length(answer.body)}')
        return answer

    return _serving(machine, 80, page, log, f"Apache/{version} (Unix)")


def redis_server(invocation: Invocation) -> Completed | Running:
    """redis-server: it listens and answers PING."""
    now = invocation.machine.datetime
    log = Log(now, [f"1:M {now():%d %b %Y %H:%M:%S}.000 * Ready to accept connections tcp"])
    return Running({("TCP", 6379): SilentServer({"PING": "+PONG\r\n"})}, log, 0.1)


def redis_cli(invocation: Invocation) -> Completed:
    """``redis-cli [-h HOST] [-p PORT] COMMAND``: it asks a redis-server, which knows PING."""
    words, host, port = list(invocation.argv[1:]), "127.0.0.1", "6379"
    while len(words) > 1 and words[0] in ("-h", "-p", "-a"):
        option, value = words.pop(0), words.pop(0)
        host, port = (value if option == "-h" else host), (value if option == "-p" else port)
    found = look_up(invocation.machine, host)
    start = f"Could not connect to Redis at {host}:{port}: "
    if not found.addresses:
        return Completed("", f"{start}{found.error}\n", 1, found.seconds)
    connection = invocation.machine.sockets.connect(found.first_ipv4, _port(port, 6379))
    seconds = found.seconds + connection.seconds
    if connection.outcome is not Outcome.DELIVERED:
        return Completed("", f"{start}Connection refused\n", 1, seconds)
    answer = connection.request(" ".join(words))
    connection.close()
    if not isinstance(answer, str):
        return Completed("", f"redis-cli: {words[0] if words else 'a session'} is not simulated: PING is\n", 1, seconds)
    return Completed(f"{answer.strip().removeprefix('+')}\n", seconds=seconds)


def python(invocation: Invocation) -> Completed | Running:
    """``python3 -m http.server [-b ADDRESS] [PORT]``: the one Python program that is simulated."""
    words = invocation.argv[1:]
    if words[:2] != ("-m", "http.server"):
        return Completed("", f"{invocation.argv[0]}: only `-m http.server` is simulated\n", 1)
    port = next((whole_number(word) for word in words[2:] if is_number(word)), 8000)
    bound = _value(words, "bind", _value(words, "b", ANY))
    address = bound if is_ipv4(bound) else ANY
    machine = invocation.machine
    files = machine.files
    log = Log(machine.datetime, [f"Serving HTTP on {address} port {port} (http://{address}:{port}/) ..."])

    def page(request: HttpRequest, client: Client) -> HttpResponse:
        path = invocation.directory.rstrip("/") + request.target.partition("?")[0]
        try:
            if files.is_directory(path):
                body = "".join(f'<li><a href="{name}">{name}</a></li>\n' for name in files.list(path))
                answer = plain_response(200, body, "text/html; charset=utf-8")
            else:
                answer = plain_response(200, files.read(path), "application/octet-stream")
        except FileError:
            answer = plain_response(404, "", "text/html;charset=utf-8")
        stamp = f"{machine.datetime():%d/%b/%Y %H:%M:%S}"
        log.append(f'{client.address} - - [{stamp}] "{request.method} {request.target} HTTP/1.1" {answer.status} -')
        return answer

    return _serving(machine, port, page, log, "SimpleHTTP/0.6 Python/3.13.5", address)


def pause(invocation: Invocation) -> Completed | Running:
    """Do nothing until stopped."""
    return Running({}, [], 0.1)
