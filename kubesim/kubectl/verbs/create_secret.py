"""``kubectl create secret`` and ``create token``: what others must not know.

Of a certificate and its key only the envelopes are looked at; a token is one in its form, and its signature is none.
Upstream: ``k8s.io/kubectl/pkg/cmd/create``.
"""

from __future__ import annotations

import base64
import re

from kubesim.api import go_json
from kubesim.api.durations import parse_duration
from kubesim.api.errors import ApiError
from kubesim.api.objects import Wire
from kubesim.kubectl import generators
from kubesim.kubectl.call import Call
from kubesim.kubectl.data_sources import entries
from kubesim.kubectl.errors import KubectlError, with_prefix
from kubesim.kubectl.output.formats import object_printer
from kubesim.kubectl.requests import create_built, one_name


def generic(call: Call) -> int:
    """``kubectl create secret generic``."""
    return _create(call, entries(call, "Secret"), call.flags.text("type"))


DOCKER_KEY = ".dockerconfigjson"


def docker_registry(call: Call) -> int:
    """``kubectl create secret docker-registry``."""
    flags = call.flags
    one_name(call)
    username, password, email, server = (
        flags.text(f"docker-{each}") for each in ("username", "password", "email", "server")
    )
    files = flags.texts("from-file")
    if not files and not (username and password and server):
        raise KubectlError(
            "either --from-file or the combination of --docker-username, --docker-password and --docker-server is "
            "required"
        )
    if files:
        data = entries(call, "Secret", DOCKER_KEY)
    else:
        auth = base64.b64encode(f"{username}:{password}".encode()).decode()
        entry = {"username": username, "password": password} | ({"email": email} if email else {}) | {"auth": auth}
        data = {DOCKER_KEY: go_json.dumps({"auths": {server: entry}}, None, sort_keys=False)}
    return _create(call, data, "kubernetes.io/dockerconfigjson")


def tls(call: Call) -> int:
    """``kubectl create secret tls``."""
    one_name(call)
    certificate, key = call.flags.text("cert"), call.flags.text("key")
    if not certificate or not key:
        raise KubectlError("key and cert must be specified")
    texts = [call.read(path, f"Cannot read file {path}, ") for path in (certificate, key)]
    _check_pair(*texts)
    return _create(call, {"tls.crt": texts[0], "tls.key": texts[1]}, "kubernetes.io/tls")


def _blocks(text: str) -> list[str]:
    """The kinds of the PEM blocks of a text."""
    return re.findall(r"-----BEGIN ([A-Z0-9 ]+)-----\n(?:[^-]*)-----END \1-----", text)


def _check_pair(certificate: str, key: str) -> None:
    """Refuse texts that hold no certificate, or no key, in the words of Go's ``tls.X509KeyPair``."""
    for text, what, ending in ((certificate, "certificate", "CERTIFICATE"), (key, "key", "PRIVATE KEY")):
        kinds = _blocks(text)
        if any(kind.endswith(ending) for kind in kinds):
            continue
        if not kinds:
            raise KubectlError(f"tls: failed to find any PEM data in {what} input")
        if what == "certificate":
            if len(kinds) == 1 and kinds[0].endswith("PRIVATE KEY"):
                raise KubectlError(
                    "tls: failed to find certificate PEM data in certificate input, but did find a private key; PEM "
                    "inputs may have been switched"
                )
            skipped = " ".join(kinds)
            raise KubectlError(
                'tls: failed to find "CERTIFICATE" PEM block in certificate input after skipping PEM blocks of the '
                f"following types: [{skipped}]"
            )
        if kinds == ["CERTIFICATE"]:
            raise KubectlError("tls: found a certificate rather than a key in the PEM for the private key")
        raise KubectlError(
            'tls: failed to find PEM block with type ending in "PRIVATE KEY" in key input after skipping PEM blocks of '
            f"the following types: [{' '.join(kinds)}]"
        )


def _create(call: Call, data: dict[str, str], type: str) -> int:
    wire: Wire = {"kind": "Secret", "apiVersion": "v1", "metadata": {"name": one_name(call)}}
    encoded = {key: base64.b64encode(value.encode()).decode() for key, value in data.items()}
    wire |= generators.what_is_set({"data": encoded, "type": type})
    if call.flags.on("append-hash"):
        wire = generators.with_hash(wire)
    return create_built(call, wire, "failed to create secret")


# --- tokens ----------------------------------------------------------------------------------------------------------

_BOUND = ("Node", "Pod", "Secret")


def token(call: Call) -> int:
    """``kubectl create token``."""
    name, flags = one_name(call), call.flags
    seconds = parse_duration(flags.text("duration"))
    if seconds < 0:
        raise KubectlError("--duration must be greater than or equal to 0")
    if seconds % 1:
        raise KubectlError("--duration cannot be expressed in units less than seconds")
    audiences = flags.texts("audience")
    if "" in audiences:
        raise KubectlError("--audience must not be an empty string")
    spec: Wire = {"audiences": list(audiences) or None, "expirationSeconds": int(seconds) or None}
    spec["boundObjectRef"] = _bound(call)
    try:
        answer = call.api.request_token(name, call.namespace, spec)
    except ApiError as error:
        raise with_prefix(error, "failed to create token") from None
    if flags.text("output"):
        printer = object_printer(call, columns=False)
        if printer is not None:
            printer(answer, call.stdout)
    else:
        call.say(answer["status"]["token"])
    return 0


def _bound(call: Call) -> Wire | None:
    kind, name, uid = (call.flags.text(f"bound-object-{each}") for each in ("kind", "name", "uid"))
    if not kind:
        for flag, value in (("name", name), ("uid", uid)):
            if value:
                raise KubectlError(f"--bound-object-{flag} can only be set if --bound-object-kind is provided")
        return None
    if kind not in _BOUND:
        raise KubectlError(f"supported --bound-object-kind values are {', '.join(_BOUND)}")
    if not name:
        raise KubectlError("--bound-object-name is required if --bound-object-kind is provided")
    return {"kind": kind, "apiVersion": "v1", "name": name} | ({"uid": uid} if uid else {})
