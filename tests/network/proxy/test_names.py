"""Expected names are those that a real kube-proxy 1.36 wrote (recorded)."""

import pytest

from kubesim.network.proxy.names import ServicePortName, endpoint_chain, nft_base, nft_endpoint_base, service_hash


@pytest.mark.parametrize(
    ("name", "hashed"),
    [
        (ServicePortName("default", "np-three"), "PQJP5EQYHCEM4KYQ"),
        (ServicePortName("default", "cip-multi", "http"), "RTGX3FVST5KO4LKT"),
        (ServicePortName("kube-system", "kube-dns", "dns", "UDP"), "TCOU7JCQXEZGVUNU"),
    ],
)
def test_service_chains(name: ServicePortName, hashed: str) -> None:
    assert service_hash(name) == hashed


def test_endpoint_chains() -> None:
    name = ServicePortName("kube-system", "kube-dns", "dns", "UDP")
    assert endpoint_chain(name, "10.42.0.2:53") == "KUBE-SEP-VOJ5KSDSMKF2NGVM"


def test_nftables_names() -> None:
    name = ServicePortName("kube-system", "kube-dns", "dns", "UDP")
    assert nft_base(name) == "FY5PMXPG-kube-system/kube-dns/udp/dns"
    name = ServicePortName("default", "cip-aff")
    assert nft_endpoint_base(name, "10.42.0.39", 8080) == "HFPEH2FC-default/cip-aff/tcp/__10.42.0.39/8080"


def test_a_long_name_is_cut() -> None:
    name = nft_base(ServicePortName("n" * 63, "s" * 200, "p"))
    assert len(name) == 240 and name.endswith("...")


def test_a_name_as_comments_have_it() -> None:
    assert str(ServicePortName("ns", "svc", "http")) == "ns/svc:http"
    assert str(ServicePortName("ns", "svc")) == "ns/svc"
