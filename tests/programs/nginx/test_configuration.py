"""nginx's configuration is read, or refused in nginx's words (``src/core/ngx_conf_file.c``)."""

import pytest

from kubesim.programs.nginx.configuration import MAIN, ConfigurationError, Configurations, read
from kubesim.userland.filesystem import Entry, FileSystem, Layer

PATH = "/etc/nginx/nginx.conf"


def files_with(text: str) -> FileSystem:
    files = FileSystem()
    files.make_directory("/etc/nginx/conf.d", parents=True)
    files.write(PATH, text)
    return files


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("nosuch 1;", 'unknown directive "nosuch" in /etc/nginx/nginx.conf:1'),
        ("events {\n", 'unexpected end of file, expecting "}" in /etc/nginx/nginx.conf:2'),
        ("events {} }", 'unexpected "}" in /etc/nginx/nginx.conf:1'),
        ("worker_processes 1", 'unexpected end of file, expecting ";" or "}" in /etc/nginx/nginx.conf:1'),
        ("\n\nevents;", 'directive "events" has no opening "{" in /etc/nginx/nginx.conf:3'),
        (";", 'unexpected ";" in /etc/nginx/nginx.conf:1'),
    ],
)
def test_what_is_refused(text: str, problem: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read(files_with(text))
    assert str(caught.value) == problem


def test_words_quotes_and_comments() -> None:
    (http,) = read(files_with('http { # a comment; not read\n log_format main \'$remote_addr "q"\' "b c"; }')).https
    directive = http.last("log_format")
    assert directive is not None and directive.arguments == ("main", '$remote_addr "q"', "b c")


def test_included_files_come_in_the_order_of_their_names() -> None:
    files = files_with("http { include conf.d/*.conf; }")
    for name in ("b.conf", "a.conf", "c.txt"):
        files.write(f"/etc/nginx/conf.d/{name}", f"server {{ server_name {name}; }}")
    (http,) = read(files).https
    assert [server.value("server_name") for server in http.all("server")] == ["a.conf", "b.conf"]


def test_a_missing_include_is_refused() -> None:
    with pytest.raises(
        ConfigurationError, match=r'open\(\) "/etc/nginx/nosuch" failed \(2: No such file or directory\)'
    ):
        read(files_with("include nosuch;"))


def test_containers_whose_files_say_the_same_share_a_configuration() -> None:
    layer = Layer({MAIN: Entry(content="events {} http { include conf.d/*.conf; }")})
    configurations, read_for = Configurations(), {}
    for name in ("first", "second", "changed", "changed alike"):
        files = FileSystem(base=layer, own={"/etc/hostname": Entry(content=name)})
        if name.startswith("changed"):
            files.make_directory("/etc/nginx/conf.d")
            files.write("/etc/nginx/conf.d/site.conf", "server { listen 8080; }")
        read_for[name] = configurations.read(files)
    assert read_for["first"] is read_for["second"]
    assert read_for["changed"] is read_for["changed alike"]
    assert [read_for[name].ports for name in ("first", "changed")] == [(), (8080,)]
