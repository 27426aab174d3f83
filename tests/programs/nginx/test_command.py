"""Starting, testing and signalling nginx; its lines are those that nginx 1.29 wrote."""

import pytest

from kubesim.network.service import Client, HttpRequest, HttpResponse
from kubesim.userland.process import Completed
from tests.programs.lan import Lan

SITE = "server {{ listen 80; location / {{ return 200 {text}; }} }}"
DEFAULT = "/etc/nginx/conf.d/default.conf"


def answer(running, port: int = 80) -> str:
    request = HttpRequest("GET", "/", (("Host", "x"),))
    found = running.listeners["TCP", port].handle(request, Client("10.42.0.9", 40000))
    assert isinstance(found, HttpResponse)
    return found.body


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({}, f"10-listen-on-ipv6-by-default.sh: info: Enabled listen on IPv6 in {DEFAULT}"),
        ({DEFAULT: SITE.format(text="x")}, f"info: {DEFAULT} differs from the packaged version"),
    ],
)
def test_the_entrypoint_says_what_it_finds(files: dict[str, str], said: str) -> None:
    _, running = Lan().container("nginx", files=files)
    assert running.log[0] == (
        "/docker-entrypoint.sh: /docker-entrypoint.d/ is not empty, will attempt to perform configuration"
    )
    assert any(line.endswith(said) for line in running.log)
    assert running.log[-1] == "2026/07/01 09:00:00 [notice] 1#1: start worker process 29"
    assert list(running.listeners) == [("TCP", 80)]


def test_containers_share_what_they_read_and_not_what_they_count() -> None:
    (_, one), (_, other) = (Lan().container("nginx") for _ in range(2))
    first, second = one.listeners["TCP", 80], other.listeners["TCP", 80]
    assert first.nginx.configuration is second.nginx.configuration
    answer(one)
    assert (first.nginx.connections, second.nginx.connections) == (1, 0)
    assert len(one.log) == len(other.log) + 1


def test_a_container_with_its_own_site_has_its_own_configuration() -> None:
    (_, one), (_, other) = (Lan().container("nginx", files={DEFAULT: SITE.format(text=text)}) for text in "ab")
    assert (answer(one), answer(other)) == ("a", "b")
    _, third = Lan().container("nginx", files={DEFAULT: SITE.format(text="a"), "/etc/nginx/conf.d/z.conf": ""})
    assert answer(third) == "a"


UPSTREAM = "upstream both {{ server localhost; server {}; }} server {{ location / {{ proxy_pass http://both; }} }}"
PASSING = "server {{\n location / {{\n  proxy_pass http://{}/x; }} }}"


@pytest.mark.parametrize(
    ("site", "problem"),
    [  # ngx_http_upstream_server says the address as it was written, ngx_http_upstream_init_round_robin the host alone
        (UPSTREAM.format("Nosuch.invalid:81 weight=2"), f'"Nosuch.invalid:81" in {DEFAULT}:1'),
        (PASSING.format("nosuch.invalid:81"), f'"nosuch.invalid" in {DEFAULT}:3'),
        (PASSING.format("nosuch.invalid") + UPSTREAM.format("other.invalid"), f'"other.invalid" in {DEFAULT}:3'),
        (UPSTREAM.format("localhost:81"), None),
        (UPSTREAM.format("nosuch.invalid resolve"), None),
        (PASSING.format("127.0.0.1:81"), None),
        (PASSING.format("[::1]:81"), None),
        (PASSING.format("nosuch$host"), None),
        ("upstream nosuch {{ server localhost; }} " + PASSING.format("nosuch"), None),
    ],
)
def test_nginx_does_not_start_where_it_cannot_find_whom_it_passes_to(site: str, problem: str | None) -> None:
    machine, _ = Lan().container("nginx")
    machine.files.write(DEFAULT, site.replace("{{", "{").replace("}}", "}"))
    tested = machine.run(["nginx", "-t"])
    assert isinstance(tested, Completed)
    if problem is None:
        assert tested.returncode == 0
        return
    began = machine.run(["nginx", "-g", "daemon off;"])
    assert isinstance(began, Completed) and (began.returncode, tested.returncode) == (1, 1)
    for said in (began.stderr, tested.stderr):
        stamped, plain = said.splitlines()[:2]
        assert stamped.startswith("2026/07/01 09:00:00 [emerg] ")
        assert stamped.endswith(f": host not found in upstream {problem}")
        assert plain == f"nginx: [emerg] host not found in upstream {problem}"
    assert tested.stderr.endswith("nginx: configuration file /etc/nginx/nginx.conf test failed\n")


def test_a_name_is_looked_up_at_the_start_and_at_a_reload() -> None:
    machine, running = Lan().container("nginx", files={DEFAULT: PASSING.format("server:9").replace("{{", "{")})
    nginx = running.listeners["TCP", 80].nginx
    assert nginx.addresses == {"server": ("172.31.0.200",)}
    machine.files.write("/etc/hosts", "172.31.0.100 server\n")
    assert nginx.addresses == {"server": ("172.31.0.200",)}
    machine.handlers[1]("HUP")
    assert nginx.addresses == {"server": ("172.31.0.100",)}
    machine.files.write("/etc/hosts", "")
    machine.handlers[1]("HUP")
    assert running.log[-1].endswith(f'[emerg] 1#1: host not found in upstream "server" in {DEFAULT}:3')
    assert nginx.addresses == {"server": ("172.31.0.100",)}


def test_a_reload_reads_the_files_anew_and_a_bad_one_changes_nothing() -> None:
    machine, running = Lan().container("nginx", files={DEFAULT: SITE.format(text="old")})
    machine.files.write(DEFAULT, "nosuch;")
    refused = machine.run(["nginx", "-s", "reload"])  # it reads the files before it signals
    assert isinstance(refused, Completed) and refused.returncode == 1
    machine.handlers[1]("HUP")
    assert running.log[-1].endswith(f'[emerg] 1#1: unknown directive "nosuch" in {DEFAULT}:1')
    assert answer(running) == "old"
    machine.files.write(DEFAULT, SITE.format(text="new"))
    assert answer(running) == "old"
    done = machine.run(["nginx", "-s", "reload"])
    assert answer(running) == "new"
    assert isinstance(done, Completed) and done.stderr.endswith("signal process started\n")
    workers = [each.pid for each in machine.processes if each.command == "nginx: worker process"]
    assert len(workers) == 2 and not {28, 29} & set(workers)


@pytest.mark.parametrize(
    ("name", "ends", "last"),
    [
        ("QUIT", True, "exit"),
        ("TERM", True, "exit"),
        ("USR1", False, "start worker process 29"),
        ("CONT", False, "start worker process 29"),
    ],
)
def test_signals(name: str, ends: bool, last: str) -> None:
    machine, running = Lan().container("nginx")
    assert machine.handlers[1](name) is ends
    assert running.log[-1].endswith(f"[notice] 1#1: {last}")
    graceful = any("gracefully shutting down" in line for line in running.log)
    assert graceful is (name == "QUIT")


@pytest.mark.parametrize(
    ("line", "status", "said"),
    [
        ("nginx -v", 0, "nginx version: nginx/1.29.4\n"),
        ("nginx -t", 0, "nginx: configuration file /etc/nginx/nginx.conf test is successful\n"),
        ("nginx -t -c /nosuch", 1, "nginx: configuration file /nosuch test failed\n"),
        ("nginx -s", 1, 'nginx: option "-s" requires parameter\n'),
        ("nginx -s nosuch", 1, 'nginx: invalid option: "-s nosuch"\n'),
        ("nginx", 1, "nginx: [emerg] still could not bind()\n"),
    ],
)
def test_a_second_nginx(line: str, status: int, said: str) -> None:
    machine, running = Lan().container("nginx")
    done = machine.run(line.split())
    assert isinstance(done, Completed)
    assert (done.returncode, done.stderr.endswith(said)) == (status, True), done
    assert answer(running)  # the first goes on


def test_the_whole_configuration_is_shown_file_by_file() -> None:
    machine, _ = Lan().container("nginx")
    done = machine.run(["nginx", "-T"])
    assert isinstance(done, Completed)
    heads = [line for line in done.stdout.splitlines() if line.startswith("# configuration file")]
    assert [each.split()[-1].rstrip(":") for each in heads] == [
        *("/etc/nginx/nginx.conf", "/etc/nginx/mime.types", DEFAULT),
    ]


def test_a_signal_needs_a_server() -> None:
    machine, _ = Lan().container("nginx")
    machine.processes.clear()
    done = machine.run(["nginx", "-s", "stop"])
    assert isinstance(done, Completed)
    assert done.returncode == 1 and done.stderr.endswith('[error] invalid PID number "" in "/run/nginx.pid"\n')
