"""``kubectl config`` and ``kubectl auth``: the kubeconfig, and who one is."""

from __future__ import annotations

from collections.abc import Sequence

from kubesim.api import go_json, go_yaml
from kubesim.api.objects import Wire
from kubesim.kubectl.call import Call
from kubesim.kubectl.errors import KubectlError, SilentExit, UsageError
from kubesim.kubectl.output.tabwriter import TabStops


def config_view(call: Call) -> int:
    """Print the kubeconfig; with ``--minify`` what the context uses of it."""
    config = call.config
    if call.flags.on("minify"):
        name = call.flags.text("context") or config.current
        context = config.context(name)
        kept = {"contexts": name, "clusters": context.get("cluster"), "users": context.get("user")}
        for section, only in kept.items():
            config.wire[section] = [entry for entry in config.wire[section] if entry.get("name") == only]
        config.wire["current-context"] = name
    wire = config.shown(raw=call.flags.on("raw"))
    as_json = call.flags.text("output") == "json"
    call.stdout.append(go_json.dumps(wire, sort_keys=False) + "\n" if as_json else go_yaml.dump(wire))
    return 0


def current_context(call: Call) -> int:
    """Print the context's name."""
    if not call.config.current:
        raise KubectlError("current-context is not set")
    call.say(call.config.current)
    return 0


def get_contexts(call: Call) -> int:
    """List the contexts, or those that are named."""
    config, flags = call.config, call.flags
    known = config.names("contexts")
    names = [name for name in call.arguments if name in known] if call.arguments else known
    if flags.text("output") == "name":
        call.stdout += [f"{name}\n" for name in names]
    else:
        rows = [] if flags.on("no-headers") else [("CURRENT", "NAME", "CLUSTER", "AUTHINFO", "NAMESPACE")]
        rows += [_context_row(name, config.find("contexts", name) or {}, config.current) for name in names]
        call.stdout += [f"{line}\n" for line in TabStops().lines(rows)]
    missing = [name for name in call.arguments if name not in known]
    if missing:
        raise KubectlError(f"context {missing[0]} not found")
    return 0


def _context_row(name: str, context: Wire, current: str) -> tuple[str, str, str, str, str]:
    star = "*" if name == current else ""
    return star, name, context.get("cluster", ""), context.get("user", ""), context.get("namespace", "")


def use_context(call: Call) -> int:
    """Choose the context."""
    if len(call.arguments) != 1:
        raise UsageError(call.command, f"Unexpected args: [{' '.join(call.arguments)}]")
    (name,) = call.arguments
    if call.config.find("contexts", name) is None:
        raise KubectlError(f'no context exists with the name: "{name}"')
    call.config.wire["current-context"] = name
    call.config.save(call.files)
    call.say(f'Switched to context "{name}".')
    return 0


def set_context(call: Call) -> int:
    """Change or add a context."""
    flags, names, config = call.flags, call.arguments, call.config
    if len(names) > 1:
        raise UsageError(call.command, f"Unexpected args: [{' '.join(names)}]")
    if names and flags.on("current"):
        raise KubectlError("you cannot specify both a context name and --current")
    if not names and not flags.on("current"):
        raise KubectlError("you must specify a non-empty context name or --current")
    name = names[0] if names else config.current
    if not name:
        raise KubectlError("no current context is set")
    known = config.find("contexts", name)
    context: Wire = known if known is not None else {"cluster": "", "user": ""}
    for flag in ("cluster", "namespace", "user"):
        if flags.changed(flag):
            context[flag] = flags.text(flag)
    if not context.get("namespace"):
        context.pop("namespace", None)
    config.put("contexts", name, context)
    config.save(call.files)
    call.say(f'Context "{name}" {"created" if known is None else "modified"}.')
    return 0


def can_i(call: Call) -> int:
    """Say whether the user may do something: the administrator of a k3s node may do everything."""
    if len(call.arguments) not in (2, 3):
        raise KubectlError(
            "you must specify two arguments: verb resource or verb resource/resourceName.\n"
            "See 'kubectl auth can-i -h' for help and examples."
        )
    call.api.discover(0)
    answer = call.api.user.is_administrator
    call.say("yes" if answer else "no")
    if not answer:
        raise SilentExit
    return 0


def whoami(call: Call) -> int:
    """Say who the user is, as the server knows it."""
    call.api.discover(0)
    user = call.api.user
    rows = [("ATTRIBUTE", "VALUE"), ("Username", user.name)]
    if user.uid:
        rows.append(("UID", user.uid))
    rows.append(("Groups", _bracketed(user.groups)))
    rows += [(f"Extra: {key}", _bracketed(user.extra[key])) for key in sorted(user.extra)]
    call.stdout += [f"{line}\n" for line in TabStops().lines(rows)]
    return 0


def _bracketed(values: Sequence[str]) -> str:
    return f"[{' '.join(values)}]"
