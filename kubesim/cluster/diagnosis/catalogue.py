"""Every rule of the diagnosis: what it means, why it happens, how to see it and how to mend it.

``docs/diagnosis.md`` and the rules of a SARIF report are written from this one table.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule.

    :param title: what it means in general.
    :param why: why the request fails then, and what usually led there.
    :param look: the command that shows it; words in braces stand for names of the question and of the evidence.
    :param mend: what mends it.
    """

    title: str
    why: str
    look: str
    mend: str


_SERVICE = "kubectl get service {service} -n {namespace} -o yaml"
_PODS = "kubectl get pods -n {namespace} --show-labels"
_POD = "kubectl describe pod {pod} -n {namespace}"
_SLICES = "kubectl get endpointslices -n {namespace} -l kubernetes.io/service-name={service} -o yaml"
_LOOKUP = "kubectl exec {asker} -n {asking} -- nslookup {host}"

RULES = MappingProxyType(
    {
        "source-not-running": Rule(
            "The Pod that asks does not run.",
            "A Pod that is pending, or over, sends nothing.",
            "kubectl describe pod {asker} -n {asking}",
            "Mend the Pod, or ask from one that runs.",
        ),
        "name-not-found": Rule(
            "The name has no address.",
            "Neither a Service nor a host of the cluster has it; most often it is a typing mistake.",
            _LOOKUP,
            "Ask for the name that the Service has.",
        ),
        "wrong-namespace": Rule(
            "The Service of that name is in another namespace.",
            "A name without a namespace is looked up in the namespace of the Pod that asks, and nowhere else.",
            "kubectl get services -A --field-selector metadata.name={first}",
            "Ask for NAME.NAMESPACE.",
        ),
        "pod-name-not-under-service": Rule(
            "The Pod has no name under that Service.",
            "DNS gives a Pod a name only under the headless Service that its `subdomain` names, by its `hostname`; a "
            "StatefulSet sets both, the subdomain to its `serviceName`.",
            "kubectl get pod {pod} -n {namespace} -o jsonpath='{{.spec.hostname}}.{{.spec.subdomain}}'",
            "Ask for the name under the right Service, or make the Service whose name is the subdomain, headless.",
        ),
        "pod-not-asking-cluster-dns": Rule(
            "The Pod does not ask the cluster's DNS server.",
            "With `dnsPolicy: Default`, and in the host's network without `ClusterFirstWithHostNet`, a Pod has the "
            "node's resolver, which knows no Service.",
            "kubectl get pod {asker} -n {asking} -o jsonpath='{{.spec.dnsPolicy}} {{.spec.hostNetwork}}'",
            "Set dnsPolicy to ClusterFirst, in the host's network to ClusterFirstWithHostNet.",
        ),
        "dns-silent": Rule(
            "No DNS server answered.",
            "The Service of the DNS server has no ready endpoint, or nothing gets there.",
            "kubectl get pods -n kube-system -l k8s-app=kube-dns",
            "Let the DNS server's Pods become ready.",
        ),
        "external-name-missing-target": Rule(
            "An ExternalName leads to a name that nobody has.",
            "The DNS server answers with the other name, and that one does not exist.",
            _SERVICE,
            "Set spec.externalName to a name that exists.",
        ),
        "external-name-is-address": Rule(
            "An ExternalName is an IP address.",
            "The field is a name, never an address: DNS looks for a host whose name is those digits.",
            _SERVICE,
            "Use a Service without a selector, and an EndpointSlice with the address.",
        ),
        "external-name-loop": Rule(
            "An ExternalName leads back to itself.",
            "Each name is only another name for the next one, and none has an address.",
            _SERVICE,
            "Let one of them name a host that has an address.",
        ),
        "external-name-host": Rule(
            "The server behind an ExternalName is asked by the wrong name.",
            "DNS changes the address only. The client still sends the Service's name, as the Host of HTTP and for the "
            "certificate of TLS, and the server knows only its own.",
            _SERVICE,
            "Ask for the external name itself.",
        ),
        "service-has-no-address": Rule(
            "The Service has no cluster IP (headless or ExternalName), so no rule is for it.",
            "The name of a headless Service has the addresses of its ready Pods, and there is none.",
            _SERVICE,
            "Let it select Pods that are ready, or give it a cluster IP.",
        ),
        "no-service-at-address": Rule(
            "No Service has the address, though it is in the range of cluster IPs.",
            "Cluster IPs live only in the rules for Services; a Service made anew usually gets another one.",
            "kubectl get services -A | grep -F {host}",
            "Ask for the Service's name.",
        ),
        "port-not-in-service": Rule(
            "The Service has no such port.",
            "Only the ports in its `spec.ports` are forwarded; containers' ports are not reached at its address.",
            _SERVICE,
            "Ask for a port that it has, or add the port.",
        ),
        "protocol-not-in-service": Rule(
            "The Service has the port for another protocol only.",
            "A port is of one protocol: TCP where nothing is said. UDP sent to a TCP port matches no rule.",
            _SERVICE,
            "Ask by the protocol that it has, or add a port of the other one.",
        ),
        "selector-matches-nothing": Rule(
            "No Pod has the labels that the Service selects.",
            "All labels of the selector must be on a Pod, in the Service's own namespace, letter by letter.",
            _PODS,
            "Let the selector be the labels that the Pods have, or start a Pod with those of the selector.",
        ),
        "no-selector-no-endpoints": Rule(
            "The Service selects nothing and nobody gave it endpoints.",
            "Without a selector no controller writes its EndpointSlices.",
            _SLICES,
            "Add a selector, or an EndpointSlice with the Service's name as its label.",
        ),
        "pods-not-ready": Rule(
            "The selected Pods are not ready.",
            "Only a Pod whose Ready condition is True gets traffic from a Service.",
            _POD,
            "Mend what the Pod waits for: its image, its command, its readiness probe.",
        ),
        "readiness-gate": Rule(
            "The Pod waits for a readiness gate.",
            "Its containers are ready, but a condition in its `readinessGates`, which somebody else sets, is not True; "
            "a load balancer's controller usually sets it.",
            _POD,
            "Let the controller that sets the condition run, or take the gate out of the Pod's template.",
        ),
        "host-port-taken": Rule(
            "The Pod cannot be placed, because its host port is taken.",
            "Two Pods with the same `hostPort` cannot be on one node.",
            "kubectl get pods -A -o wide --field-selector spec.nodeName!=",
            "Take hostPort away and use a Service, or have fewer such Pods than nodes.",
        ),
        "slice-port-name": Rule(
            "The slice's port has another name than the Service's.",
            "kube-proxy joins the ports of a Service and of its slices by name; one that is alone has no endpoints. It "
            "happens with slices that somebody wrote by hand.",
            _SLICES,
            "Give the slice's port the name of the Service's port.",
        ),
        "slice-fqdn": Rule(
            "The slice holds names instead of addresses.",
            "kube-proxy passes over slices of address type FQDN.",
            _SLICES,
            "Write a slice of addresses, or make the Service an ExternalName.",
        ),
        "target-port-name-unknown": Rule(
            "No container port has the name that the Service's targetPort says.",
            "A Pod that has no port of that name gets no endpoint port, and so no traffic.",
            "kubectl get pods -n {namespace} -o jsonpath='{{.items[*].spec.containers[*].ports}}'",
            "Name the container's port so, or use its number.",
        ),
        "target-port-closed": Rule(
            "Nothing in the Pod listens on the targetPort.",
            "The packet gets to the Pod, and its kernel refuses: the program listens on another port, or only on "
            "127.0.0.1.",
            _SERVICE,
            "Set targetPort to the port on which the program listens.",
        ),
        "port-closed": Rule(
            "Nothing on the machine listens on the port.",
            "The packet gets there, and the kernel refuses. A node port answers only while a Service has it.",
            "kubectl get services -A",
            "Ask for the port on which something listens.",
        ),
        "no-local-endpoint": Rule(
            "A Local traffic policy, and no endpoint on the node.",
            "With the policy Local a node hands traffic only to endpoints of its own, and drops it where it has none.",
            _SERVICE,
            "Set the policy to Cluster, or run an endpoint on every node.",
        ),
        "source-not-admitted": Rule(
            "The load balancer's source ranges leave the sender out.",
            "`loadBalancerSourceRanges` admits only the ranges it lists.",
            _SERVICE,
            "Add the sender's range.",
        ),
        "own-firewall": Rule(
            "The sender's own firewall does not let it out.",
            "The packet ends on the machine that asks; the cluster never sees it.",
            "iptables -S OUTPUT",
            "Ask for a port that the firewall lets out, or give the Service such a port.",
        ),
        "policy-refuses": Rule(
            "A NetworkPolicy does not let it pass.",
            "As soon as one policy selects a Pod for a direction, only what some policy allows that way passes.",
            "kubectl get networkpolicies -n {namespace} -o yaml",
            "Allow the sender, or the destination, and the port in a policy.",
        ),
        "policies-not-enforced": Rule(
            "NetworkPolicies select a Pod, and nobody in the cluster enforces them.",
            "The API server keeps policies whoever enforces them; flannel alone does not.",
            "kubectl get networkpolicies -n {namespace} -o yaml",
            "Install a network plugin that enforces them.",
        ),
        "cluster-ip-from-outside": Rule(
            "A cluster IP was asked from a machine outside the cluster.",
            "The address is nowhere in the network: it is in the rules of the nodes only.",
            _SERVICE,
            "Use a node port or a load balancer.",
        ),
        "pod-ip-from-outside": Rule(
            "A Pod's address was asked from a machine outside the cluster.",
            "Only the cluster's machines have a route to it.",
            "kubectl get pods -A -o wide",
            "Use a Service of type NodePort or LoadBalancer.",
        ),
        "address-of-nobody": Rule(
            "No machine has the address.",
            "Pods come back with new addresses; what remembers an old one asks nobody.",
            "kubectl get pods -A -o wide",
            "Ask for the Service's name.",
        ),
        "load-balancer-pending": Rule(
            "The Service waits for a load balancer's address.",
            "Nobody in the cluster provides load balancers, or has none left.",
            "kubectl describe service {service} -n {namespace}",
            "Install a provider, or use the node port.",
        ),
        "service-selects-other-pods": Rule(
            "The Service does not select the Pod of its own name.",
            "It works, but hardly as meant: the selector is another one's.",
            _PODS,
            "Let it select the labels of that Pod.",
        ),
    }
)
"""The rules by their ids, which stay the same."""


def page() -> str:
    """The page of all rules, as Markdown."""
    lines = [
        "# What a diagnosis finds",
        "",
        "Written by `python -m kubesim.cluster.diagnosis.catalogue` from the table in that module. The names of the",
        "rules stay the same, so that exercises, scripts and reports can refer to them.",
    ]
    for name, rule in RULES.items():
        look = rule.look.replace("{{", "{").replace("}}", "}")
        lines += ["", f"## {name}", "", f"**{rule.title}**", "", rule.why, "", "To see it:", "", "```sh", look, "```"]
        lines += ["", f"To mend it: {rule.mend}"]
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    print(page(), end="")
