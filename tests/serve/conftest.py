"""A server for the tests of a module, and a client that speaks plain HTTP with it."""

from __future__ import annotations

import base64
import http.client
import json
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from kubesim import Cluster, serve

DEPLOYMENT = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "web"},
    "spec": {
        "replicas": 2,
        "selector": {"matchLabels": {"app": "web"}},
        "template": {
            "metadata": {"labels": {"app": "web"}},
            "spec": {"containers": [{"name": "nginx", "image": "nginx"}]},
        },
    },
}


@dataclass
class Reply:
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def lines(self) -> list[Any]:
        return [json.loads(line) for line in self.body.splitlines()]


class Client:
    """Asks as any client of the kubeconfig may."""

    def __init__(self, kubeconfig: Path) -> None:
        config = yaml.safe_load(kubeconfig.read_text())
        self.token = config["users"][0]["user"]["token"]
        self.place = urlsplit(config["clusters"][0]["cluster"]["server"])
        pem = base64.b64decode(config["clusters"][0]["cluster"]["certificate-authority-data"]).decode()
        self.tls = ssl.create_default_context(cadata=pem)

    @contextmanager
    def opened(self, method: str, path: str) -> Iterator[None]:
        """A request whose answer nobody reads."""
        connection = self._connection()
        connection.request(method, path, headers={"Authorization": f"Bearer {self.token}"})
        yield
        connection.close()

    def _connection(self) -> http.client.HTTPSConnection:
        return http.client.HTTPSConnection(self.place.hostname or "", self.place.port, timeout=20, context=self.tls)

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Reply:
        connection = self._connection()
        sent = {"Authorization": f"Bearer {self.token}"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        data = body if isinstance(body, (bytes, type(None))) else json.dumps(body).encode()
        connection.request(method, path, data, sent)
        answer = connection.getresponse()
        found = Reply(answer.status, answer.headers, answer.read())
        connection.close()
        return found

    def get(self, path: str, **headers: str) -> Reply:
        return self.ask("GET", path, **headers)


@pytest.fixture(scope="module")
def server() -> Iterator[serve.Server]:
    """A cluster whose time runs fast, so that what takes seconds there takes none here."""
    with serve.start(Cluster(), speed=100) as started:
        yield started


@pytest.fixture(scope="module")
def client(server: serve.Server) -> Client:
    return Client(server.kubeconfig)
