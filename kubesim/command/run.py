"""``kubesim run FILE``: a script, played line by line in a terminal of a simulated cluster."""

from __future__ import annotations

import argparse
import sys
from datetime import datetime, timedelta
from pathlib import Path

from kubesim.cluster import Cluster, ClusterConfiguration
from kubesim.simulation import EPOCH
from kubesim.terminal import Terminal


def run(given: argparse.Namespace, _extra: list[str]) -> int:
    """Play the script; the status is that of its last line.

    :raises ValueError: if the script, the cluster file or the journal cannot be read.
    :raises LookupError: if there is no such host.
    """
    return play(given, sys.stdin.read() if given.file == "-" else _script(Path(given.file)))


def play(given: argparse.Namespace, text: str) -> int:
    """Play a script's text; the status is that of its last line.

    :raises ValueError: if the cluster file or the journal cannot be read.
    :raises LookupError: if there is no such host.
    """
    terminal = seat(cluster_of(given), given.on)
    status = 0
    for done in terminal.steps(text):
        sys.stdout.write(done.stdout)
        sys.stdout.flush()
        sys.stderr.write(done.stderr)
        sys.stderr.flush()
        status = done.returncode
    if given.save is not None:
        terminal.cluster.save(given.save)
    return status


def cluster_of(given: argparse.Namespace, now: datetime | None = None) -> Cluster:
    """The cluster that the options ask for: one from a journal, or a new one.

    :param now: what its calendar says, where it is a new one; None for the day on which every simulation begins.
    :raises ValueError: if the cluster file or the journal cannot be read.
    """
    if given.restore is not None:
        return Cluster.restore(given.restore)
    configuration = (
        ClusterConfiguration.load(given.cluster) if given.cluster is not None else ClusterConfiguration.load()
    )
    start = EPOCH if now is None else now.replace(microsecond=0) - timedelta(seconds=configuration.age_seconds)
    return Cluster(configuration, seed=given.seed, start=start)


def seat(cluster: Cluster, host: str, *, live: bool = False) -> Terminal:
    """The terminal on a host: the one that a restored cluster had there, with its shell's variables, or a new one
    where there was none or it has been left.

    :param live: whether a person types there.
    :raises LookupError: if there is no such host.
    """
    for guest in cluster.guests.values():
        if isinstance(guest, Terminal) and guest.on == host and guest.live == live and not guest.left:
            return guest
    return Terminal(cluster, on=host, live=live)


def _script(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise ValueError(f"FILE must be a script that can be read, got {path}: {error.strerror}") from None
