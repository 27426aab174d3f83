"""How the parts of a cluster are joined: one place where every part meets the others."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache, partial

from kubesim.api.objects import Node
from kubesim.api.server import ApiServer, ApiSettings
from kubesim.api.store import Store
from kubesim.cluster.addressing import Addressing
from kubesim.cluster.boot import certificate, node_hosts_file
from kubesim.cluster.configuration import ClusterConfiguration, ClusterFileError, NodeFile
from kubesim.cluster.on_demand import workload_controllers
from kubesim.controllers.client import Client
from kubesim.controllers.containers import SimulatedContainers
from kubesim.controllers.deployment import DeploymentController
from kubesim.controllers.endpoints import EndpointsController, EndpointSliceMirroringController
from kubesim.controllers.events import NORMAL, EventRecorder
from kubesim.controllers.garbage_collector import GarbageCollector
from kubesim.controllers.kubelet import Kubelet
from kubesim.controllers.kubelet.node import KubeletContext, NodeAddresses, NodeState
from kubesim.controllers.kubernetes_service import KEY, KubernetesServiceController
from kubesim.controllers.loadbalancer import ExternalBalancer
from kubesim.controllers.manager import Controller, Manager
from kubesim.controllers.namespaces import NamespaceController
from kubesim.controllers.network_policies import NetworkPolicyController
from kubesim.controllers.node_lifecycle import NodeLifecycleController
from kubesim.controllers.pod_garbage_collector import PodGarbageCollector
from kubesim.controllers.proxies import KubeProxies
from kubesim.controllers.replicaset import ReplicaSetController
from kubesim.controllers.runtime import ContainerRuntime
from kubesim.controllers.scheduler import Scheduler
from kubesim.controllers.service_health import ServiceHealth
from kubesim.controllers.service_ranges import ClusterAddressRepair, ServiceCIDRController
from kubesim.network.dns import resolv_conf
from kubesim.network.kube_router.firewall import Ranges
from kubesim.network.network import Network
from kubesim.network.proxy import ProxyConfig
from kubesim.network.rules import firewall_ruleset
from kubesim.network.sockets import Sockets
from kubesim.network.topology import Backend
from kubesim.programs import nginx as _most_pods_run_it  # noqa: F401 - loaded with the cluster, not within the first line
from kubesim.programs.images import ImageCatalogue, skeleton
from kubesim.programs.kernel_files import kernel_file
from kubesim.programs.machine import Machine
from kubesim.programs.node_daemons import listen_on_node
from kubesim.programs.program_table import COMMON, programs_named
from kubesim.simulation import EPOCH, Simulation
from kubesim.userland.filesystem import FileSystem, Layer
from kubesim.userland.machine import DEFAULT_PATH
from kubesim.userland.process import Program

HOME = "/root"
ACCOUNTS = """\
root:x:0:0:root:/root:/bin/bash
daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin
nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin
"""
GROUPS = """\
root:x:0:
daemon:x:1:
nogroup:x:65534:
"""

RuntimeFactory = Callable[[SimulatedContainers], ContainerRuntime]
"""Makes another container runtime, given the cluster's own, to which it may hand work on."""


@dataclass(slots=True)
class Parts:
    """The parts of one cluster."""

    configuration: ClusterConfiguration
    simulation: Simulation
    store: Store
    api: ApiServer
    client: Client
    network: Network
    manager: Manager
    events: EventRecorder
    proxies: KubeProxies
    containers: SimulatedContainers
    runtime: ContainerRuntime
    kubelet: Kubelet
    lifecycle: NodeLifecycleController
    kubernetes: KubernetesServiceController
    balancers: Sequence[Controller]
    machines: dict[str, Machine] = field(default_factory=dict)

    def bring_up(self) -> None:
        """Start the controllers; the nodes and namespaces are there already."""
        self.kubernetes.reconcile(KEY)
        client, events, manager, simulation = self.client, self.events, self.manager, self.simulation
        pins = self.configuration.pins.pods
        scheduling = client.of(self.configuration.program_of("kube-scheduler"))
        controllers: tuple[Controller, ...] = (
            NamespaceController(manager, client, certificate(self.configuration)),
            DeploymentController(simulation, manager, client, events),
            ReplicaSetController(simulation, manager, client, events),
            Scheduler(simulation, manager, scheduling, events, _placements(self.configuration, pins)),
            self.kubelet,
            EndpointsController(client, events),
            EndpointSliceMirroringController(client),
            *self.balancers,
            self.lifecycle,
            GarbageCollector(simulation, manager, client),
            PodGarbageCollector(simulation, manager, client),
            ServiceCIDRController(simulation, manager, client),
            ClusterAddressRepair(simulation, manager, client, events, self.api.addresses),
            self.kubernetes,
        )
        for controller in controllers:
            manager.add(controller)
        for make, kinds in workload_controllers(simulation, manager, client, events):
            manager.add_with_first(make, *kinds)
        for node in self.store.list("Node"):
            name = node["metadata"]["name"]
            message = f"Node {name} event: Registered Node {name} in Controller"
            events.record(node, NORMAL, "RegisteredNode", message, component="node-controller")

    def fail_node(self, name: str) -> None:
        """A node stops dead."""
        self.kubelet.power_off(name)
        self.network.remove_node(name)
        self.lifecycle.stopped(name)

    def recover_node(self, name: str) -> None:
        """A node comes back; one that is up stays as it is."""
        node = self.store.view(Node, name)
        if node is not None and not self.kubelet.node(name).alive:
            address = self.kubelet.node(name).address
            self.network.add_node(name, address, node.spec.podCIDR)
            start_node_daemons(self, next(each for each in self.configuration.nodes if each.name == name))
            self.lifecycle.returned(name)
            self.kubelet.power_on(name)


def wire_parts(
    configuration: ClusterConfiguration,
    seed: int,
    runtime: RuntimeFactory | None,
    *,
    start: datetime = EPOCH,
    controllers: bool = True,
    addressing: Addressing | None = None,
) -> Parts:
    """Make and join all parts; nothing runs yet.

    :param addressing: None takes the configuration's.
    """
    ground = addressing or Addressing.of(configuration)
    simulation = Simulation(seed, start)
    store = Store()
    networks = configuration.networks
    settings = ApiSettings(ground.services, networks.node_port_range, dict(configuration.pins.services))
    api = ApiServer(simulation, store, settings)
    client = Client(api, store, configuration.program_of("kube-controller-manager"))
    backend = Backend.named(configuration.flannel.backend, configuration.flannel.mtu)
    network = Network(simulation, pod_prefix=ground.pods, gateway=ground.gateway, backend=backend, lan=ground.lan)
    proxies = KubeProxies(store, network, proxy_config(configuration, ground))
    network.ruleset_provider = on_node = network.port_map.over(proxies.rules)
    ServiceHealth(store, network)
    if configuration.networkPolicy == "kube-router":
        ranges = Ranges(networks.services, networks.node_port_range)
        policies = NetworkPolicyController(simulation, store, network, on_node, ranges)
        network.ruleset_provider, network.listing_provider = policies.rules, policies.listed
    manager = Manager(simulation, store)
    events = EventRecorder(simulation, client)
    containers = SimulatedContainers(
        simulation,
        network,
        store,
        _images(configuration),
        cluster_dns=ground.dns,
        cluster_domain=ground.domain,
        node_resolv_conf=_resolver(configuration),
        node_hosts=node_hosts_file(configuration.nodes[0]),
    )
    chosen = containers if runtime is None else runtime(containers)
    nodes = configuration.nodes if controllers else []
    states = [
        NodeState(node.name, node.address, NodeAddresses(node.podCIDR, configuration.pins.pods)) for node in nodes
    ]
    at_nodes = client.of(configuration.program_of("kubelet"))
    kubelet = Kubelet(KubeletContext(simulation, at_nodes, events, network, chosen), states)
    containers.on_signal = kubelet.signalled
    servers = [node.address for node in configuration.nodes if node.controlPlane]
    first = str(ipaddress.IPv4Network(ground.services)[1])
    serving = client.of(configuration.program_of("kube-apiserver"))
    parts = Parts(
        configuration,
        simulation,
        store,
        api,
        client,
        network,
        manager,
        events,
        proxies,
        containers,
        chosen,
        kubelet,
        NodeLifecycleController(simulation, manager, client, events),
        KubernetesServiceController(manager, serving, first, servers),
        _balancers(configuration, simulation, manager, client, events, network),
    )
    for node in nodes:
        network.add_node(node.name, node.address, node.podCIDR)
        add_node_machine(parts, node.name, node_hosts_file(node))
        start_node_daemons(parts, node)
    for name, address in ground.outside:
        ports = ground.firewalls.get(name)
        network.add_outside(name, [address], rules=None if ports is None else firewall_ruleset(ports))
        parts.machines[name] = _host(parts, name, name, "127.0.0.1 localhost\n", None)
    _connect_internet(parts)
    return parts


def _balancers(
    configuration: ClusterConfiguration,
    simulation: Simulation,
    manager: Manager,
    client: Client,
    events: EventRecorder,
    network: Network,
) -> Sequence[Controller]:
    """The controllers that give Services of type LoadBalancer their addresses."""
    wanted, cloud = configuration.loadBalancer, client.of("k3s-cloud-controller-manager")
    if wanted.provider == "external":
        return (ExternalBalancer(simulation, manager, cloud, events, network, wanted.addresses),)
    if wanted.provider == "servicelb":
        from kubesim.controllers.servicelb import ServiceLB, ServiceLBAddresses

        image = f"rancher/klipper-lb:{configuration.release.klipper_lb}"
        return ServiceLB(cloud, events, image), ServiceLBAddresses(cloud, events)
    return ()


def proxy_config(configuration: ClusterConfiguration, addressing: Addressing | None = None) -> ProxyConfig:
    """kube-proxy's configuration, from the cluster file.

    :param addressing: None takes the file's.
    """
    ground = addressing or Addressing.of(configuration)
    proxy = configuration.proxy
    return ProxyConfig(
        mode=proxy.mode,
        pod_prefix=ground.pods,
        masquerade_all=proxy.masqueradeAll,
        node_port_addresses=tuple(proxy.nodePortAddresses),
        localhost_node_ports=proxy.localhostNodePorts,
        service_prefixes=(ground.services,) if proxy.mode == "nftables" else (),
        flannel=ground.flannel,
        release=configuration.release,
    )


def add_node_machine(parts: Parts, name: str, hosts: str) -> None:
    """Give a node of the network a machine to run programs on."""
    machine = f"node/{name}"
    parts.machines[machine] = _host(parts, machine, name, hosts, parts.store)


def start_node_daemons(parts: Parts, node: NodeFile) -> None:
    """Let the kubelet, and on the control plane the API server, listen on a node."""
    first = str(ipaddress.IPv4Network(parts.configuration.networks.services)[1])
    listen_on_node(
        parts.network,
        node.name,
        node.address,
        control_plane=node.controlPlane,
        service_addresses=(first,),
        proxy_mode=parts.configuration.proxy.mode,
    )


@cache
def _server() -> tuple[Layer, Mapping[str, Program]]:
    """The files and the programs of an Ubuntu server, which all hosts share: a cluster may have 5,000 nodes."""
    names = [program for program in COMMON if "entrypoint" not in program and not program.startswith("nginx")]
    return Layer(skeleton("ubuntu", names)), programs_named(names, "ubuntu")


def _host(parts: Parts, name: str, hostname: str, hosts: str, store: Store | None) -> Machine:
    """A machine that somebody sits at, with an Ubuntu server's programs.

    :param name: in traces: ``node/master``, ``laptop``.
    :param hosts: its ``/etc/hosts``.
    :param store: given to nodes, whose programs show what kube-proxy wrote.
    """
    layer, programs = _server()
    files = FileSystem(parts.simulation.unix_time, layer)
    sockets = Sockets(parts.network, name)
    files.kernel = partial(kernel_file, sockets)
    files.make_directory(HOME, parents=True)
    for path, text in (
        ("/etc/passwd", ACCOUNTS),
        ("/etc/group", GROUPS),
        ("/etc/hostname", f"{hostname}\n"),
        ("/etc/hosts", hosts),
        ("/etc/resolv.conf", _resolver(parts.configuration)),
    ):
        files.write(path, text)
    return Machine(
        name=name,
        hostname=hostname,
        files=files,
        sockets=sockets,
        programs=programs,
        simulation=parts.simulation,
        environment={"PATH": DEFAULT_PATH, "HOME": HOME, "HOSTNAME": hostname, "USER": "root", "SHELL": "/bin/bash"},
        store=store,
        flavour="ubuntu",
        directory=HOME,
        kernel=parts.configuration.hardware.kernel,
        has_init=name.startswith("node/"),
    )


def _resolver(configuration: ClusterConfiguration) -> str:
    """A host's ``/etc/resolv.conf``."""
    networks = configuration.networks
    return resolv_conf.render(networks.search, networks.nameservers)


def _placements(configuration: ClusterConfiguration, pins: dict[str, str]) -> dict[str, str]:
    """Pods with a pinned address prefer the node whose range holds it."""
    found = {}
    for pod, address in pins.items():
        for node in configuration.nodes:
            if ipaddress.IPv4Address(address) in ipaddress.IPv4Network(node.podCIDR):
                found[pod] = node.name
    return found


def _images(configuration: ClusterConfiguration) -> ImageCatalogue:
    """The images that can be pulled.

    :raises ClusterFileError: where the file of images does not read as one.
    """
    try:
        return ImageCatalogue.of(configuration.document("images", configuration.images))
    except ClusterFileError:
        raise
    except ValueError as error:
        raise ClusterFileError(f"images must name a catalogue such as data/images.yaml: {error}") from None


def _connect_internet(parts: Parts) -> None:
    """Add the hosts of the Internet, with what listens there.

    :raises ClusterFileError: where its file does not read as one.
    """
    given = parts.configuration.internet
    if not given:
        return
    from kubesim.programs.internet import Internet

    document = parts.configuration.document("internet", given)
    try:
        internet = Internet.of(document)
    except ValueError as error:
        raise ClusterFileError(f"internet must name a file such as data/internet.yaml: {error}") from None
    internet.join(parts.network)
