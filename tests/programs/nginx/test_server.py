"""What nginx answers and logs, by its documentation (https://nginx.org/en/docs/http/ngx_http_core_module.html)."""

import re

import pytest

from kubesim.network.service import Client, HttpRequest, HttpResponse
from kubesim.programs.http import ClientHello, header
from tests.programs.lan import Lan

SITE = r"""
server {
    listen 80;
    listen 8080;
    server_name localhost;
    root /srv;
    add_header X-Where server;
    error_page 404 /missing.html;

    location / { index index.html index.txt; }
    location /list/ { autoindex on; }
    location /aliased/ { alias /other/; }
    location /tried/ { try_files $uri $uri/ /index.html; }
    location /tried-or/ { try_files $uri =410; }
    location /own/ { add_header X-Where location; add_header X-Always yes always; }
    location = /text { default_type text/x-own; return 200 "$request_method $host $arg_x $http_x_own"; }
    location = /nothing { return 204; }
    location = /gone { return 410; }
    location = /moved { return 301 /index.html; }
    location = /away { return https://example.com$request_uri; }
    location = /status { stub_status; }
    location = /quiet { access_log off; return 200 shh; }
    location = /formed { access_log /dev/stdout short; return 200 ok; }
    location /up/ { proxy_pass http://server:9000/app/; proxy_set_header X-Real-IP $remote_addr; }
    location /balanced/ { proxy_pass http://both; }
    location /down { proxy_pass http://server:9999; }
    location /unasked { proxy_pass http://nosuch$http_none.invalid; }
    location /unknown { resolver 10.43.0.10; proxy_pass http://nosuch$http_none.invalid; }
    location /odd { proxy_pass $http_none; }
    location /bad { proxy_pass http://[$http_none; }
    location /self { proxy_pass http://localhost:8080; }
    location /longer { proxy_pass http://localhost:8080/longer/x; }
    location /silent { proxy_pass http://198.51.100.9; }
}
server { listen 80; server_name hidden; server_tokens off; root /srv; }
"""
MAIN = "events {} http { types { text/html html; image/png png; } log_format short '$status $uri $http_none'; "
MAIN += "upstream both { server server:9000; server server:9001; } include conf.d/*.conf; }"
FILES = {
    "/etc/nginx/nginx.conf": MAIN,
    "/etc/nginx/conf.d/default.conf": SITE,
    "/srv/index.html": "<p>home</p>\n",
    "/srv/picture.PNG": "png",
    "/srv/missing.html": "not here\n",
    "/srv/dir/index.txt": "a directory's index\n",
    "/srv/empty/x": "",
    "/srv/list/a": "1",
    "/srv/own/x": "",
    "/other/x": "aliased\n",
}


class Site:
    """An nginx with that site, and its log."""

    def __init__(self) -> None:
        lan = Lan()
        self.machine, self.running = lan.container("nginx", files=FILES)
        self.upstream = lan.serve({"/app/x": HttpResponse(200, "OK", (("Server", "app"),), "nine")}, 9000)
        lan.serve({"/balanced/x": HttpResponse(200, "OK", (), "one")}, 9001)
        self.start = len(self.running.log)

    def ask(self, target: str, method: str = "GET", *headers: tuple[str, str], port: int = 80) -> HttpResponse:
        request = HttpRequest(method, target, (("Host", "localhost"), *headers))
        answer = self.running.listeners["TCP", port].handle(request, Client("10.42.0.9", 40000))
        assert isinstance(answer, HttpResponse)
        return answer

    @property
    def log(self) -> list[str]:
        return list(self.running.log[self.start :])


@pytest.fixture
def site() -> Site:
    return Site()


@pytest.mark.parametrize(
    ("target", "status", "body"),
    [
        ("/", 200, "<p>home</p>\n"),
        ("/index.html?x=1", 200, "<p>home</p>\n"),
        ("/ind%65x.html", 200, "<p>home</p>\n"),
        ("/dir/", 200, "a directory's index\n"),
        ("/nosuch", 404, "not here\n"),
        ("/index.html/below", 404, "not here\n"),
        ("/nosuch/", 404, "not here\n"),
        ("/aliased/x", 200, "aliased\n"),
        ("/tried/nosuch", 200, "<p>home</p>\n"),
        ("/tried-or/nosuch", 410, None),
        ("/text", 200, "GET localhost  "),
        ("/nothing", 204, ""),
        ("/gone", 410, None),
        ("/quiet", 200, "shh"),
        ("/up/x", 200, "nine"),
        ("/down", 502, None),
        ("/unasked", 502, None),
        ("/unknown", 502, None),
        ("/odd", 500, None),
        ("/bad", 500, None),
        ("/silent", 504, None),
        ("/empty/", 403, None),
    ],
)
def test_what_is_answered(site: Site, target: str, status: int, body: str | None) -> None:
    answer = site.ask(target)
    assert answer.status == status
    if body is not None:
        assert answer.body == body
    else:
        assert f"<title>{status} " in answer.body
    if status != 204:
        assert header(answer.headers, "Content-Length") == str(len(answer.body)) or target == "/up/x"


@pytest.mark.parametrize(
    ("target", "port", "location"),
    [
        ("/dir", 80, "http://localhost/dir/"),
        ("/dir?a=b", 8080, "http://localhost:8080/dir/?a=b"),
        ("/moved", 80, "http://localhost/index.html"),
        ("/moved", 8080, "http://localhost:8080/index.html"),
        ("/away", 80, "https://example.com/away"),
    ],
)
def test_redirects_name_the_servers_own_port(site: Site, target: str, port: int, location: str) -> None:
    answer = site.ask(target, port=port)
    assert answer.status in (301, 302)
    assert header(answer.headers, "Location") == location


@pytest.mark.parametrize(
    ("headers", "status", "body"),
    [
        ((), 200, "<p>home</p>\n"),
        ((("Range", "bytes=0-2"),), 206, "<p>"),
        ((("Range", "bytes=3-"),), 206, "home</p>\n"),
        ((("Range", "bytes=-1"),), 206, "\n"),
        ((("Range", "bytes=5-99"),), 206, "me</p>\n"),
        ((("Range", "bytes=99-"),), 416, None),
        ((("Range", "lines=1"),), 416, None),
        ((("If-None-Match", "TAG"),), 304, ""),
        ((("If-None-Match", '"x", TAG'),), 304, ""),
        ((("If-None-Match", '"x"'),), 200, "<p>home</p>\n"),
        ((("If-Modified-Since", "TIME"),), 304, ""),
        ((("If-Modified-Since", "Mon, 01 Jan 2001 00:00:00 GMT"),), 200, "<p>home</p>\n"),
    ],
)
def test_parts_and_conditions(site: Site, headers: tuple[tuple[str, str], ...], status: int, body: str | None) -> None:
    known = dict(site.ask("/").headers)
    filled = [(n, v.replace("TAG", known["ETag"]).replace("TIME", known["Last-Modified"])) for n, v in headers]
    answer = site.ask("/", "GET", *filled)
    assert answer.status == status
    if body is not None:
        assert answer.body == body
    if status == 206:
        assert header(answer.headers, "Content-Length") == str(len(answer.body))


def test_the_order_of_headers(site: Site) -> None:
    names = [name for name, _ in site.ask("/").headers]
    assert names == [
        *("Server", "Date", "Content-Type", "Content-Length", "Last-Modified", "Connection", "ETag", "Accept-Ranges"),
        "X-Where",
    ]


@pytest.mark.parametrize(
    ("target", "added"),
    [
        ("/", [("X-Where", "server")]),
        ("/own/x", [("X-Where", "location"), ("X-Always", "yes")]),  # a level's own headers replace the inherited ones
        ("/own/nosuch", [("X-Always", "yes")]),
        ("/gone", []),
    ],
)
def test_added_headers(site: Site, target: str, added: list[tuple[str, str]]) -> None:
    assert [each for each in site.ask(target).headers if each[0].startswith("X-")] == added


@pytest.mark.parametrize(
    ("method", "target", "status", "length"),
    [("HEAD", "/", 200, "12"), ("POST", "/", 405, None), ("PUT", "/", 405, None)],
)
def test_methods(site: Site, method: str, target: str, status: int, length: str | None) -> None:
    answer = site.ask(target, method)
    assert answer.status == status
    if method == "HEAD":
        assert (answer.body, header(answer.headers, "Content-Length")) == ("", length)


def test_types_follow_the_extension_whatever_its_case(site: Site) -> None:
    kinds = [header(site.ask(path).headers, "Content-Type") for path in ("/", "/picture.PNG", "/own/x", "/text")]
    assert kinds == ["text/html", "image/png", "text/plain", "text/x-own"]


def test_a_file_that_others_may_not_read(site: Site) -> None:
    site.machine.files.change("/srv/index.html", mode=0o600)
    assert site.ask("/index.html").status == 403
    assert 'open() "/srv/index.html" failed (13: Permission denied)' in site.log[0]


def test_a_directory_is_listed(site: Site) -> None:
    body = site.ask("/list/").body
    assert "<h1>Index of /list/</h1>" in body
    assert re.search(r'<a href="a">a</a> +\d\d-\w{3}-\d{4} \d\d:\d\d +1\r\n', body)


def test_the_version_can_be_hidden(site: Site) -> None:
    request = HttpRequest("GET", "/nosuch", (("Host", "hidden"),))
    answer = site.running.listeners["TCP", 80].handle(request, Client("10.42.0.9", 40000))
    assert isinstance(answer, HttpResponse)
    assert header(answer.headers, "Server") == "nginx"
    assert "<center>nginx</center>" in answer.body


@pytest.mark.parametrize(
    ("headers", "connection"),
    [((), "keep-alive"), ((("Connection", "close"),), "close"), ((("Connection", "Close"),), "close")],
)
def test_whether_the_connection_stays_open(site: Site, headers: tuple[tuple[str, str], ...], connection: str) -> None:
    assert header(site.ask("/", "GET", *headers).headers, "Connection") == connection


def test_a_request_needs_a_host(site: Site) -> None:
    answer = site.running.listeners["TCP", 80].handle(HttpRequest("GET", "/"), Client("10.42.0.9", 40000))
    assert isinstance(answer, HttpResponse)
    assert (answer.status, header(answer.headers, "Connection")) == (400, "close")
    old = HttpRequest("GET", "/", version="1.0")
    answer = site.running.listeners["TCP", 80].handle(old, Client("10.42.0.9", 40000))
    assert isinstance(answer, HttpResponse) and answer.status == 200


def test_what_the_upstream_is_asked(site: Site) -> None:
    answer = site.ask("/up/x", "GET", ("X-Own", "1"))
    (request,) = site.upstream.asked
    assert (request.target, request.version) == ("/app/x", "1.0")
    assert request.headers == (
        *(("Host", "server:9000"), ("Connection", "close"), ("X-Own", "1"), ("X-Real-IP", "10.42.0.9")),
    )
    assert header(answer.headers, "Server") == "nginx/1.29.4"


def test_requests_are_spread_over_an_upstream(site: Site) -> None:
    assert sorted(site.ask("/balanced/x").status for _ in range(4)) == [200, 200, 404, 404]


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("/nosuch", 'open() "/srv/nosuch" failed (2: No such file or directory)'),
        ("/index.html/x", 'open() "/srv/index.html/x" failed (20: Not a directory)'),
        ("/nosuch/", '"/srv/nosuch/index.html" is not found (2: No such file or directory)'),
        ("/empty/", 'directory index of "/srv/empty/" is forbidden'),
        ("/down", "connect() failed (111: Connection refused) while connecting to upstream"),
        ("/unasked", "no resolver defined to resolve nosuch.invalid"),
        ("/unknown", "nosuch.invalid could not be resolved (3: Host not found)"),
        ("/odd", 'invalid URL prefix in ""'),
        ("/bad", 'invalid host in upstream "["'),
        ("/silent", "upstream timed out (110: Connection timed out) while connecting to upstream"),
    ],
)
def test_error_lines(site: Site, target: str, message: str) -> None:
    site.ask(target, "GET", ("Referer", "http://ref/"))
    error, access = site.log
    assert re.fullmatch(
        rf"\S+ \S+ \[error\] 29#29: \*1 {re.escape(message)}, client: 10\.42\.0\.9, server: localhost, "
        rf'request: "GET {target} HTTP/1\.1", host: "localhost", referrer: "http://ref/"',
        error,
    )
    assert f'"GET {target} HTTP/1.1"' in access


@pytest.mark.parametrize(
    ("target", "headers", "line"),
    [
        ("/", (), '10.42.0.9 - - [01/Jul/2026:09:00:00 +0000] "GET / HTTP/1.1" 200 12 "-" "-"'),
        (
            "/gone",
            (("Authorization", "Basic dTpw"), ("User-Agent", "curl")),
            '10.42.0.9 - u [01/Jul/2026:09:00:00 +0000] "GET /gone HTTP/1.1" 410 146 "-" "curl"',
        ),
        ("/formed", (), "200 /formed -"),
        ("/quiet", (), None),
    ],
)
def test_access_lines(site: Site, target: str, headers: tuple[tuple[str, str], ...], line: str | None) -> None:
    answer = site.ask(target, "GET", *headers)
    assert site.log == ([] if line is None else [line.replace("146", str(len(answer.body)))])


def test_tls_to_a_plain_port(site: Site) -> None:
    answer = site.running.listeners["TCP", 80].handle(ClientHello("localhost"), Client("10.42.0.9", 40000))
    assert answer == "HTTP/1.1 400 Bad Request"
    assert site.log[0].endswith('"\\x16\\x03\\x01\\x06" 400 157 "-" "-" "-"')


def test_connections_are_counted(site: Site) -> None:
    site.ask("/")
    assert "server accepts handled requests\n 2 2 2 \n" in site.ask("/status").body


@pytest.mark.parametrize("target", ["/self", "/longer"])
def test_a_request_that_comes_back_to_its_own_server_uses_up_its_connections(site: Site, target: str) -> None:
    assert site.ask(target, port=8080).status == 500
    words = "512 worker_connections are not enough while connecting to upstream"
    assert any(words in line for line in site.running.log)
    assert site.ask("/index.html", port=8080).status == 200
