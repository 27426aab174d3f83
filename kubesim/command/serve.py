"""``kubesim serve``: a simulated cluster for real clients, until Ctrl-C."""

from __future__ import annotations

import argparse
import signal
import threading
from datetime import UTC, datetime

from kubesim import serve
from kubesim.command.run import cluster_of
from kubesim.views.journey import Journey


def run(given: argparse.Namespace, _extra: list[str]) -> int:
    """Serve until somebody ends it.

    :raises ValueError: if the cluster file or the journal cannot be read, or the port or the kubeconfig cannot be had.
    :raises LookupError: if ``kubesim[serve]`` is not installed.
    """
    ended = threading.Event()
    with serve.start(cluster_of(given, datetime.now(UTC)), given.port, given.kubeconfig, given.speed) as server:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: ended.set())
        if given.proxy is not None:
            server.forward_from(given.source or "", given.proxy, _show if given.trace else _say_nothing)
        print(f"Serving {server.cluster.configuration.name} at {server.address}. In another terminal:\n")
        print(f"    export KUBECONFIG={server.kubeconfig}\n    kubectl get pods -A\n")
        if server.proxy:
            print(f"    curl -x {server.proxy} http://SERVICE:PORT\n")
        print("Ctrl-C ends it.", flush=True)
        ended.wait()
        if given.save is not None:
            server.cluster.save(given.save)
    return 0


def _show(journey: Journey) -> None:
    print(f"{journey}\n", flush=True)


def _say_nothing(_: Journey) -> None:
    return
