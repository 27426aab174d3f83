"""``kubectl config`` and ``kubectl auth``: the kubeconfig, which has one context, and who one is."""

from __future__ import annotations

from kubesim.api import go_json, go_yaml
from kubesim.kubectl import kubeconfig
from kubesim.kubectl.call import Call
from kubesim.kubectl.connection import ADMINISTRATORS
from kubesim.kubectl.errors import KubectlError, SilentExit, UsageError
from kubesim.kubectl.kubeconfig import CONTEXT


def config_view(call: Call) -> int:
    """Print the kubeconfig; there is one context, so ``--minify`` changes nothing."""
    wire = kubeconfig.load(call.files)
    call.stdout.append(go_json.dumps(wire) + "\n" if call.flags.text("output") == "json" else go_yaml.dump(wire))
    return 0


def current_context(call: Call) -> int:
    """Print the context's name."""
    call.say(CONTEXT)
    return 0


def get_contexts(call: Call) -> int:
    """List the contexts."""
    if call.flags.text("output") == "name":
        call.say(CONTEXT)
        return 0
    call.say("CURRENT   NAME      CLUSTER   AUTHINFO   NAMESPACE")
    call.say(f"*         {CONTEXT}   {CONTEXT}   {CONTEXT}    {kubeconfig.namespace_of(kubeconfig.load(call.files))}")
    return 0


def use_context(call: Call) -> int:
    """Choose the context; there is one."""
    if len(call.arguments) != 1:
        raise UsageError(call.command, f"Unexpected args: [{' '.join(call.arguments)}]")
    if call.arguments[0] != CONTEXT:
        raise KubectlError(f'no context exists with the name: "{call.arguments[0]}"')
    call.say(f'Switched to context "{CONTEXT}".')
    return 0


def set_context(call: Call) -> int:
    """Change the context's namespace; there is one context."""
    flags, names = call.flags, call.arguments
    if len(names) > 1:
        raise UsageError(call.command, f"Unexpected args: [{' '.join(names)}]")
    if names and flags.on("current"):
        raise KubectlError("you cannot specify both a context name and --current")
    if not names and not flags.on("current"):
        raise KubectlError("you must specify a non-empty context name or --current")
    if names and names[0] != CONTEXT:
        raise KubectlError(f'there is one cluster here and one context for it, "{CONTEXT}"')
    if flags.changed("namespace"):
        kubeconfig.choose_namespace(call.files, flags.text("namespace"))
    call.say(f'Context "{CONTEXT}" modified.')
    return 0


def can_i(call: Call) -> int:
    """Say whether the user may do something: the administrator of a k3s node may do everything."""
    if len(call.arguments) not in (2, 3):
        raise KubectlError(
            "you must specify two arguments: verb resource or verb resource/resourceName.\n"
            "See 'kubectl auth can-i -h' for help and examples."
        )
    answer = call.flags.text("as") in ADMINISTRATORS
    call.say("yes" if answer else "no")
    if not answer:
        raise SilentExit
    return 0


def whoami(call: Call) -> int:
    """Say who the user is."""
    call.say("ATTRIBUTE   VALUE\nUsername    system:admin\nGroups      [system:masters system:authenticated]")
    return 0
