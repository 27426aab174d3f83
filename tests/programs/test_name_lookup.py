"""Numbers that inet_aton reads (its manual page), and what /etc/hosts answers without a query."""

import pytest

from kubesim.network.dns.message import DnsRecord
from kubesim.network.dns.names import reverse_name
from kubesim.network.dns.public import PublicDns
from kubesim.programs.name_lookup import is_ipv6, look_up, name_of, numeric_address
from tests.programs.lan import SERVER, Lan


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("10.42.0.7", "10.42.0.7"),
        ("10.42.7", "10.42.0.7"),
        ("10.7", "10.0.0.7"),
        ("7", "0.0.0.7"),
        ("10.256", "10.0.1.0"),
        ("0x0a.0x2a.0.7", "10.42.0.7"),
        ("012.0.0.1", "10.0.0.1"),
        ("4294967295", "255.255.255.255"),
        ("4294967296", None),
        ("256.1.1.1", None),
        ("08.1.1.1", None),
        ("1.2.3.4.5", None),
        ("1..2", None),
        ("1.2.3.4 ", None),
        ("1.2.3.4x", None),
        ("web", None),
        ("", None),
        ("१.२.३.४", None),
        ("::1", None),
    ],
)
def test_numeric_addresses(text: str, address: str | None) -> None:
    assert numeric_address(text) == address


@pytest.mark.parametrize(("text", "is_one"), [("::1", True), ("fe80::1", True), ("10.0.0.1", False), ("a:b", False)])
def test_ipv6_addresses(text: str, is_one: bool) -> None:
    assert is_ipv6(text) is is_one


@pytest.mark.parametrize(
    ("name", "addresses", "error"),
    [
        ("server", (SERVER,), ""),
        ("WWW.example.com", (SERVER,), ""),
        ("10.1", ("10.0.0.1",), ""),
        ("::1", ("::1",), ""),
        ("a b", (), "Name or service not known"),
    ],
)
def test_what_a_name_leads_to(name: str, addresses: tuple[str, ...], error: str) -> None:
    found = look_up(Lan().laptop, name)
    assert (found.addresses, found.error, found.seconds) == (addresses, error, 0.0)


def test_the_first_ipv4_address() -> None:
    lan = Lan()
    lan.laptop.files.write("/etc/hosts", "::1 both\n127.0.0.1 both\n::2 six\n")
    assert look_up(lan.laptop, "both").addresses == ("::1", "127.0.0.1")
    assert look_up(lan.laptop, "both").first_ipv4 == "127.0.0.1"
    assert look_up(lan.laptop, "six").first_ipv4 == "::2"


@pytest.mark.parametrize(("address", "name"), [(SERVER, "server"), ("::1", "localhost"), ("10.9.9.9", "")])
def test_the_name_of_an_address(address: str, name: str) -> None:
    assert name_of(Lan().laptop, address) == name


def test_a_name_that_only_the_server_of_resolv_conf_knows() -> None:
    lan = Lan()
    lan.laptop.files.write("/etc/resolv.conf", f"nameserver {SERVER}\n")
    record = DnsRecord(reverse_name("10.42.0.7"), "PTR", "web.example.com.", 5)
    lan.network.listen("server", "UDP", 53, PublicDns.of([record]))
    assert name_of(lan.laptop, "10.42.0.7") == "web.example.com"
    assert name_of(lan.laptop, "10.42.0.8") == ""
