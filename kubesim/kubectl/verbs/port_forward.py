"""``kubectl port-forward``: a port of this machine that leads into a Pod, past every Service.

A real one runs until Ctrl-C. Here it opens, sends one request through, so that a learner sees the Pod answer, and
closes.
"""

from __future__ import annotations

from kubesim.kubectl.call import Call, Verb
from kubesim.kubectl.errors import KubectlError, UsageError
from kubesim.kubectl.flags import Flag
from kubesim.kubectl.forwarding import split_port, translate_ports
from kubesim.kubectl.mapper import resource_type
from kubesim.kubectl.pods import pod_of


def port_forward(call: Call) -> int:
    """Open the tunnel, let one request through each port, and close it."""
    if len(call.arguments) < 2:
        raise UsageError(call.command, "TYPE/NAME and list of ports are required for port-forward")
    word, ports = call.arguments[0], list(call.arguments[1:])
    pod = pod_of(call, word)
    kind = word.partition("/")[0] if "/" in word else "pods"
    if resource_type(kind).kind == "Service":
        service = call.api.get(resource_type("services"), word.partition("/")[2], call.namespace)
        ports = translate_ports(ports, service, pod)
    phase = (pod.get("status") or {}).get("phase", "")
    if phase != "Running":
        raise KubectlError(f"unable to forward port because pod is not running. Current status={phase}")
    address = call.flags.text("address")
    for port in ports:
        local, remote = split_port(port, call.simulation.random("port-forward"))
        call.say(f"Forwarding from {'127.0.0.1' if address == 'localhost' else address}:{local} -> {remote}")
        if address == "localhost":
            call.say(f"Forwarding from [::1]:{local} -> {remote}")
        _one_request(call, pod, local, remote)
    return 0


def _one_request(call: Call, pod: dict[str, object], local: int, remote: int) -> None:
    answered = call.api.answers(pod, remote)
    call.say(f"Handling connection for {local}")
    if not answered:
        raise KubectlError(
            f"lost connection to pod: an error occurred forwarding {local} -> {remote}: failed to connect to "
            f"localhost:{remote} inside the Pod's network namespace: connect: connection refused"
        )


VERB = Verb(
    "port-forward",
    port_forward,
    "TYPE/NAME [options] [LOCAL_PORT:]REMOTE_PORT [...[LOCAL_PORT_N:]REMOTE_PORT_N]",
    "Forward one or more local ports to a pod",
    group="Troubleshooting and Debugging Commands",
    flags=(
        Flag("address", default="localhost", help="Where to listen."),
        Flag("pod-running-timeout", "duration", default="1m0s", help="How long to wait for a Pod."),
    ),
)
