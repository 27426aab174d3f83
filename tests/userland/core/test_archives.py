"""tar; recorded from GNU tar 1.34 and busybox 1.35."""

from __future__ import annotations

import pytest

from tests.programs.bare_machine import bare_machine, typed

MADE = "mkdir d; echo one > d/a; "
LAST = "tar: Exiting with failure status due to previous errors\n"


@pytest.mark.parametrize(
    ("command", "stdout", "stderr", "status"),
    [
        ("tar -cf x.tar d; tar -tf x.tar", "d/\nd/a\n", "", 0),
        ("tar cvf x.tar d", "d/\nd/a\n", "", 0),
        ("tar czf x.tgz d && mkdir out && tar -xzvf x.tgz -C out && cat out/d/a", "d/\nd/a\none\n", "", 0),
        ("tar cf - d/a | tar xmf - -C / && cat /d/a", "one\n", "", 0),
        ("tar cf - d | tar tf - d/a nosuch", "d/a\n", f"tar: nosuch: Not found in archive\n{LAST}", 2),
        ("tar cf - d | tar --list --file=- d/a", "d/a\n", "", 0),
        ("cd d; tar -C .. -cf - d/a | tar -tf -", "d/a\n", "", 0),
        ("tar cf - /w/d/a | tar tf -", "w/d/a\n", "tar: Removing leading `/' from member names\n", 0),
        ("tar cf z.tar nosuch", "", f"tar: nosuch: Cannot stat: No such file or directory\n{LAST}", 2),
        ("echo text | tar xf -", "", f"tar: This does not look like a tar archive\n{LAST}", 2),
        ("tar xf nosuch.tar", "",
         "tar: nosuch.tar: Cannot open: No such file or directory\ntar: Error is not recoverable: exiting now\n", 2),
        ("tar -f x.tar", "",
         "tar: You must specify one of the '-Acdtrux', '--delete' or '--test-label' options\n"
         "Try 'tar --help' or 'tar --usage' for more information.\n", 2),
        ("tar -cf q.tar", "",
         "tar: Cowardly refusing to create an empty archive\n"
         "Try 'tar --help' or 'tar --usage' for more information.\n", 2),
        ("ln -s a d/l; tar cf - d | tar x -C /tmp -f - && readlink /tmp/d/l", "a\n", "", 0),
        ("touch -d '2026-07-01 09:00:00' d/a; tar cf - d/a | tar tvf -",
         "-rw-r--r-- root/root         4 2026-07-01 09:00 d/a\n", "", 0),
    ],
)  # fmt: skip
def test_tar(command: str, stdout: str, stderr: str, status: int) -> None:
    done = typed(bare_machine({}), MADE + command)
    assert (done.stdout, done.stderr, done.returncode) == (stdout, stderr, status)


def test_bytes_that_are_no_text_come_through_an_archive_whole() -> None:
    machine = bare_machine({})
    machine.files.write("/w/bytes", "\udcff\udc80\x00é")
    typed(machine, "tar cf - bytes | tar xf - -C /")
    assert machine.files.read("/bytes") == "\udcff\udc80\x00é"
