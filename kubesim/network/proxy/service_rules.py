"""What both modes of kube-proxy decide alike for one Service port, before either writes a rule."""

from __future__ import annotations

from kubesim.network.proxy.endpoints import Categorized
from kubesim.network.proxy.names import ServicePortName
from kubesim.network.proxy.service_ports import ServicePort


class ServiceRules:
    """One Service port and its usable endpoints on a node.

    ``has_internal`` and ``has_external`` say whether traffic from inside and from outside the cluster finds an endpoint
    under its traffic policy; ``guarded``, whether only some sources may use the load balancer's addresses.
    """

    def __init__(self, name: ServicePortName, port: ServicePort, usable: Categorized) -> None:
        self.name = name
        self.port = port
        self.usable = usable
        self.has_internal = usable.any and (bool(usable.local) or not port.internal_policy_local)
        self.has_external = usable.any and (bool(usable.local) or not port.external_policy_local)
        self.guarded = bool(usable.any and port.load_balancer_vips and port.load_balancer_source_ranges)
