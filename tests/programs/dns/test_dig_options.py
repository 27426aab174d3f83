"""dig's command line, as its manual describes it."""

import pytest

from kubesim.programs.dns.dig_options import DigUsageError, parse_arguments


@pytest.mark.parametrize(
    ("line", "name", "kind", "server", "port"),
    [
        ("", ".", "NS", None, 53),
        ("web", "web", None, None, 53),
        ("web AAAA", "web", "AAAA", None, 53),
        ("AAAA web", "web", "AAAA", None, 53),
        ("@10.43.0.10 web", "web", None, "10.43.0.10", 53),
        ("web @10.43.0.10 -p 5353", "web", None, "10.43.0.10", 5353),
        ("-x 10.43.0.10", "10.0.43.10.in-addr.arpa.", "PTR", None, 53),
        ("-t SRV -q web", "web", "SRV", None, 53),
    ],
)
def test_one_question(line: str, name: str, kind: str | None, server: str | None, port: int) -> None:
    (found,) = parse_arguments(line.split())
    assert (found.name.rstrip(".") or "." if found.name else None) == (name.rstrip(".") or ".")
    assert (found.type, found.server, found.port) == (kind, server, port)


def test_options_before_the_first_name_hold_for_all_names() -> None:
    first, second = parse_arguments(["+noedns", "one", "+tcp", "two"])
    assert not first.on("edns") and not second.on("edns")
    assert first.on("tcp") and not second.on("tcp")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("-Z web", "Invalid option: -Z"),
        ("+nosuch web", "Invalid option: +nosuch"),
        ("-x web", "Invalid IP address web"),
        ("-p 70000 web", "Couldn't parse port number"),
    ],
)
def test_what_is_refused(line: str, message: str) -> None:
    with pytest.raises(DigUsageError) as caught:
        parse_arguments(line.split())
    assert str(caught.value) == message
