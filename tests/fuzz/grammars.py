"""What is read at the doors, alone and without a cluster: expressions, patterns, programs, configuration files.

Each grammar belongs to the door that its texts come in by. A text is put together of pieces, or is a usual one with slips; reading
it takes a fraction of a millisecond, so these are most of the inputs of ``make fuzz``. ``python -m tests.fuzz.guided`` gives
the same readers to atheris, which looks for texts that reach new lines of them.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

from kubesim.api import addresses, cron, durations, field_selectors, go_json, go_yaml, quantities, selectors
from kubesim.api.decoding import decode
from kubesim.api.defaults import apply_defaults
from kubesim.api.errors import ApiError
from kubesim.api.patch import apply_operations, apply_patch
from kubesim.api.resources import BY_KIND
from kubesim.api.validation import validate
from kubesim.cluster.configuration import ClusterConfiguration, ClusterFileError
from kubesim.cluster.dump import facts_of, read_dump
from kubesim.data_directory import DATA
from kubesim.kubectl.call import Verb
from kubesim.kubectl.errors import KubectlError
from kubesim.kubectl.flags import FlagError
from kubesim.kubectl.flags import parse as parse_flags
from kubesim.kubectl.jsonpath import JsonPath, relaxed_expression
from kubesim.kubectl.kubeconfig import Kubeconfig
from kubesim.kubectl.output.custom_columns import columns_from_spec, columns_from_template
from kubesim.kubectl.output.go_template import GoTemplate
from kubesim.kubectl.registry import VERBS
from kubesim.network.dns import hosts_file, resolv_conf
from kubesim.network.dns.coredns import COREFILE, CoreDNS
from kubesim.network.dns.corefile_words import CorefileError
from kubesim.network.dns.message import DnsQuery
from kubesim.network.dns.objects import KubernetesObjects
from kubesim.network.dns.plugins.base import Surroundings
from kubesim.programs.curl import options as curl_options
from kubesim.programs.curl.location import LocationError, expand_globs, parse_location
from kubesim.programs.dns.dig_options import DigUsageError, parse_arguments
from kubesim.programs.http import request_in
from kubesim.programs.nginx import configuration as nginx
from kubesim.serve import protobuf, spdy
from kubesim.serve.conversation import Requests, TooLargeError
from kubesim.serve.line_discipline import LineDiscipline
from kubesim.simulation import Simulation
from kubesim.turn import Interrupted
from kubesim.userland.command_line import Complaint
from kubesim.userland.filesystem import FileSystem
from kubesim.userland.printf import Printf
from kubesim.userland.process import Completed
from kubesim.userland.regular import RegexProblem, compile_posix
from kubesim.userland.shell import patterns
from kubesim.userland.shell.arithmetic import ArithmeticFailure, Evaluator
from kubesim.userland.shell.dialect import ASH, BASH, DASH, ShellSyntaxError
from kubesim.userland.shell.parser import Parser
from kubesim.userland.text.awk.parser import Parser as AwkParser
from kubesim.userland.text.sed.script import ScriptReader
from tests.api.manifests import VALID, any_manifest
from tests.fuzz.mutations import ODD, PIECES, edited, slips
from tests.network.dns.surroundings import CLIENT, DeadNetwork, TextFiles
from tests.programs.bare_machine import DIRECTORY, FILES, bare_machine


@dataclass(frozen=True, slots=True)
class Grammar:
    """One sort of text, or of value, and who reads it.

    :param door: through which it comes in.
    :param examples: usual ones.
    :param pieces: what such a text is made of; empty where only the examples are changed.
    :param read: reads one.
    :param refused: how the reader says that it cannot.
    :param made: makes one, where it is no text.
    :param most: pieces in a text.
    """

    door: str
    read: Callable[[Any], object]
    examples: Sequence[str] = ()
    pieces: str = ""
    refused: tuple[type[Exception], ...] = ()
    made: Callable[[Random], Any] | None = None
    most: int = 14

    @property
    def runs(self) -> bool:
        """Whether its texts are run, and not only read."""
        return self.read is _on_a_machine

    @property
    def world_inputs(self) -> int:
        """How many are tried one after the other."""
        return 1500

    def draw(self, chance: Random) -> Any:
        """An input."""
        if self.made is not None:
            return self.made(chance)
        if self.pieces and chance.random() < 0.6:
            pieces = self.pieces.split(" ")
            text = "".join(
                chance.choice(PIECES) if chance.random() < 0.05 else chance.choice(pieces).replace("␣", " ")
                for _ in range(chance.randrange(self.most))
            )
            return text.replace("␤", "\n")
        return slips(chance.choice(self.examples), chance, 4)

    def enter(self, given: Any) -> None:
        """Read it; whatever this raises is a failure. What is typed has passed the door, which mends half characters."""
        try:
            self.read(go_json.clean(given) if self.door == "typed line" and isinstance(given, str) else given)
        except self.refused as error:
            if type(error) not in self.refused and not type(error).__module__.startswith("kubesim."):
                raise  # such as the UnicodeError that is a ValueError, and slipped out
            assert str(error) or isinstance(error, Interrupted | RegexProblem | Complaint), "an error must have words"


DOCUMENT: Any = {
    "kind": "List",
    "items": [*VALID[:6], {"a": None, "b": [1, 2.5, True, "x", {"c": {}}], "": [], "n": -3}],
}


def _jsonpath(text: str) -> None:
    JsonPath(text, allow_missing_keys=len(text) % 2 == 0).render(DOCUMENT, as_json=len(text) % 3 == 0)
    JsonPath(relaxed_expression(text))


def _columns(text: str) -> None:
    columns_from_spec(text)
    columns_from_template(text)


def _shell(text: str) -> None:
    parser = Parser(text, (BASH, DASH, ASH)[len(text) % 3])
    while parser.next():
        pass


def _arithmetic(text: str) -> None:
    Evaluator(text, {"a": "3", "b": "a+1", "c": "c", "x": "1/0"}, (BASH, DASH, ASH)[len(text) % 3]).evaluate()


def _pattern(text: str) -> None:
    patterns.matches(text, "kubernetes.default", fold=len(text) % 2 == 0)
    patterns.is_pattern(text)
    patterns.unescape(text)


def _printf(text: str) -> None:
    template, *arguments = text.split("|")
    Printf(("bash", "dash", "ash", "coreutils")[len(text) % 4], arguments).run(template)


def _awk(text: str) -> None:
    AwkParser(text, len(text) % 2 == 0).program()


def _sed(text: str) -> None:
    ScriptReader(text, len(text) % 2 == 0, len(text) % 3 == 0).commands()


def _on_a_machine(text: str) -> None:
    machine = bare_machine(FILES, image := ("nginx", "busybox")[len(text) % 2])
    done = machine.run(["bash" if image == "nginx" else "sh", "-c", f"cd {DIRECTORY}\n{text}"])
    assert isinstance(done, Completed)
    assert 0 <= done.returncode <= 255, f"a status is 0 to 255, got {done.returncode}"
    assert "Traceback" not in done.stderr


@functools.cache
def _leaves() -> tuple[tuple[tuple[str, ...], Verb], ...]:
    found: list[tuple[tuple[str, ...], Verb]] = []
    rest: list[tuple[tuple[str, ...], Verb]] = [((verb.name,), verb) for verb in VERBS]
    while rest:
        words, verb = rest.pop()
        found.append((words, verb))
        rest += [((*words, each.name), each) for each in verb.subcommands]
    return tuple(found)


def _draw_flags(chance: Random) -> Any:
    number = chance.randrange(len(_leaves()))
    verb = _leaves()[number][1]
    words = []
    for _ in range(chance.randrange(5)):
        flag = chance.choice(verb.flags) if verb.flags else None
        value = chance.choice(["", "x", "-1", "1s", "true", "5", "1e9", "a=b,c=d", "9" * 30, '"a,b"', "\ud800"])
        name = flag.name if flag else "nosuch"
        words.append(chance.choice([f"--{name}={value}", f"--{name}", value, f"-{value}", "--", "-o", f"-o{value}"]))
    return number, tuple(slips(word, chance, 1) if chance.random() < 0.3 else word for word in words)


def _read_flags(given: Any) -> None:
    number, words = given
    parse_flags(list(words), _leaves()[number][1].flags)


def _kubeconfig(text: str) -> None:
    files = FileSystem()
    files.write("/config", text)
    Kubeconfig.read(files, {}, "/config", "/")


def _corefile(text: str) -> None:
    files = TextFiles({COREFILE: text, "/etc/coredns/NodeHosts": "172.31.0.10 master\n"})
    surroundings = Surroundings(KubernetesObjects(), files, DeadNetwork(), Simulation(), addresses=("10.42.0.2",))  # type: ignore[arg-type]
    server = CoreDNS(surroundings)
    for name, kind in (("a.default.svc.cluster.local.", "A"), ("example.com.", "AAAA"), ("master.", "A")):
        for port in server.ports[:2]:
            server.handle(DnsQuery(name, kind), CLIENT, port)


def _nginx(text: str) -> None:
    files = FileSystem()
    files.make_directory("/etc/nginx", parents=True)
    files.write(nginx.MAIN, text)
    nginx.read(files)


def _curl(text: str) -> None:
    curl_options.parse(text.split("|"))


def _globs(text: str) -> None:
    for _ in zip(range(20), expand_globs(text), strict=False):
        pass


def _schedule(text: str) -> None:
    cron.parse_schedule(text).after(datetime(2026, 7, 1, tzinfo=UTC))


def _selector(text: str) -> None:
    found = selectors.parse_label_selector(text)
    found.matches({"app": "a", "b": "1"})
    str(found)
    selectors.to_label_selector(found)


def _yaml(text: str) -> None:
    for each in go_yaml.load_all(text):
        go_yaml.dump(each)


def _json(text: str) -> None:
    value = go_json.loads(text)
    go_json.dumps(value)


def _address(text: str) -> None:
    addresses.parse_sloppily(text)
    addresses.parse_block_sloppily(text)


def _draw_object(chance: Random) -> Any:
    return any_manifest(chance) if chance.random() < 0.5 else edited(chance.choice(VALID), chance)


def _object(wire: Any) -> None:
    request = decode(go_json.value_of(wire), "Warn")
    filled = apply_defaults(request.object)
    str(validate(filled["kind"], filled))


def _draw_patch(chance: Random) -> Any:
    number = chance.randrange(len(VALID))
    patch = edited(VALID[number], chance, 4, ODD[:-1])
    if chance.random() < 0.3:
        patch = edited(chance.choice(_OPERATIONS), chance, 3, ODD[:-1])
    return number, chance.choice(("strategic", "merge", "json")), patch


_OPERATIONS: tuple[Any, ...] = (
    [{"op": "add", "path": "/metadata/labels/x", "value": "1"}, {"op": "remove", "path": "/spec"}],
    [{"op": "test", "path": "/kind", "value": "Pod"}, {"op": "move", "from": "/a", "path": "/b"}],
    [{"op": "replace", "path": "/spec/ports/-", "value": None}, {"op": "copy", "from": "", "path": "/x~1y"}],
)


def _patch(given: Any) -> None:
    number, kind, patch = given
    old = VALID[number]
    apply_patch(old, go_json.value_of(patch), kind, BY_KIND[old["kind"]])
    if isinstance(patch, list):
        apply_operations(old, patch)


@functools.cache
def _bodies() -> tuple[bytes, ...]:
    file = Path(__file__).parents[1] / "serve" / "protobuf_bodies.json"
    if file.exists():
        return tuple(bytes.fromhex(each) for each in json.loads(file.read_text(encoding="utf-8")))
    pod = b"\n\t\n\x02v1\x12\x03Pod\x12\x1b\n\x05\n\x01a*\x00\x12\x12\x12\x10\n\x01c\x12\x05nginx2\x00j\x00"
    return (protobuf.MAGIC + pod, protobuf.MAGIC + b"\n\x11\n\x02v1\x12\x07Service\x12\x06\n\x04\n\x02ab")


def _draw_body(chance: Random) -> Any:
    body = bytearray(chance.choice(_bodies()))
    for _ in range(chance.randrange(4)):
        place = chance.randrange(4, len(body))
        body[place : place + chance.randrange(2)] = bytes([chance.randrange(256)])
    return bytes(body)


def _frames(chance: Random) -> bytes:
    """What a client says over SPDY, with some bytes changed, cut anywhere."""
    writer = spdy.Writer()
    said = bytearray(spdy.pong(chance.randrange(9)))
    for stream in range(1, chance.randrange(2, 6)):
        said += writer.syn_stream(stream, {"streamtype": chance.choice(("data", "error")), "port": "80"})
        said += spdy.data(stream, b"GET / HTTP/1.1\r\n\r\n", fin=chance.random() < 0.5) + spdy.reset(stream)
    for _ in range(chance.randrange(5)):
        said[chance.randrange(len(said))] = chance.randrange(256)
    return bytes(said[: chance.randrange(len(said) + 1)])


def _read_frames(said: bytes) -> None:
    reader = spdy.Reader()
    for place in range(0, len(said), 7):
        list(reader.feed(said[place : place + 7]))


def _requests(chance: Random) -> bytes:
    """What a client says over a connection of TCP, with some bytes changed."""
    said = bytearray()
    for _ in range(chance.randrange(1, 4)):
        said += chance.choice(_REQUESTS)
    for _ in range(chance.randrange(4)):
        place = chance.randrange(len(said))
        said[place : place + chance.randrange(2)] = bytes([chance.choice((10, 13, 32, 58, chance.randrange(256)))])
    return bytes(said)


_REQUESTS = (
    b"GET / HTTP/1.1\r\nHost: web\r\n\r\n",
    b"POST /x HTTP/1.0\r\nContent-Length: 3\r\n\r\nabc",
    b"PUT http://web:8080/ HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n",
    b"PING\r\n",
)


def _cut(said: bytes) -> None:
    requests = Requests()
    for place in range(0, len(said), 11):
        for whole in requests.feed(said[place : place + 11]):
            request_in(whole.decode("utf-8", "surrogateescape"))


def _press(said: bytes) -> None:
    for tty in (False, True):
        list(LineDiscipline(tty).press(said))


@functools.cache
def _cluster_documents() -> tuple[Any, ...]:
    course = [go_yaml.load(file.read_text(encoding="utf-8")) for file in sorted((DATA / "clusters").glob("*.yaml"))]
    return tuple(each for each in course if isinstance(each, dict))


def _draw_cluster(chance: Random) -> Any:
    return edited(chance.choice(_cluster_documents()), chance, 3)


def _cluster(document: Any) -> None:
    ClusterConfiguration.from_document(document, DATA / "clusters").age_seconds  # noqa: B018


def _draw_dump(chance: Random) -> Any:
    objects = [edited(chance.choice(VALID), chance, 2, ODD[:-1]) for _ in range(chance.randrange(4))]
    return edited({"apiVersion": "v1", "kind": "List", "items": objects}, chance, 1, ODD[:-1])


def _dump(given: Any) -> None:
    facts_of(read_dump(given))


SPACED = "␣ ␤ | & ; ( ) { } [ ] \" ' ` $ * ? ! # \\ < > = ~ - + / , . : 0 1 9 a b x $( ${ (( )) [[ ]] "
GRAMMARS: dict[str, Grammar] = {
    "jsonpath": Grammar(
        "typed line",
        _jsonpath,
        (
            "{.items[*].metadata.name}",
            '{range .items[*]}{.kind}{"\\t"}{.spec.ports[0].port}{"\\n"}{end}',
            '{.items[?(@.kind=="Pod")].spec}',
            "{..name}",
            "{.items[-1:0:-2]['a','b']}",
            '{.items[?(@.spec.ports[0].port>79)].metadata.labels.app\\.kubernetes\\.io/name} x {"}"}',
            "{$.items[0:2].kind} {@.kind}",
        ),
        "{ } [ ] ( ) ? @ $ . .. * : , ' \" \\ / range␣ end .items .kind .a .b == != < > <= >= && 0 1 -1 99999999999 "
        "true false nan ␣ text",
        (ValueError,),
    ),
    "go-template": Grammar(
        "typed line",
        lambda text: GoTemplate(text, allow_missing_keys=len(text) % 2 == 0).render(DOCUMENT),
        (
            "{{range .items}}{{.metadata.name}}{{\"\\n\"}}{{end}}",
            '{{with $x := .kind}}{{printf "%-10s|%5.2f" $x 3.0}}{{else}}no{{end}}',
            "{{if and (eq .kind \"List\") (gt (len .items) 2)}}{{index .items 0 \"kind\"}}{{else if not .a}}b{{end}}",
            "{{range $i, $e := .items}}{{if eq $i 2}}{{break}}{{end}}{{$e.kind | printf \"%q\" | len}}{{end}}",
            "{{- /* a */ -}}{{slice .kind 1 2}}{{html .kind}}{{js .kind}}{{urlquery .kind}}{{print nil}}",
        ),
        "{{ }} {{- -}} range␣ if␣ with␣ else end break continue . .items .kind .a .b $ $x := = | ( ) len␣ index␣ slice␣ "
        'printf␣ print␣ eq␣ ne␣ lt␣ and␣ or␣ not␣ html␣ nil true 0 1 -1 1.5 1e400 "%d" "%s" "a" `b` \'c\' , ␣ /* */ '
        "define␣ template␣ block␣ exists␣ base64decode␣ 99999999999999999999 0x1f 1i",
        (ValueError, Interrupted),
    ),
    "custom columns": Grammar(
        "typed line", _columns, ("NAME:.metadata.name,IP:.status.podIP", "A B\n.a .b[0]"), "A : . , a [ ] * ␤ ␣ { } \\ '",
        (ValueError,),
    ),
    "label selector": Grammar(
        "typed line",
        _selector,
        ("app=a,b!=c", "app in (a, b),!c", "x notin (),y", "n>3,m<4"),
        "app a b = == != , ( ) ! ␣ in notin > < 3 -1 / . kubernetes.io/x 99999999999999999999",
        (ValueError, ApiError),
    ),
    "field selector": Grammar(
        "typed line", field_selectors.parse_field_selector, ("metadata.name=a,status.phase!=Running",),
        "metadata.name status.phase = == != , \\ a ␣", (ValueError,),
    ),
    "kubectl flags": Grammar("typed line", _read_flags, made=_draw_flags, refused=(FlagError,)),
    "kubeconfig": Grammar(
        "typed line",
        _kubeconfig,
        (
            "apiVersion: v1\nkind: Config\ncurrent-context: a\ncontexts:\n- name: a\n  context: {cluster: c, user: u}\n"
            "clusters:\n- name: c\n  cluster: {server: https://x:6443}\nusers:\n- name: u\n  user: {token: t}\n",
        ),
        refused=(KubectlError,),
    ),
    "shell grammar": Grammar(
        "typed line",
        _shell,
        (
            "for i in 1 2; do echo $i; done | sort > f",
            "case $x in a|b) echo ${y:-z};; *) [[ $a =~ ^b ]] && echo;; esac",
            "f() { local a=(1 2); echo ${a[@]:1} $((1+2)); }; f <<E\n$x\nE\n",
            "if ! a && b || (c; d) 2>&1 >>f; then :; elif x; then y; else z & fi",
            "while read -r x; do echo `date` <(cat) >&2; done <<< 'a b'; select y in z; do break; done",
        ),
        SPACED + "if then else elif fi for in do done while until case esac function␣ select time␣ ;; ;& <<E E && || >& "
        "<<< &> >| coproc",
        (ShellSyntaxError,),
        most=24,
    ),
    "shell lines": Grammar(
        "typed line",
        _on_a_machine,
        (
            "a=(1 2 3); echo ${a[@]/1/x} ${#a[*]} ${!a[@]}; declare -p a",
            "x=abc; echo ${x%c*} ${x#a} ${x^^} ${x:1:1} ${x/b/z} ${x:?no}",
            "printf '%s %05d %.*f\\n' a 3 2 1.5; IFS=:; set -- a:b c; echo $* \"$@\"",
            "read -r a b <<< 'x y'; echo $b; getopts ab: o -a; echo $o $OPTIND",
            "trap 'echo $?' EXIT; (exit 3); [ -f names -a ! -d x ] || test 1 -gt 2",
            "let x=1+2 y=x++; ((x>2)) && echo $x; echo {1..3}{a,b} ~ *.txt [a-c]*",
        ),
        SPACED + "echo␣ x= $x ${x ${x:- @ # % %% ^ ^^ printf␣ set␣ -- read␣ IFS= declare␣-a␣ local␣ eval␣ export␣ shift "
        "unset␣ names OPTIND= getopts␣ test␣ -eq␣ -z␣ =~ 99999999999 trap␣ exit␣ return break continue wait kill␣ "
        "<<<␣ 2>&1 /dev/null",
        most=20,
    ),
    "text programs": Grammar(
        "typed line",
        _on_a_machine,
        (
            "grep -n -A1 -c 'a.*[0-9]' names",
            "sed -n '2,$s/a/b/gp;1!d' names",
            "awk -F: '{s[$1]+=$2} END {for (k in s) print k, s[k], substr(k, 1, 2)}' colon",
            "cut -d' ' -f1,2- names | sort -k2n -t' ' -u | uniq -c | tr a-z A-Z | head -n 2 | tail -c 5",
            "expr 1 + 2 \\* 3; seq 1 2 9; date -d '2026-01-01' +%F; factor 12",
            "find / -maxdepth 2 -name 'n*' -type f -size +1 | xargs -n1 -I{} echo {} | wc -lwc | nl | tac | rev",
            "fold -w 5 names; column -t names; paste -d, names mixed; comm mixed names; base64 -w 10 names; od -c names",
            "awk 'BEGIN {printf \"%d %s\", 1, sprintf(\"%5.2f\", 2); n=split(\"a b\", p); gsub(/a/,\"&&\",p[1]); print p[1]}'",
            "join names colon; split -l 1 names; diff names mixed; stat names; basename a/b .c; dirname a; sha256sum names",
            "tee x < names; touch -d 1 y; chmod 7777 y; ls -la; mkdir -p a/b; cp -r a c; mv c d; rm -rf d; ln -s a l; truncate -s 5 y",
        ),
        "grep␣ sed␣ awk␣ cut␣ sort␣ tr␣ head␣ tail␣ expr␣ seq␣ date␣ fold␣ column␣ base64␣ od␣ wc␣ uniq␣ find␣ xargs␣ "
        "nl␣ paste␣ join␣ comm␣ tac␣ rev␣ printf␣ -n␣ -A␣ -F␣ -d␣ -f␣ -c␣ -k␣ -w␣ -m␣ -t␣ -u␣ -e␣ -v␣ 1␣ -1␣ x␣ ''␣ "
        "names␣ colon␣ numbers␣ |␣ 99999999999999999999␣ 1e9␣ '[' 's/a/b/' '{print␣$1}' +%F␣ :␣ ,␣ a-z␣ -␣ 0␣ '\\(' 1,2␣",
    ),
    "arithmetic": Grammar(
        "typed line", _arithmetic, ("1 + a * (b - 3) ** 2", "a += 5, b ? 1 : 0x1f", "16#ff | ~1 && !b++", "a[1]"),
        "a b c x 0 1 2 7 + - * / % ** ( ) ? : , = += ++ -- ! ~ && || << >> < > == 0x 08 2# 64#@_ 99999999999999999999 "
        "[ ] ␣ # $",
        (ArithmeticFailure, Interrupted),
    ),
    "shell patterns": Grammar(
        "typed line", _pattern, ("*.yaml", "[!a-z]?*", "k[[:alpha:]]*t", "\\*[]a]"),
        "* ? [ ] ! ^ - a z k \\ [[:alpha:]] [:digit:] [=a=] [.a.] ( ) | + @ . / ~ &", (Interrupted,),
    ),
    "printf": Grammar(
        "typed line", _printf, ("%s %05d|a|7", "%-10.3f%x%q|1.5|255|a b", "%.*s|2|abc", "\\x41\\u00e9%b%c|\\n|d"),
        "% s d f x q b c i o u e g G X * . - + # 0 5 99999 99999999999 | \\ \\n \\x \\u \\c a ' \" 1.5 -1 %% (%F)T",
        (Interrupted,),
    ),
    "POSIX expressions": Grammar(
        "typed line",
        lambda text: compile_posix(text, extended=len(text) % 2 == 0),
        ("^a.*[0-9]$", "\\(a\\|b\\)\\{2,3\\}", "(a|b){2}?+", "[[:alpha:]_-]", "\\<w\\>\\1"),
        "a b . * + ? ^ $ [ ] ( ) { } | \\ \\( \\) \\{ \\} 1 , 2 99999 - [[:alpha:]] [^ \\1 \\w \\x41 \\n (? (?P< (*",
        (RegexProblem,),
    ),
    "awk grammar": Grammar(
        "typed line", _awk,
        ("BEGIN {FS=\":\"} $1 ~ /a/ && NR > 1 {print $2, length($3) > \"f\"} END {printf \"%d\", x}",
         "function f(a, b) { return a[b]++ } {while (i<3) {i++; if (i==2) continue; else next}} /a/,/b/",
         "{ for (k in a) delete a[k]; do x = x \"y\"; while (!z); getline l < \"f\"; \"cmd\" | getline; print | \"sort\" }"),
        'BEGIN END { } ( ) [ ] ; ␤ ␣ $ $1 NR x a 1 1.5 "s" /re/ + - * / % ^ ++ -- = += == != < > ~ !~ && || ! ? : , in␣ if '
        "else␣ while for do␣ print␣ printf␣ getline␣ delete␣ function␣ f return␣ next exit | >> length substr( split( \\",
        (Complaint,), most=24,
    ),
    "sed scripts": Grammar(
        "typed line", _sed, ("2,$s/a/b/gp;1!d", "/a/,/b/{y/ab/cd/;n;D}", "$a\\\ntext", ":l;N;tl;s|x\\(y\\)|\\1&|w f", "0~3p;q5"),
        "s / y | a i c \\ ␤ ; { } p d n N D g G h H x q 1 $ , ! ~ + b t : l & w␣f I M e \\( \\) \\1 [ ] * ␣ # = r",
        (Complaint,),
    ),
    "curl options": Grammar(
        "typed line", _curl,
        ("-s|-X|POST|-d|a=b|http://a", "--max-time|5|-H|A: b|--resolve|a:80:1.2.3.4|url", "-kLso|/dev/null|-w|%{http_code}"),
        "- -- s S X H d o w L k | max-time resolve connect-to retry 5 x a:b url no- help all = @ data-urlencode range %{",
        (curl_options.UsageError,),
    ),
    "URLs": Grammar(
        "typed line", parse_location,
        ("http://user:pw@web.default:80/a/../b?c#d", "https://[::1]:443/", "udp://10.43.0.10:53", "file:///etc/passwd"),
        "http:// https:// :// / : @ ? # [ ] . .. ::1 fe80::1%eth0 a b 80 99999 -1 % %41 %zz ␣ é 1.2.3.4 0x7f.1 \\",
        (LocationError,),
    ),
    "URL globs": Grammar(
        "typed line", _globs, ("http://{a,b}/[1-9]", "[001-100:2]{x}", "a[a-z:3]"),
        "{ } [ ] , - : a z 1 9 100 99999999999 \\ /", (LocationError, Interrupted),
    ),
    "dig options": Grammar(
        "typed line", lambda text: parse_arguments(text.split("|")), ("@10.43.0.10|web|AAAA|+short|-p|53", "-x|1.2.3.4|+notcp"),
        "@ - + x p t c q | short no time= tries= bufsize= 53 a A IN AAAA 1.2.3.4 ::1 99999999999 -1 ndots=", (DigUsageError,),
    ),
    "resolv.conf": Grammar(
        "typed line", resolv_conf.parse, ("nameserver 10.43.0.10\nsearch a b\noptions ndots:5 timeout:1\n",),
        "nameserver␣ search␣ options␣ domain␣ ndots: 5 -1 99999999999 x 1.2.3.4 ::1 fe80::1%eth0 ␤ ␣ # ; rotate sortlist␣",
    ),
    "hosts files": Grammar(
        "typed line", hosts_file.parse, ("127.0.0.1 localhost\n::1 a b # c\n",), "1.2.3.4 ::1 % ␣ ␤ # a . 999.1.1.1 \t",
    ),
    "YAML": Grammar(
        "manifest", _yaml,
        ("apiVersion: v1\nkind: Pod\nmetadata: {name: a, labels: {x: 'y'}}\nspec:\n  containers:\n  - name: c\n    image: \"n:1\"\n",
         "a: &x [1, 2]\nb: *x\nc: |\n  text\n d: >-\n", "- 0x1f\n- 1e3\n- ~\n- yes\n- 2026-01-01\n- .inf\n- !!str 3\n---\n{}\n"),
        "a b : ␣ ␤ - [ ] { } , | > & * ! !!str !!binary ? # % @ ` ' \" \\ --- ... ~ null true 0x1f 1e400 .nan << : ␣␣ é \t",
        (go_yaml.YamlError,), most=24,
    ),
    "JSON": Grammar(
        "manifest", _json, ('{"a": [1, 2.5e3, null, "\\u00e9\\ud800"], "b": {"c": true}}', "[[[]]]"),
        '{ } [ ] : , " a \\ \\u00e9 \\ud800 \\n 1 -1 0.5 1e400 1e5 true null NaN ␣ ␤', (go_json.JsonError,), most=24,
    ),
    "quantities": Grammar(
        "manifest", lambda text: (quantities.parse(text), quantities.canonical(text)), ("100m", "1.5Gi", "1e3", "-2Ki", "+.5"),
        "1 0 . - + e E m u n k M Ki Gi Ei 999999999999 e400 E9 ␣", (ValueError,), most=8,
    ),
    "durations": Grammar(
        "manifest", durations.parse_duration, ("1h2m3.5s", "-1ms", "5"), "1 0 . - + h m s ms us µs ns 99999999999 d ␣",
        (ValueError,), most=8,
    ),
    "times": Grammar(
        "manifest", durations.parse_timestamp, ("2026-07-01T09:00:00Z", "2026-07-01T09:00:00.5+02:00"),
        "2026 - 07 T : 09 00 Z + . 99 0", (ValueError,),
    ),
    "schedules": Grammar(
        "manifest", _schedule, ("*/5 1-3 * jan mon", "@every 1h", "TZ=Europe/Berlin 0 0 1 1 *", "@daily"),
        "* / - , 0 5 31 60 jan sun ␣ @every␣ @daily 1h TZ=Asia/Tokyo␣ ? L 99999999999", (ValueError,),
    ),
    "addresses": Grammar(
        "manifest", _address, ("10.0.0.0/8", "fd00::1/64", "::ffff:1.2.3.4", "010.1.1.1"),
        "1 10 255 256 . : :: / 8 33 fd00 ffff % eth0 -1 0 ␣", most=10,
    ),
    "objects": Grammar("manifest", _object, made=_draw_object, refused=(ApiError, go_json.JsonError)),
    "patches": Grammar("manifest", _patch, made=_draw_patch, refused=(ApiError, go_json.JsonError)),
    "SPDY frames": Grammar("Python call", _read_frames, made=_frames, refused=(spdy.SpdyError,)),
    "bytes of TCP": Grammar("Python call", _cut, made=_requests, refused=(TooLargeError,)),
    "keystrokes": Grammar("typed line", _press, made=lambda chance: chance.randbytes(chance.randrange(40))),
    "protobuf bodies": Grammar("manifest", protobuf.decode, made=_draw_body, refused=(protobuf.ProtobufError,)),
    "Corefiles": Grammar(
        "manifest", _corefile,
        (".:53 {\n errors\n health :8080 {\n lameduck 5s\n }\n ready\n kubernetes cluster.local in-addr.arpa {\n pods insecure\n"
         " fallthrough in-addr.arpa\n ttl 30\n }\n hosts /etc/coredns/NodeHosts {\n ttl 60\n fallthrough\n }\n prometheus :9153\n"
         " forward . /etc/resolv.conf {\n max_concurrent 10\n prefer_udp\n }\n cache 30 {\n success 99 30 5\n }\n loop\n reload\n"
         " loadbalance\n import a*\n}\n",
         "a.b:54 {\n rewrite stop name regex (.*)\\.a$ {1}.b answer auto\n template IN A a.b {\n match \"^(?P<n>.*)[.]a$\"\n"
         " answer \"{{ .Name }} 60 IN A 1.2.3.4\"\n fallthrough\n }\n log . {\n class denial error\n }\n}\n",
         "(s) {\n errors\n}\nx {\n import s\n bind 127.0.0.1\n forward x 1.2.3.4:53 tls://9.9.9.9 {\n tls_servername a\n policy random\n"
         " health_check 5s\n expire 10s\n except y\n }\n reload 10s 5s\n}\n"),
        ". :53 a {␤ }␤ ␤ ␣ errors health ready kubernetes␣ hosts␣ forward␣ cache␣ loop reload␣ rewrite␣ template␣ log␣ import␣ "
        "prometheus␣ 1.2.3.4 /etc/resolv.conf 30 5s -1 x name regex ( ) { } \" # ttl␣ pods␣ fallthrough answer␣ match␣ {$X} "
        "10.0.0.0/8 ::1 fe80::1%eth0 bind␣ bufsize␣ root␣",
        (CorefileError,), most=30,
    ),
    "nginx configurations": Grammar(
        "manifest", _nginx,
        ("user nginx;\nevents { worker_connections 1024; }\nhttp { include mime.types; log_format m '$remote_addr'; server { listen 80"
         " default_server; server_name a *.b ~^c; location / { root /usr/share; index a; try_files $uri /x =404; }\n location ~* \\.p$ {"
         " return 301 http://$host$request_uri; } } }",
         "events{} http { upstream u { server a:80 weight=2 backup; least_conn; keepalive 5; } map $uri $x { default 0; ~^/a 1; } "
         "server { listen [::]:8080 ssl; location = /a { proxy_pass http://u/; proxy_set_header Host $host; rewrite ^/(.*) /$1 last; "
         "if ($x) { return 404; } add_header A b always; } error_page 500 502 /50x.html; } }"),
        "{ } ; ␤ ␣ events http server location␣ listen␣ 80 return␣ 200 include␣ root␣ / ~ ~* ^~ = ( ) [ $uri ${x} $ \" ' \\ # "
        "upstream␣ u map␣ if proxy_pass␣ http:// rewrite␣ server_name␣ a * 99999 -1 on off 1m types geo␣ set␣ add_header␣",
        (nginx.ConfigurationError,), most=30,
    ),
    "cluster documents": Grammar("cluster file", _cluster, made=_draw_cluster, refused=(ClusterFileError,)),
    "dumped objects": Grammar("dump", _dump, made=_draw_dump, refused=(ValueError, ApiError)),
}  # fmt: skip
