"""Floor 9, the command ``kubesim``: the course and the simulator from a real shell.

``kubesim lab [DIR]`` opens the course in JupyterLab, ``kubesim shell`` is a terminal of a simulated cluster, ``kubesim
run FILE`` plays a script in one, ``kubesim replay FILE`` does again what a saved journal tells. ``kubesim clinic`` has
broken clusters to mend. ``kubesim diagnose
DUMP`` and ``kubesim reach DUMP`` answer for a real cluster, from what ``kubectl get`` printed of it.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

ACTIONS = ("list", "next", "watch", "check", "hint", "solution", "reset")
"""What ``kubesim clinic`` does; the first where nothing is said."""

FOLDER = "kubesim-course"
"""The learner's working folder, where no other is named."""


def main(words: Sequence[str] | None = None) -> int:
    """Run the command.

    :param words: what was typed after ``kubesim``; None takes the process' own arguments.
    :returns: the exit status.
    """
    parser = _parser()
    given, extra = parser.parse_known_args(words)
    if given.verb is None:
        parser.print_help()
        return 2
    if extra and given.verb != "lab":
        parser.error(f"unrecognized arguments: {' '.join(extra)}")
    run = import_module(f"kubesim.command.{given.verb}").run  # only what is asked for: JupyterLab is slow to load
    try:
        return int(run(given, extra))
    except ValueError as error:  # a journal or a cluster file that is none: it says what must hold
        print(f"kubesim {given.verb}: {error}", file=sys.stderr)
        return 1
    except LookupError as error:
        print(f"kubesim {given.verb}: {error.args[0]}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="kubesim", description="How traffic finds a Pod in Kubernetes.")
    verbs = parser.add_subparsers(dest="verb", metavar="COMMAND")

    lab = verbs.add_parser("lab", help="open the course in JupyterLab", epilog="More options go to JupyterLab.")
    lab.add_argument("folder", nargs="?", type=Path, default=Path(FOLDER), metavar="DIR", help=f"default: {FOLDER}")
    lab.add_argument("--fresh", action="store_true", help="new copies of all notebooks; yours are kept beside them")
    lab.add_argument("--prepare", action="store_true", help="only put the notebooks there")

    cluster = argparse.ArgumentParser(add_help=False)
    begin = cluster.add_mutually_exclusive_group()
    begin.add_argument("--cluster", type=Path, metavar="FILE", help="a cluster file instead of the course's")
    begin.add_argument("--restore", type=Path, metavar="JOURNAL", help="begin with a saved cluster")
    cluster.add_argument("--seed", type=int, default=0, help="default: 0")
    cluster.add_argument("--on", default="master", metavar="HOST", help="master, worker or laptop (default: master)")
    cluster.add_argument("--save", type=Path, metavar="JOURNAL", help="save the cluster at the end")

    verbs.add_parser("shell", parents=[cluster], help="an interactive terminal of a simulated cluster")
    run = verbs.add_parser("run", parents=[cluster], help="play a script in such a terminal")
    run.add_argument("file", metavar="FILE", help="- for the standard input")

    clinic = verbs.add_parser("clinic", help="broken clusters to mend: list, next, hint, check, watch…")
    clinic.add_argument("action", nargs="?", default="list", choices=ACTIONS, metavar="ACTION", help=", ".join(ACTIONS))
    clinic.add_argument("case", nargs="?", default="", metavar="CASE", help="default: the one you are at")
    clinic.add_argument("--learner", metavar="NAME", help="whose variants (remembered): names and addresses differ")
    place = f"where your progress is kept (default: {FOLDER}, where it is there, else here)"
    clinic.add_argument("--folder", type=Path, metavar="DIR", help=place)

    serve = verbs.add_parser("serve", parents=[cluster], help="let real clients (kubectl…) talk to a simulated cluster")
    serve.add_argument("--port", type=int, default=0, help="on loopback (default: any that is free)")
    serve.add_argument("--kubeconfig", type=Path, metavar="PATH", help="where to write it (default: a temporary file)")
    serve.add_argument("--proxy", type=int, metavar="PORT", help="an HTTP and SOCKS5 proxy into the simulated network")
    serve.add_argument(
        "--from", dest="source", metavar="MACHINE", help="where the proxy stands: pod/client, node/master…"
    )
    serve.add_argument("--trace", action="store_true", help="print the path of each request through the proxy")
    serve.add_argument("--speed", type=float, default=1.0, metavar="N", help="simulated seconds in a real one")

    replay = verbs.add_parser("replay", help="do again what a saved journal tells, and show it")
    replay.add_argument("file", type=Path, metavar="JOURNAL")

    dumped = argparse.ArgumentParser(add_help=False)
    what = "what kubectl get … -A -o json|yaml printed; several files, or - for the standard input"
    dumped.add_argument("dump", nargs="+", type=Path, metavar="DUMP", help=what)
    why = verbs.add_parser("diagnose", parents=[dumped], help="why a request of a real cluster does not get there")
    why.add_argument("--from", dest="source", required=True, metavar="MACHINE", help="pod/NAMESPACE/NAME, node/NAME")
    why.add_argument("--to", dest="target", required=True, metavar="URL", help="http://NAME:PORT, udp://ADDRESS:PORT")
    why.add_argument("-o", "--output", choices=("text", "json", "sarif"), default="text", help="default: text")
    reach = verbs.add_parser("reach", parents=[dumped], help="every Pod of a real cluster against every Service")
    reach.add_argument("--each", action="store_true", help="a line for each pair, with tabs between its fields")
    reach.add_argument("--html", type=Path, metavar="FILE", help="write a page with pictures instead of the table")
    return parser
