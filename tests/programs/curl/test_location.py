"""URLs as curl takes them apart."""

import pytest

from kubesim.programs.curl.location import expand_globs, parse_location


@pytest.mark.parametrize(
    ("typed", "scheme", "host", "port", "path", "authority"),
    [
        ("web", "http", "web", 80, "/", "web"),
        ("web:8080", "http", "web", 8080, "/", "web:8080"),
        ("https://web/x?y=1", "https", "web", 443, "/x?y=1", "web"),
        ("http://web:80/a/../b", "http", "web", 80, "/b", "web"),
        ("http://[::1]:81/", "http", "::1", 81, "/", "[::1]:81"),
        ("http://web/a#part", "http", "web", 80, "/a", "web"),
    ],
)
def test_its_parts(typed: str, scheme: str, host: str, port: int, path: str, authority: str) -> None:
    found = parse_location(typed)
    assert (found.scheme, found.host, found.port, found.path, found.authority) == (scheme, host, port, path, authority)


def test_credentials() -> None:
    assert parse_location("http://me:secret@web/").user == "me:secret"


@pytest.mark.parametrize(
    ("target", "text"),
    [
        ("/c", "http://web:8080/c"),
        ("c", "http://web:8080/a/c"),
        ("http://other/", "http://other/"),
        ("//other/x", "http://other/x"),
    ],
)
def test_a_redirect_is_relative_to_where_it_came_from(target: str, text: str) -> None:
    assert parse_location("http://web:8080/a/b").redirected(target).text == text


# man curl, URL
@pytest.mark.parametrize(
    ("typed", "urls"),
    [
        ("http://{a,b}/", ["http://a/", "http://b/"]),
        ("x/[1-3]", ["x/1", "x/2", "x/3"]),
        ("x/[01-03]", ["x/01", "x/02", "x/03"]),
        ("x/[1-10:4]", ["x/1", "x/5", "x/9"]),
        ("x/[a-c]", ["x/a", "x/b", "x/c"]),
        ("{a,b}[1-2]", ["a1", "a2", "b1", "b2"]),
        ("plain", ["plain"]),
    ],
)
def test_globs(typed: str, urls: list[str]) -> None:
    assert [url for url, _ in expand_globs(typed)] == urls
