import pytest

from kubesim.network.matches import InInterface, Source
from kubesim.network.proxy.config import DetectLocalMode, LocalDetector, ProxyConfig


@pytest.mark.parametrize(
    ("mode", "value", "match", "text"),
    [
        (DetectLocalMode.CLUSTER_CIDR, "10.42.0.0/16", Source("10.42.0.0/16", True), "ip saddr != 10.42.0.0/16"),
        (DetectLocalMode.NODE_CIDR, "10.42.1.0/24", Source("10.42.1.0/24", True), "ip saddr != 10.42.1.0/24"),
        (DetectLocalMode.BRIDGE_INTERFACE, "cni0", InInterface("cni0", True), 'iifname != "cni0"'),
        (DetectLocalMode.INTERFACE_NAME_PREFIX, "veth", InInterface("veth+", True), 'iifname != "veth*"'),
    ],
)
def test_ways_to_tell_pods(mode: DetectLocalMode, value: str, match: object, text: str) -> None:
    detector = LocalDetector(mode, value)
    assert detector.match(local=False) == match
    assert detector.nft(local=False) == text
    assert detector.nft(local=True) == text.replace("!= ", "")


def test_no_way_to_tell() -> None:
    detector = ProxyConfig(pod_prefix="").detector
    assert not detector.implemented
    with pytest.raises(ValueError, match="cannot be detected"):
        detector.match(local=True)
    with pytest.raises(ValueError, match="cannot be detected"):
        detector.nft(local=True)
