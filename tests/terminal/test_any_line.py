"""Whatever is typed into a terminal: an answer, a status, and a terminal that goes on."""

from __future__ import annotations

from random import Random

from hypothesis import given, settings

from kubesim.cluster import Cluster
from kubesim.programs.program_table import COMMON
from kubesim.terminal import Terminal
from tests.chances import CHANCES

WORDS = (
    "a", "b.txt", "myservice.yaml", "/", "/etc/passwd", "/nosuch", "..", "~", "*", "*.yaml", "$x", "${x:-a}",
    "${x?no}", "$?", "$(echo a)", "`date`", "$((1/0))", "$((2**70))", '"a b"', "'a b'", "\\$", "-n", "-r", "-1", "-x",
    "--help", "--nosuch", "-f", "-c", "-e", "s/a/b/", "s/[/b/", "/a/d", "1,3p", "{print $1}", "BEGIN{while(1)x++}",
    "[", "(", "a=1", "10.43.0.1", "10.43.0.10", "kubernetes", "kubernetes.default", "http://kubernetes",
    "localhost:80", "172.31.0.11", "53", "80", "0", "99999999999", "%d", "%s\\n", "%99999d", "pod", "get", "é", "\xa0",
    "{1..3}", "{a,b}", "!", "=", "[[", "]]", "]", "-9",
)  # fmt: skip
JOINTS = (
    " | ",
    " && ",
    " || ",
    "; ",
    " & ",
    "\n",
    " > f; ",
    " >> f; ",
    " < f | ",
    " 2>&1 | ",
    " <<E\na $x\nE\n",
    " 2>/dev/null; ",
)
FRAMES = (
    "{}", "{}", "{}", "( {} )", "{{ {}; }}", "if {}; then {}; fi", "for x in a b $x; do {}; done", "x=$( {} )", "! {}",
    "while read x; do {}; done < myservice.yaml", "until {}; do break; done", "case $x in a) {};; *) {};; esac",
    "f() {{ {}; }}; f a", "time {}", "eval '{}'", 'sh -c "{}"', "timeout 1 {}", "xargs {} < myservice.yaml",
    "kubectl exec a -- {}", "kubectl exec a -- sh -c '{}'", "set -eu; {}", "trap '{}' EXIT; {}",
    'echo "$( {} )" \'{}\'',
)  # fmt: skip
SLIPS = (
    "",
    "'",
    '"',
    "`",
    "$(",
    "${",
    ")",
    "}",
    "|",
    "&",
    ";",
    "<",
    ">",
    "<<",
    "\\",
    "\n",
    "#",
    "((",
    "[[",
    "\x00",
    "\ud7ff",
)
NAMES = (
    *COMMON,
    "cd",
    "export",
    "read",
    "test",
    "[",
    "printf",
    "echo",
    "unset",
    "local",
    "shift",
    "wait",
    "jobs",
    "type",
)


def simple(chance: Random) -> str:
    return " ".join([chance.choice(NAMES), *chance.choices(WORDS, k=chance.randrange(4))])


def line(chance: Random, depth: int = 2) -> str:
    """Commands joined and nested, sometimes with a slip."""
    parts = [simple(chance) if depth == 0 else line(chance, depth - 1) for _ in range(chance.randint(1, 2))]
    frame = chance.choice(FRAMES)
    text = chance.choice(JOINTS).join(frame.format(*[part] * frame.count("{}")) for part in parts)
    if depth == 2:
        for _ in range(chance.choice([0, 0, 1, 2])):
            place = chance.randrange(len(text) + 1)
            text = text[:place] + chance.choice(SLIPS) + text[place + chance.randrange(2) :]
    return text


@settings(max_examples=50, deadline=None, derandomize=True)
@given(chance=CHANCES)
def test_any_line_is_answered(chance: Random) -> None:
    terminal = Terminal(Cluster(), on=chance.choice(["master", "worker", "laptop"]), interrupt=20)
    if terminal.on == "master":
        terminal.prepare("kubectl run a --image nginx")
    nodes = terminal.cluster.table("nodes")
    for _ in range(4):
        typed = line(chance)
        done = terminal.run(typed)
        assert 0 <= done.returncode <= 255
        assert "Traceback" not in done.stdout + done.stderr
        assert (done.stdout + done.stderr).encode() is not None
    assert terminal.cluster.table("nodes")["NAME"].equals(nodes["NAME"])
