"""``kubectl version``."""

from __future__ import annotations

from kubesim.api import go_json, go_yaml
from kubesim.api.objects import Wire
from kubesim.kubectl.call import Call, Verb
from kubesim.kubectl.errors import KubectlError, UsageError
from kubesim.kubectl.flags import Flag
from kubesim.kubectl.verbs.refusing import OUTPUT_FLAG

RELEASE = "v1.36.2"


KUSTOMIZE = "v5.8.1"


def _build(release: str) -> Wire:
    """A version as Go's struct prints it, in its order."""
    major, minor = release.removeprefix("v").split(".")[:2]
    return {
        "major": major,
        "minor": minor,
        "gitVersion": release,
        "gitCommit": "$Format:%H$",
        "gitTreeState": "clean",
        "buildDate": "1970-01-01T00:00:00Z",
        "goVersion": "go1.26.4",
        "compiler": "gc",
        "platform": "linux/amd64",
    }


def _server_build() -> Wire:
    build = _build(RELEASE)
    minor = int(build["minor"])
    added = {
        "emulationMajor": build["major"],
        "emulationMinor": build["minor"],
        "minCompatibilityMajor": build["major"],
        "minCompatibilityMinor": str(minor - 1),
    }
    return {"major": build.pop("major"), "minor": build.pop("minor"), **added, **build}


def version(call: Call) -> int:
    """Print the versions of the client and the server."""
    shape = call.flags.text("output")
    if call.arguments:
        raise UsageError(call.command, f"extra arguments: [{' '.join(call.arguments)}]")
    if shape not in ("", "yaml", "json"):
        raise KubectlError("--output must be 'yaml' or 'json'")
    client_only = call.flags.on("client")
    if not shape:
        call.say(f"Client Version: {RELEASE}")
        call.say(f"Kustomize Version: {KUSTOMIZE}")
        if not client_only:
            call.say(f"Server Version: {RELEASE}")
        return 0
    both: Wire = {"clientVersion": _build(RELEASE), "kustomizeVersion": KUSTOMIZE}
    if not client_only:
        both["serverVersion"] = _server_build()
    call.stdout.append(go_yaml.dump(both) if shape == "yaml" else go_json.dumps(both, 2, sort_keys=False) + "\n")
    return 0


VERSION = Verb(
    "version",
    version,
    "[--client] [--output=json|yaml] [options]",
    "Print the client and server version information",
    flags=(OUTPUT_FLAG, Flag("client", "bool", help="The client's only.")),
)
