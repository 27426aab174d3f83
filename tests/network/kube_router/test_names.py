"""kube-router's names: the letters are those that real clusters show."""

from __future__ import annotations

import pytest

from kubesim.network.kube_router.names import peer_set, policy_chain, port_set, signed, target_set

CALL = ("-m", "comment", "--comment", "kube-router netpol", "-j")
OLD = "allow traffic to primary cluster IP range"


@pytest.mark.parametrize(
    ("comment", "chain", "words", "letters"),
    [
        ("kube-router netpol", "INPUT", (*CALL, "KUBE-ROUTER-INPUT"), "4IA2OSFRMVNDXBVV"),
        ("kube-router netpol", "FORWARD", (*CALL, "KUBE-ROUTER-FORWARD"), "TEMCG2JMHZYE7H7T"),
        ("kube-router netpol", "OUTPUT", (*CALL, "KUBE-ROUTER-OUTPUT"), "VEAAIY32XVBHCSCY"),
        (
            OLD,
            "KUBE-ROUTER-INPUT",
            ("-m", "comment", "--comment", OLD, "-d", "10.43.0.0/16", "-j", "RETURN"),
            "TZZOAXOCHPHEHX7M",
        ),
    ],
    ids=["INPUT", "FORWARD", "OUTPUT", "a rule of kube-router 1"],
)
def test_a_rule_that_is_found_again_has_its_own_hash(
    comment: str, chain: str, words: tuple[str, ...], letters: str
) -> None:
    assert signed(comment, chain, *words) == f"{comment} - {letters}"


def test_a_chain_has_another_name_after_every_sync_and_sets_keep_theirs() -> None:
    assert policy_chain("default", "p", "1") != policy_chain("default", "p", "2")
    names = [
        target_set("SRC", "default", "p"),
        target_set("DST", "default", "p"),
        *(
            peer_set(side, "default", "p", n, of)
            for side in ("SRC", "DST")
            for n in (0, 1)
            for of in ("pod", "ipblock")
        ),
        *(port_set(way, "default", "p", n, k) for way in ("ingress", "egress") for n in (0, 1) for k in (0, 1)),
    ]
    assert len(set(names)) == len(names)
    # the kernel takes names of sets of up to 31 letters, iptables names of chains of up to 28
    assert all(len(name) <= 31 for name in names)
    assert len(policy_chain("default", "p", "1")) <= 28
