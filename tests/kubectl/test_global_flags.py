"""kubectl's global flags and files with anything in the place of a value, as kubectl 1.36.4 answered."""

from __future__ import annotations

import pytest

from kubesim.cluster import Cluster
from kubesim.terminal import Terminal

REFUSED = "The connection to the server 127.0.0.1:1 was refused - did you specify the right host or port?"
TIMEOUT = (
    "error: Invalid timeout value. Timeout must be a single integer in seconds, or an integer followed by a "
    "corresponding time unit (e.g. 1s | 2m | 3h)\n"
)


@pytest.fixture(scope="module")
def terminal() -> Terminal:
    made = Terminal(Cluster())
    made.machine.files.write("/root/p.yaml", "apiVersion: v1\nkind: Pod\nmetadata: {name: a, labels: {x: v}}\n")
    return made


@pytest.mark.parametrize("value", ["x", "-", "1e300", "-5", "5x", "1.5"])
def test_a_time_limit_that_is_none(value: str, terminal: Terminal) -> None:
    done = terminal.run(f"kubectl get pods --request-timeout={value}")
    assert (done.stderr, done.returncode) == (TIMEOUT, 1)


@pytest.mark.parametrize("value", ["5", "0", "''", "3s", "1h"])
def test_a_time_limit_that_is_one(value: str, terminal: Terminal) -> None:
    assert terminal.run(f"kubectl get pods -A --request-timeout={value}").returncode == 0


@pytest.mark.parametrize(
    ("server", "last"),
    [
        ("[::1", "Unable to connect to the server: missing ']' in host"),
        ("[[]]", "Unable to connect to the server: invalid IP-literal"),
        ("a[b", "Unable to connect to the server: invalid IP-literal"),
        ("[1.2.3.4]:1", "Unable to connect to the server: invalid IP-literal"),
        ("[abc]", 'Unable to connect to the server: invalid host: ParseAddr("abc"): unable to parse IP'),
        ("[]]", 'Unable to connect to the server: invalid host: ParseAddr("]"): unable to parse IP'),
        ("[::1%eth0]:1", 'Unable to connect to the server: invalid URL escape "%et"'),
        ("fe80::1%eth0", 'Unable to connect to the server: invalid port "::1%eth0" after host'),
        ("http://", 'error: host must be a URL or a host:port pair: "http://"'),
        ("http://%zz", 'Unable to connect to the server: invalid URL escape "%zz"'),
        ("ftp://x", 'Unable to connect to the server: unsupported protocol scheme "ftp"'),
        ("'http://a b'", 'error: host must be a URL or a host:port pair: "http://a b"'),
        ("http://x:99999", "Unable to connect to the server: dial tcp: address 99999: invalid port"),
        ("//", 'error: host must be a URL or a host:port pair: "//"'),
        ("http://127.0.0.1:1:2", 'error: host must be a URL or a host:port pair: "http://127.0.0.1:1:2"'),
        ("x:y", 'Unable to connect to the server: invalid port ":y" after host'),
        (":", "Unable to connect to the server: http: no Host in request URL"),
        (
            "127.0.0.1:1",
            REFUSED,
        ),
    ],
)
def test_a_server_that_is_none(server: str, last: str, terminal: Terminal) -> None:
    done = terminal.run(f"kubectl get pods -s {server}")
    assert (done.stderr.splitlines()[-1], done.returncode) == (last, 1)


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("https://[::1", "missing ']' in host"),
        ("https://%zz", 'invalid URL escape "%zz"'),
        ("'http://a b/x'", 'invalid character " " in host name'),
    ],
)
def test_a_manifest_at_a_url_that_is_none(url: str, why: str, terminal: Terminal) -> None:
    bare = url.strip("'")
    said = f'error: the URL passed to filename "{bare}" is not valid: parse "{bare}": {why}\n'
    assert terminal.run(f"kubectl apply -f {url}").stderr == said


@pytest.mark.parametrize("form", ["jsonpath-file", "go-template-file", "templatefile"])
@pytest.mark.parametrize(
    ("path", "why"), [("/etc", "read /etc: is a directory"), ("/nosuch", "open /nosuch: no such file or directory")]
)
def test_a_template_in_no_file(form: str, path: str, why: str, terminal: Terminal) -> None:
    done = terminal.run(f"kubectl label -f p.yaml --local a=b -o {form}={path}")
    assert done.stderr == f"error: error reading --template {path}, {why}\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"apiVersion":"v1","kind":"List","items":2}', "number into Go struct field decodeList.items"),
        ('{"apiVersion":"v1","kind":"PodList","items":"x"}', "string into Go struct field decodeList.items"),
        ('{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a"},"x":1e400}', "number 1e400 into Go value"),
        ("a: " + "[" * 10001 + "]" * 10001, "yaml: exceeded max depth of 10000"),
    ],
)
def test_a_manifest_that_holds_what_it_cannot(text: str, said: str, terminal: Terminal) -> None:
    terminal.machine.files.write("/root/odd", text)
    done = terminal.run("kubectl label -f odd --local a=b -o json")
    assert done.returncode == 1
    assert said in done.stderr
