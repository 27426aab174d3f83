"""Starting programs, scripts among them, and signals."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from kubesim.simulation import Simulation
from kubesim.userland.filesystem import FileSystem
from kubesim.userland.machine import ExecutableNotFoundError, Invocation, Machine, Process
from kubesim.userland.process import Completed, Program, Start


def shown(invocation: Invocation) -> Completed:
    return Completed(" ".join(invocation.argv))


def machine(files: Mapping[str, tuple[str, int]] | None = None) -> Machine:
    tree = FileSystem()
    for path, (text, mode) in (files or {}).items():
        tree.make_directory(path.rpartition("/")[0] or "/", parents=True)
        tree.write(path, text, mode=mode)
    programs: dict[str, Program] = {"show": shown, "sh": shown, "bash": shown}
    return Machine("pod/default/client", "client", tree, programs, Simulation())


FILES = {
    "/bin/show": ("", 0o755),
    "/w/script": ("#!/bin/bash -e\necho hi\n", 0o755),
    "/w/env": ("#!/usr/bin/env bash\n", 0o755),
    "/w/plain": ("echo hi\n", 0o755),
    "/w/data": ("x", 0o644),
    "/w/foreign": ("#!/usr/bin/perl\n", 0o755),
}


@pytest.mark.parametrize(
    ("argv", "stdout", "status"),
    [
        (("show", "a"), "show a", 0),
        (("/bin/show", "a"), "/bin/show a", 0),
        (("./script", "a"), "bash -e /w/./script a", 0),
        (("/w/env",), "bash /w/env", 0),
        (("/w/plain", "b"), "sh /w/plain b", 0),
        (("/w/foreign",), "", 127),
    ],
)
def test_a_word_names_a_program_or_a_script(argv, stdout, status):
    done = machine(FILES).run(argv, directory="/w")
    assert isinstance(done, Completed)
    assert (done.stdout, done.returncode) == (stdout, status)


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        ("nosuch", "executable file not found in $PATH"),
        ("/w/nosuch", "stat /w/nosuch: no such file or directory"),
        ("/w/data", "permission denied"),
        ("/w", "permission denied"),
    ],
)
def test_what_cannot_be_run_says_why(word, reason):
    with pytest.raises(ExecutableNotFoundError) as caught:
        machine(FILES).find(word)
    assert str(caught.value) == f'exec: "{word}": {reason}'


def test_a_signal_ends_a_process_and_its_children():
    host = machine()
    host.processes = [Process(10, "master"), Process(11, "worker", parent=10), Process(12, "other")]
    told: list[tuple[int, str]] = []
    host.ended = lambda pid, name: told.append((pid, name))
    assert host.send_signal(10, "TERM")
    assert [process.pid for process in host.processes] == [12]
    assert told == [(10, "TERM")]
    assert not host.send_signal(10, "TERM")


@pytest.mark.parametrize(
    ("name", "heeds", "left"), [("HUP", False, 1), ("TERM", True, 0), ("0", True, 1), ("STOP", True, 1)]
)
def test_a_handler_decides_what_a_signal_does(name, heeds, left):
    host = machine()
    host.processes = [Process(10, "server")]
    host.on_signal(10, lambda signal: heeds)
    assert host.send_signal(10, name)
    assert len(host.processes) == left


def test_an_init_heeds_nothing():
    host = machine()
    assert not host.send_signal(1, "TERM")
    host.has_init = True
    assert host.send_signal(1, "TERM")


def test_standard_input_is_taken_only_when_it_is_read():
    taken: list[str] = []

    def source() -> str:
        taken.append("read")
        return "text"

    start = Start(("cat",), machine(), source)
    assert not taken
    assert (start.stdin, taken) == ("text", ["read"])
