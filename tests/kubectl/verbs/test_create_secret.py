"""Secrets of each type, names with hashes, and tokens; expected values are those of kubectl 1.36.4."""

from __future__ import annotations

import base64
import json

import pytest

from kubesim.cluster import Cluster
from kubesim.kubectl.main import run
from kubesim.userland.filesystem import FileSystem

CERTIFICATE = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
KEY = "-----BEGIN EC PRIVATE KEY-----\nMHcC\n-----END EC PRIVATE KEY-----\n"
DOCKER = "secret docker-registry r --docker-username=u"
NEEDED = "either --from-file or the combination of --docker-username, --docker-password and --docker-server is required"


@pytest.fixture(scope="module")
def cluster() -> Cluster:
    return Cluster()


@pytest.fixture
def files() -> FileSystem:
    tree = FileSystem()
    tree.make_directory("/root", parents=True)
    for name, text in (("crt", CERTIFICATE), ("key", KEY), ("no", "text"), ("config.json", "{}")):
        tree.write(f"/root/{name}", text)
    return tree


@pytest.mark.parametrize(
    ("line", "printed"),
    [
        ("secret generic s --from-literal=a=b --append-hash -o name", "secret/s-7fd2tm89d8\n"),
        ("configmap s --from-literal=a=b --append-hash -o name", "configmap/s-fkft8b67b2\n"),
        (
            f"{DOCKER} --docker-password=p -o jsonpath={{.data}}",
            '{".dockerconfigjson":"eyJhdXRocyI6eyJodHRwczovL2luZGV4LmRvY2tlci5pby92MS8iOnsidXNlcm5hbWUiOiJ1IiwicGFzc3dvcm'
            'QiOiJwIiwiYXV0aCI6ImRUcHcifX19"}',
        ),
        (
            f"{DOCKER} --docker-password=p --docker-email=e@x --docker-server=https://r.io --append-hash -o name",
            "secret/r-gk6hd4gbk7\n",
        ),
        ("secret docker-registry r --from-file=config.json -o jsonpath={.type}", "kubernetes.io/dockerconfigjson"),
        ("secret docker-registry r --from-file=config.json -o jsonpath={.data}", '{".dockerconfigjson":"e30="}'),
        ("secret tls t --cert=crt --key=key -o jsonpath={.type}", "kubernetes.io/tls"),
    ],
)
def test_a_secret_is_what_kubectl_makes(line: str, printed: str, cluster: Cluster, files: FileSystem) -> None:
    assert run(["create", *line.split(), "--dry-run=client"], cluster, files).stdout == printed


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("secret docker-registry r", NEEDED),
        (DOCKER, NEEDED),
        ("secret tls t --cert=crt", "key and cert must be specified"),
        ("secret tls t --cert=none --key=key", "Cannot read file none, open none: no such file or directory"),
        ("secret tls t --cert=no --key=key", "tls: failed to find any PEM data in certificate input"),
        (
            "secret tls t --cert=key --key=crt",
            "tls: failed to find certificate PEM data in certificate input, but did find a private key; PEM inputs may "
            "have been switched",
        ),
        ("secret tls t --cert=crt --key=no", "tls: failed to find any PEM data in key input"),
        (
            "secret tls t --cert=crt --key=crt",
            "tls: found a certificate rather than a key in the PEM for the private key",
        ),
        ("token nobody", 'failed to create token: serviceaccounts "nobody" not found'),
        ("token default --duration=-1s", "--duration must be greater than or equal to 0"),
        ("token default --bound-object-kind=Pod", "--bound-object-name is required if --bound-object-kind is provided"),
        (
            "token default --duration=1m",
            'failed to create token: TokenRequest.authentication.k8s.io "" is invalid: spec.expirationSeconds: Invalid '
            "value: 60: may not specify a duration less than 10 minutes",
        ),
    ],
)
def test_what_makes_no_secret_is_refused(line: str, words: str, cluster: Cluster, files: FileSystem) -> None:
    assert run(["create", *line.split()], cluster, files).stderr == f"error: {words}\n"


def test_a_token_says_whose_it_is_and_until_when(cluster: Cluster, files: FileSystem) -> None:
    text = run(["create", "token", "default", "--duration=20m", "--audience=me"], cluster, files).stdout.strip()
    claims = json.loads(base64.urlsafe_b64decode(text.split(".")[1] + "=="))
    assert (claims["sub"], claims["aud"]) == ("system:serviceaccount:default:default", ["me"])
    assert claims["exp"] - claims["iat"] == 20 * 60
