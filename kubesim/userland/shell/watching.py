"""``watch``: the same command again and again, while time passes.

A real one redraws the screen until Ctrl-C. Here the screens that differ, by more than an age that has grown, are shown
one below the other for :data:`SECONDS` of simulated time, which pass at once for whoever waits; then it is over.
"""

from __future__ import annotations

import math
import shlex

from kubesim.userland.command_line import Complaint, Run, program
from kubesim.userland.machine import Invocation
from kubesim.userland.process import Completed, Running
from kubesim.userland.shell.interpreter import Nested, Prepared
from kubesim.userland.shell.streams import Descriptors

SECONDS = 60.0
"""How long it watches, as ``kubectl get -w`` does."""
LEAST_INTERVAL = 0.1
SCREEN = 80
"""Characters of the line above each screen."""

_SCRIPT = """\
while [ "$rounds" -gt 0 ]; do
  now=$(sh -c "$command" 2>&1); status=$?
  seen=$(printf '%s' "$now" | sed -E 's/[0-9]+([dhms][0-9]*)+/AGE/g')
  if [ "$seen" != "$last" ] || [ -z "$shown" ]; then
    if [ -n "$title" ]; then
      place="$(hostname): $(date '+%a %b %e %H:%M:%S %Y')"
      printf '%s%*s\\n\\n' "$title" "$((width - ${#title}))" "$place"
    fi
    printf '%s\\n\\n' "$now"
    if [ -n "$shown" ] && [ -n "$until_change" ]; then exit 0; fi
    last=$seen shown=1
  fi
  if [ "$status" -ne 0 ] && [ -n "$until_error" ]; then exit 8; fi
  sleep "$interval"; rounds=$((rounds - 1))
done
"""


@program(
    "tgebcdxpr", "n", "interval=n no-title=t chgexit=g errexit=e beep=b color=c differences=d exec=x", in_order=True
)
def _words(run: Run) -> Completed:
    """Read the command line: the result's text is a shell's, which does the watching."""
    if not run.operands:
        raise Complaint("Usage:\n watch [options] command\n")
    text = run.options.get("n", "2")
    try:
        interval = max(LEAST_INTERVAL, float(text))
    except ValueError:
        raise Complaint(f"watch: failed to parse argument: '{text}'\n") from None
    if not math.isfinite(interval):
        raise Complaint(f"watch: failed to parse argument: '{text}'\n")
    command = shlex.join(run.operands) if run.on("x") else " ".join(run.operands)
    values = {
        "command": command,
        "interval": f"{interval:g}",
        "rounds": str(int(SECONDS / interval) + 1),
        "title": "" if run.on("t") else f"Every {interval:.1f}s: {command}",
        "width": str(SCREEN),
        "until_change": "1" if run.on("g") else "",
        "until_error": "1" if run.on("e") else "",
    }
    return Completed("".join(f"{name}={shlex.quote(value)}\n" for name, value in values.items()) + _SCRIPT)


class Watch(Nested):
    """``watch`` as a program: a shell that runs the command in a loop."""

    def prepare(self, invocation: Invocation, descriptors: Descriptors) -> Prepared | Completed:
        """Read the command line; what has ended already where it is refused."""
        script = self._script(invocation)
        return script if isinstance(script, Completed) else self._shell(invocation).prepare(script, descriptors)

    def __call__(self, invocation: Invocation) -> Completed | Running:
        """Run by itself."""
        script = self._script(invocation)
        return script if isinstance(script, Completed) else self._shell(invocation)(script)

    @staticmethod
    def _script(invocation: Invocation) -> Invocation | Completed:
        read = _words(invocation)
        assert isinstance(read, Completed)
        return read if read.returncode else invocation.becoming(("sh", "-c", read.stdout, "watch"))

    @staticmethod
    def _shell(invocation: Invocation) -> Nested:
        shell = invocation.machine.find("sh")
        assert isinstance(shell, Nested), "every machine that has watch has a shell"
        return shell


watch = Watch()
