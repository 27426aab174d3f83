"""Which server and location answer; the cases are those of nginx's own documentation."""

import pytest

from kubesim.programs.nginx.choosing import choose_location, choose_server
from kubesim.programs.nginx.configuration import Configuration, read
from kubesim.userland.filesystem import FileSystem

LOCATIONS = r"""
location = / { return 200 A; }
location / { return 200 B; }
location /documents/ { return 200 C; }
location ^~ /images/ { return 200 D; }
location ~* \.(gif|jpg|jpeg)$ { return 200 E; }
"""


def configuration(text: str) -> Configuration:
    files = FileSystem()
    files.make_directory("/etc/nginx", parents=True)
    files.write("/etc/nginx/nginx.conf", f"events {{}} http {{ {text} }}")
    return read(files)


# https://nginx.org/en/docs/http/ngx_http_core_module.html#location
@pytest.mark.parametrize(
    ("path", "answer"),
    [
        ("/", "A"),
        ("/index.html", "B"),
        ("/documents/document.html", "C"),
        ("/images/1.gif", "D"),
        ("/documents/1.jpg", "E"),
    ],
)
def test_the_location_of_a_path(path: str, answer: str) -> None:
    (server,) = configuration(f"server {{ {LOCATIONS} }}").servers
    location = choose_location(server, path)
    assert location is not None
    returned = location.directive.last("return")
    assert returned is not None and returned.arguments == ("200", answer)


# https://nginx.org/en/docs/http/request_processing.html
@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("example.net", "example.net"),
        ("www.example.net", "example.net"),
        ("EXAMPLE.COM:80", "example.com"),
        ("unknown", "example.org"),
        ("", "example.org"),
    ],
)
@pytest.mark.parametrize("default", ["", "default_server"])
def test_the_server_of_a_host(host: str, name: str, default: str) -> None:
    site = configuration(
        "server { listen 80; server_name example.org www.example.org; }"
        f"server {{ listen 80 {default}; server_name example.net www.example.net; }}"
        "server { listen 80; server_name example.com www.example.com; }"
        "server { listen 81; server_name elsewhere; }"
    )
    expected = "example.net" if default and name == "example.org" else name
    server = choose_server(site.servers, 80, host)
    assert server is not None and server.value("server_name") == expected


def test_the_ports_are_those_of_listen() -> None:
    text = "server { listen 80; listen [::]:80; } server { listen 127.0.0.1:8080; } server { location / {} }"
    assert configuration(text).ports == (80, 8080)


def test_nobody_listens_on_another_port() -> None:
    assert choose_server(configuration("server { listen 80; }").servers, 81, "") is None
