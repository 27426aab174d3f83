"""A cluster for real clients: kubectl, client libraries, operators.

::

    from kubesim import Cluster, serve

    with serve.start(Cluster()) as server:     # or: cluster.serve()
        print(server.kubeconfig)               # export KUBECONFIG=…

The simulated API server listens on loopback, over TLS, for whoever has the kubeconfig; simulated time follows the real
one. A request is first an HTTP message (:mod:`~kubesim.serve.listener`), then a verb on a resource
(:mod:`~kubesim.serve.front`), and then a call at one of the cluster's doors, as any other.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import shutil
import tempfile
import threading
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Self, TypeVar

from kubesim.cluster import Cluster
from kubesim.cluster.places import machine_name
from kubesim.serve import kubeconfig as kubeconfigs
from kubesim.serve.certificate import MissingExtraError, self_signed
from kubesim.serve.clock import FollowingClock
from kubesim.serve.listener import HOST, Listener
from kubesim.views.journey import Journey

__all__ = ["MissingExtraError", "Server", "start"]

T = TypeVar("T")
VARIABLE = "KUBECONFIG"
"""Where clients look for the name of their file."""


class _Loop:
    """An event loop in a thread of its own."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, name="kubesim-listener", daemon=True)
        self._thread.start()

    def run(self, work: Coroutine[None, None, T]) -> T:
        """Have something done there, and wait for it."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result()

    def end(self) -> None:
        """End the loop."""
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.close()


class Server:
    """A cluster that is being served, until :meth:`stop`; made by :func:`start`.

    :ivar address: its URL.
    :ivar kubeconfig: the file with which clients reach it.
    :ivar proxy: the URL of its proxy into the simulated network; empty where it has none.
    """

    def __init__(self, cluster: Cluster, port: int, kubeconfig: Path | None, speed: float) -> None:
        self.cluster = cluster
        self._environment: str | None = None
        self._is_in_environment = False
        token, clock = secrets.token_urlsafe(32), FollowingClock(cluster, speed)
        certificate, tls = self_signed()

        async def listen() -> Listener:
            return Listener(cluster, clock, token, tls, port)

        self._loop: _Loop | None = _Loop()
        try:
            self._listener = self._loop.run(listen())
        except (OSError, OverflowError) as error:
            self._loop.end()
            raise ValueError(f"the port must be one that is free, got {port}: {error}") from None
        self.proxy = ""
        self._own_folder = None if kubeconfig else Path(tempfile.mkdtemp(prefix="kubesim-"))
        self.address = f"https://{HOST}:{self._listener.port}"
        self.kubeconfig = kubeconfig or (self._own_folder or Path()) / "kubeconfig"
        try:
            kubeconfigs.write(self.kubeconfig, self.address, certificate, token)
        except ValueError:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop serving; the cluster stays as it is. The kubeconfig goes, too, where it was nobody's choice."""
        if self._loop is not None:
            self._loop.run(self._listener.stop())
            self._loop.end()
            self._loop = None
        if self._is_in_environment:
            self._is_in_environment = False
            if self._environment is None:
                os.environ.pop(VARIABLE, None)
            else:
                os.environ[VARIABLE] = self._environment
        if self._own_folder is not None:
            shutil.rmtree(self._own_folder, ignore_errors=True)

    def forward_from(
        self, source: str = "", port: int = 0, heard: Callable[[Journey], object] = lambda journey: None
    ) -> str:
        """Let real programs into the simulated network: an HTTP and SOCKS5 proxy on loopback.

        :param source: the machine from which they see it: ``pod/client``, ``node/master``; empty for the one outside.
        :param port: 0 for any that is free.
        :param heard: is told of the way of each request.
        :returns: its URL.
        :raises LookupError: if there is no such machine.
        :raises ValueError: for a port that is taken.
        :raises RuntimeError: where it has one already, or serves no longer.
        """
        if self._loop is None or self.proxy:
            raise RuntimeError("a proxy must be the only one of a server that still serves")
        source = source or next((name for name in self.cluster.machines if not name.startswith("node/")), "node/master")
        machine_name(source, self.cluster.network)
        try:
            taken = self._loop.run(self._listener.forward_from(source, port, heard))
        except (OSError, OverflowError) as error:
            raise ValueError(f"the proxy's port must be one that is free, got {port}: {error}") from None
        self.proxy = f"http://{HOST}:{taken}"
        return self.proxy

    def enter_environment(self) -> None:
        """Have this process' ``KUBECONFIG``, and that of what it starts, name the server until it stops."""
        if not self._is_in_environment:
            self._environment, self._is_in_environment = os.environ.get(VARIABLE), True
        os.environ[VARIABLE] = str(self.kubeconfig)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *problem: object) -> None:
        self.stop()

    def __repr__(self) -> str:
        return f"{self.address}, KUBECONFIG={self.kubeconfig}"


def start(
    cluster: Cluster,
    port: int = 0,
    kubeconfig: Path | str | None = None,
    speed: float = 1.0,
    *,
    environment: bool = False,
) -> Server:
    """Serve a cluster from now on.

    :param port: on loopback; 0 for any that is free.
    :param kubeconfig: where to write the clients' file; None for a temporary one.
    :param speed: simulated seconds in a real one.
    :param environment: whether this process' ``KUBECONFIG`` names it until the server stops.
    :raises ValueError: for a port that is taken, a kubeconfig that is somebody else's, or a speed that is none.
    :raises MissingExtraError: where ``kubesim[serve]`` is not installed.
    """
    server = Server(cluster, port, Path(kubeconfig) if kubeconfig else None, speed)
    if environment:
        server.enter_environment()
    return server
