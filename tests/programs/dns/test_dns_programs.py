"""``getent``, ``nslookup``, ``dig`` and ``host`` beyond the recorded cases: bad input never gets a Python error."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kubesim.network.dns.message import DnsQuery, DnsRecord, DnsResponse
from kubesim.programs.dns.busybox_nslookup import busybox_nslookup
from kubesim.programs.dns.dig import dig
from kubesim.programs.dns.getent import getent, musl_getent
from kubesim.programs.dns.host import host
from kubesim.programs.dns.message_text import in_columns
from kubesim.programs.dns.nslookup import nslookup
from kubesim.programs.machine import Machine
from kubesim.simulation import Simulation
from kubesim.userland.filesystem import FileSystem
from kubesim.userland.process import Completed, Program, Start
from tests.network.dns.surroundings import Network

PROGRAMS: dict[str, Program] = {
    "getent": getent,
    "musl_getent": musl_getent,
    "nslookup": nslookup,
    "busybox_nslookup": busybox_nslookup,
    "dig": dig,
    "host": host,
}


def answer(query: DnsQuery) -> DnsResponse:
    if query.type == "A" and query.name.startswith("web."):
        return DnsResponse(answer=(DnsRecord(query.name, "A", "10.43.0.7", 5),), authoritative=True)
    return DnsResponse("NXDOMAIN")


def run(program: str, *words: str, stdin: str = "") -> Completed:
    files = FileSystem()
    files.make_directory("/etc", parents=True)
    files.write("/etc/resolv.conf", "search default.svc.cluster.local\nnameserver 10.43.0.10\noptions ndots:5\n")
    files.write("/etc/hosts", "127.0.0.1 localhost\n")
    files.write("/etc/services", "http\t\t80/tcp\twww\ndomain 53/udp\n")
    files.write("/etc/passwd", "root:x:0:0:root:/root:/bin/bash\n")
    machine = Machine(
        "pod/default/client", "client", files, PROGRAMS, Simulation(), sockets=Network({"10.43.0.10": answer})
    )  # type: ignore[arg-type]
    done = PROGRAMS[program](Start((program, *words), machine, stdin))
    assert isinstance(done, Completed)
    return done


@pytest.mark.parametrize(
    ("words", "stdout", "status"),
    [
        (("hosts", "web"), "10.43.0.7       web.default.svc.cluster.local\n", 0),
        (("hosts", "wbe"), "", 2),
        (("services", "http"), "http                  80/tcp www\n", 0),
        (("services", "53/udp"), "domain                53/udp\n", 0),
        (("passwd", "root"), "root:x:0:0:root:/root:/bin/bash\n", 0),
        (("passwd", "nobody"), "", 2),
        (("ahostsv6", "web"), "::ffff:10.43.0.7 STREAM web.default.svc.cluster.local\n", 0),
    ],
)
def test_getent(words: tuple[str, ...], stdout: str, status: int) -> None:
    done = run("getent", *words)
    assert done.stdout.splitlines()[:1] == stdout.splitlines()
    assert done.returncode == status


def test_getent_of_an_unknown_database() -> None:
    done = run("getent", "colours", "red")
    assert (done.returncode, done.stderr.splitlines()[0]) == (1, "Unknown database: colours")


@pytest.mark.parametrize(
    ("words", "first"),
    [
        (("+short", "web.default.svc.cluster.local"), "10.43.0.7"),
        (("+search", "+short", "web"), "10.43.0.7"),
        (("+noall", "+answer", "web.x"), "web.x.\t\t\t5\tIN\tA\t10.43.0.7"),
        (("+noall", "+answer", "+nottlid", "web.x"), "web.x.\t\t\tIN\tA\t10.43.0.7"),
    ],
)
def test_dig(words: tuple[str, ...], first: str) -> None:
    assert run("dig", *words).stdout.splitlines()[0] == first


@pytest.mark.parametrize(("words", "status"), [(("+nosuch", "x"), 1), (("a" * 64,), 10), (("@no.such.server", "x"), 1)])
def test_dig_refuses_in_words(words: tuple[str, ...], status: int) -> None:
    done = run("dig", *words)
    assert done.returncode == status
    assert done.stderr


@pytest.mark.parametrize(
    ("fields", "line"),
    [
        ([".", "30", "IN", "SOA", "x"], ".\t\t\t30\tIN\tSOA\tx"),
        (
            ["myservice.default.svc.cluster.local.", "5", "IN", "A", "x"],
            "myservice.default.svc.cluster.local. 5 IN A\tx",
        ),
    ],
)
def test_columns(fields: list[str], line: str) -> None:
    assert in_columns(fields, (24, 32, 40, 48)) == line


word = st.one_of(
    st.sampled_from(
        ["hosts", "ahosts", "web", "-t", "-x", "SRV", "@10.43.0.10", "+short", "-type=srv", "+tries=0", "-p"]
    ),
    st.sampled_from(["10.42.0.1", "::1", ".", "", "+time=x", "-", "+", "@", "-W", "0", "a" * 64, ("a" * 60 + ".") * 5]),
    st.text(max_size=20),
)


@settings(max_examples=300)
@given(st.sampled_from(sorted(PROGRAMS)), st.lists(word, max_size=4), st.text(max_size=40))
def test_any_command_line_ends(program: str, words: list[str], stdin: str) -> None:
    done = run(program, *words, stdin=stdin)
    assert 0 <= done.returncode < 256
