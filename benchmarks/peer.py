"""This build beside webernetes, a simulator of Kubernetes in TypeScript, in one run: ``make bench-peer``.

Both bring 100 Services with three Pods each from one manifest to all endpoints ready. webernetes
(npm ``@ngrok/webernetes``) is installed with npm in a temporary folder, bundled with esbuild and run by Node.js.
Its clock is the machine's, so its figure is wall time; ours is CPU time, of one thread that never waits.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
from pathlib import Path
from statistics import median

from benchmarks.side_by_side import ROOT, measured

VERSIONS = ("@ngrok/webernetes@0.3.5", "esbuild@0.25")
SERVICES, PODS_A_SERVICE, ROUNDS = 100, 3, 3
SCRIPT = Path(__file__).with_name("peer.mjs")
PRELUDE = 'import { createRequire } from "module"; const require = createRequire(import.meta.url);'


def peer_bundle(folder: Path) -> Path:
    """webernetes and the script that drives it, as one file for Node.js.

    :raises subprocess.CalledProcessError: if npm or esbuild fails.
    """
    (folder / SCRIPT.name).write_text(SCRIPT.read_text(encoding="utf-8"), encoding="utf-8")
    subprocess.run(["npm", "install", "--silent", "--no-save", *VERSIONS], cwd=folder, check=True)
    bundle = folder / "bundle.mjs"
    options = ["--bundle", "--platform=node", "--format=esm", f"--outfile={bundle}", f"--banner:js={PRELUDE}"]
    subprocess.run(["npx", "esbuild", SCRIPT.name, "--log-level=error", *options], cwd=folder, check=True)
    return bundle


def peer_run(bundle: Path) -> dict[str, float]:
    """One run of webernetes: seconds and MiB."""
    command = ["node", str(bundle), str(SERVICES), str(PODS_A_SERVICE)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def main() -> None:
    """Measure both in turn and print the ratios."""
    with tempfile.TemporaryDirectory() as folder:
        bundle = peer_bundle(Path(folder))
        ours, theirs = [], []
        for _ in range(ROUNDS):
            theirs.append(peer_run(bundle))
            ours.append(measured(ROOT, ("up", str(SERVICES))))
    for figure, floor in (("seconds", ">= 100"), ("mebibytes", "<= 0.35")):
        a, b = median(run[figure] for run in theirs), median(run[figure] for run in ours)
        quotient = a / b if figure == "seconds" else b / a
        print(f"{figure:10} webernetes {a:8.2f}   kubesim {b:8.2f}   {quotient:7.2f}  must be {floor}")


if __name__ == "__main__":
    main()
