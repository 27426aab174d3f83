"""Programs are found by name, and loaded when they are first looked up."""

from __future__ import annotations

import pytest

from kubesim.programs.program_table import BUSYBOX, COMMON, IMAGES, not_simulated, programs_named


@pytest.mark.parametrize("home", sorted({*COMMON.values(), *BUSYBOX.values(), *IMAGES.values()}))
def test_every_home_holds_a_program(home: str) -> None:
    flavours = [("debian", COMMON), ("busybox", BUSYBOX), ("debian", IMAGES)]
    flavour, name = next((f, n) for f, table in flavours for n, where in table.items() if where == home)
    assert callable(programs_named([name], flavour)[name])


@pytest.mark.parametrize(
    ("name", "flavour", "module"),
    [
        ("nslookup", "debian", "kubesim.programs.dns.nslookup"),
        ("nslookup", "alpine", "kubesim.programs.dns.busybox_nslookup"),
        ("nslookup", "busybox", "kubesim.programs.dns.busybox_nslookup"),
        ("curl", "alpine", "kubesim.programs.curl.command"),
        ("coredns", "static", "kubesim.programs.coredns"),
    ],
)
def test_an_image_has_the_version_of_its_family(name: str, flavour: str, module: str) -> None:
    assert programs_named([name], flavour)[name].__module__ == module


def test_a_program_that_is_not_simulated_is_there_and_says_so() -> None:
    programs = programs_named(["perl"], "debian")
    assert "perl" in programs and "ruby" not in programs
    assert programs["perl"] is not_simulated
    assert list(programs) == ["perl"] and len(programs) == 1
