"""What the three shells do with streams, subshells, traps and ``set -e``, as bash, dash and busybox do it."""

import pytest

from kubesim.userland.process import Completed, Running
from tests.programs.bare_machine import FILES, bare_machine, typed


@pytest.mark.parametrize(
    ("command", "stdout", "status"),
    [
        # streams
        ("bash -c 'exec > out; echo kept'; cat out", "kept\n", 0),
        ("bash -c 'exec 2> /dev/null; nosuch; echo on'", "on\n", 0),
        ("{ echo a; echo b >&2; } 2> err; cat err", "a\nb\n", 0),
        ("echo a > nosuch/x || echo no", "no\n", 0),
        ("cat < nosuch; echo $?", "1\n", 0),
        ("set -C; echo a > names; echo $?", "1\n", 0),
        # standard input goes to who reads it
        ("printf 'a\\nb\\nc\\n' | while read x; do echo $x; done", "a\nb\nc\n", 0),
        ("printf 'a\\nb\\nc\\n' | while read x; do cat; done", "b\nc\n", 0),
        ("printf 'a\\nb\\n' | while read x; do timeout 1 true; echo $x; done", "a\nb\n", 0),
        ("printf 'a\\nb\\n' | while read x; do env cat; done", "b\n", 0),
        ("printf 'a\\nb\\n' | while read x; do cat names > /dev/null; echo $x; done", "a\nb\n", 0),
        ("yes | head -2", "y\ny\n", 0),
        # subshells
        ("x=1; (x=2; exit 3); echo $? $x", "3 1\n", 0),
        ("x=1; echo a | x=2; echo $x", "1\n", 0),
        ("x=$(exit 4); echo $?", "4\n", 0),
        ("cd /tmp; (cd /; pwd); pwd", "/\n/tmp\n", 0),
        # traps
        ("(trap 'echo bye' EXIT; echo on)", "on\nbye\n", 0),
        ("{ trap 'echo bye' EXIT; } | cat; echo on", "bye\non\n", 0),
        ("bash -c 'trap \"echo bye; exit 5\" EXIT; exit 3'; echo $?", "bye\n5\n", 0),
        ("bash -c 'kill -TERM $$'; echo $?", "143\n", 0),
        # set -e
        ("bash -c 'set -e; false || echo on; if false; then :; fi; ! true; false; echo no'", "on\n", 1),
        ("bash -c 'set -e; f() { false; echo in; }; f && echo on'", "in\non\n", 0),
        ("bash -c 'set -o pipefail; false | true; echo $? ${PIPESTATUS[@]}'", "1 1 0\n", 0),
        # loops
        ("for i in 1 2 3; do for j in a b; do [ $i = 2 ] && continue 2; [ $i = 3 ] && break 2; echo $i$j; done; done",
         "1a\n1b\n", 0),
        ("i=0; until [ $i = 2 ]; do i=$((i+1)); done; echo $i", "2\n", 0),
        ("case b in a) echo a ;; [bc]) echo bc ;& x) echo x ;; *) echo no ;; esac", "bc\nx\n", 0),
        # functions and variables
        ("f() { local a=1; g; echo $a; }; g() { a=2; }; a=0; f; echo $a", "2\n0\n", 0),
        ("f() { echo $a; }; a=1 f; echo ${a:-none}", "1\nnone\n", 0),
        ("f() { return 7; echo no; }; f; echo $?", "7\n", 0),
        ("set -- a 'b c'; for x; do echo \"<$x>\"; done", "<a>\n<b c>\n", 0),
        # conditions
        ("[[ a1 =~ ^([a-z])([0-9])$ ]] && echo ${BASH_REMATCH[2]}", "1\n", 0),
        ("[[ -f names && ! ( -d names || abc == x* ) ]] && echo yes", "yes\n", 0),
        ("[ -f names -a ! -d names ] && echo yes", "yes\n", 0),
        ("test 1 -eq x; echo $?", "2\n", 0),
        ("command -v ls cd nosuch; type ls", "/usr/bin/ls\ncd\nls is /usr/bin/ls\n", 0),
    ],
)  # fmt: skip
def test_does_what_the_real_one_does(command: str, stdout: str, status: int) -> None:
    done = typed(bare_machine(FILES), command)
    assert (done.stdout, done.returncode) == (stdout, status)


@pytest.mark.parametrize(
    ("command", "stdout", "status"),
    [
        # read splits with the IFS in front of it, and gives the rest to the last name
        ("IFS=: read -r u rest <<< 'root:x:0'; echo $u/$rest", "root/x:0\n", 0),
        ("printf 'a:b\\nc:d\\n' | while IFS=: read -r x y; do echo $y; done", "b\nd\n", 0),
        ("IFS=, read a b <<< x,y,z; echo $b; IFS=: read -r c d <<< 'x:y:'; echo $d", "y,z\ny\n", 0),
        ("IFS=: read -a parts <<< a::b; echo ${#parts[@]}", "3\n", 0),
        # a reader that has gone ends a writer of more than a pipe holds
        ("seq 1 200000 | head -1; echo ${PIPESTATUS[*]}", "1\n141 0\n", 0),
        ("seq 1 200000 | true; echo ${PIPESTATUS[*]}; seq 1 10 | true; echo ${PIPESTATUS[*]}", "141 0\n0 0\n", 0),
        ("seq 1 200000 | read x; echo ${PIPESTATUS[*]}; seq 1 200000 | tail -1; echo ${PIPESTATUS[*]}",
         "141 0\n200000\n0 0\n", 0),
        # what bash says of itself
        ("bash -c 'echo $-'", "hBc\n", 0),
        ("bash -c 'echo $SHLVL; :'", "2\n", 0),
        ("bash -c 'alias g=echo\ng a' 2>&1", "bash: line 2: g: command not found\n", 127),
        ("bash -c 'shopt -s expand_aliases\nalias g=\"echo aliased\"\ng x'", "aliased x\n", 0),
        ("bash -c 'f() { nosuch; }; f' 2>&1", "environment: line 1: nosuch: command not found\n", 127),
        ("echo 'set -u; echo $zz' > s; bash s; echo $?; bash -c 'set -u; echo $zz'", "1\n", 127),
        ("TIMEFORMAT=%1lR; { time sleep 1.5; } 2>&1", "0m1.5s\n", 0),
        # an expansion that fails gives up its line, not the shell
        ("bash -c 'echo $((1+)); echo same\necho next $?' 2>/dev/null", "next 1\n", 0),
        ("bash -c '((1/0)); echo $?; let 1+; echo $?' 2>/dev/null", "1\n1\n", 0),
        # signals and events
        ("bash -c 'trap \"echo got\" USR1; kill -USR1 $$; echo after'", "got\nafter\n", 0),
        ("bash -c 'trap \"echo t; exit 5\" TERM; kill $$; echo no'", "t\n", 5),
        ("bash -c 'trap \"\" TERM; kill $$; echo survived'", "survived\n", 0),
        ("bash -c 'trap \"echo err\" ERR; false; false || true; echo on'", "err\non\n", 0),
        ("bash -c 'trap \"echo bye\" EXIT; exec true'", "", 0),
        # getopts
        ("while getopts ab: o -a -b val rest; do echo $o $OPTARG $OPTIND; done; echo $OPTIND", "a 2\nb val 4\n4\n", 0),
        ("getopts :b: o -b; echo $o $OPTARG; OPTIND=1; getopts :b: o -x; echo $o $OPTARG", ": b\n? x\n", 0),
        ("OPTIND=-1; getopts a: o foo; echo $?; OPTIND=9; getopts a o -a; echo $?", "1\n1\n", 0),
        # arrays
        ("a=(x '' z); echo ${a[@]} ${#a[@]} ${!a[@]} ${a[-1]}; a[-1]=l; echo ${a[2]}", "x z 3 0 1 2 z\nl\n", 0),
        ("a=([2]=two [5]=five); a+=(six); declare -p a", 'declare -a a=([2]="two" [5]="five" [6]="six")\n', 0),
        ("declare -A m=([a]=1 [b]=2 [c]=3); ((m[a]++)); echo ${!m[@]} ${m[@]}", "c b a 3 2 2\n", 0),
        ("declare -i n=5; n+=3; echo $n; declare -u up=abc; echo $up", "8\nABC\n", 0),
        # words
        ("x=a.b.c; echo ${x//./-} ${x%.*} ${x##*.} ${x^^} ${x:1:2} ${x: -2}", "a-b-c a.b c A.B.C .b .c\n", 0),
        ("x='a b'; y=$x; export z=$x; echo \"$z\"; set -- $x; echo $#", "a b\n2\n", 0),
        ("x=$(cat <<E\nit's\nE\n); echo \"$x\"; echo $(case a in a) echo yes;; esac)", "it's\nyes\n", 0),
        ("echo a | tee >(cat > out) > /dev/null; cat out; exec {fd}> o2; echo b >&$fd; cat o2", "a\nb\n", 0),
        ("f() { echo a; }; declare -f f", "f () \n{ \n    echo a\n}\n", 0),
    ],
)  # fmt: skip
def test_details_of_bash(command: str, stdout: str, status: int) -> None:
    done = typed(bare_machine(FILES), command)
    assert (done.stdout, done.returncode) == (stdout, status)


@pytest.mark.parametrize(
    ("shell", "command", "stdout", "stderr", "status"),
    [
        ("dash", "foo (a)", "", 'dash: 1: Syntax error: word unexpected (expecting ")")\n', 2),
        ("dash", "[ x == y ]; echo $?", "2\n", "dash: 1: [: x: unexpected operator\n", 0),
        ("dash", "printf '%d %d\\n' abc 5x", "0 5\n",
         "dash: 1: printf: abc: expected numeric value\ndash: 1: printf: 5x: not completely converted\n", 1),
        ("dash", "x=abc; echo $((x))", "", "dash: 1: Illegal number: abc\n", 2),
        ("dash", "x=abc; echo ${x:1:1}", "", "dash: 1: Bad substitution\n", 2),
        ("dash", "for 1x in a; do :; done", "", "dash: 1: Syntax error: Bad for loop variable\n", 2),
        ("dash", "shift 3; echo no", "", "dash: 1: shift: can't shift that many\n", 2),
        ("bash", "g() ls", "", "bash: -c: line 1: syntax error near unexpected token `ls'\n"
         "bash: -c: line 1: `g() ls'\n", 2),
        ("bash", "for ((i=0; i<2)); do :; done", "", "bash: -c: line 1: syntax error: arithmetic expression required\n"
         "bash: -c: line 1: syntax error: `((i=0; i<2))'\n", 2),
        ("bash", "[[ a b ]]", "", "bash: -c: line 1: conditional binary operator expected\n"
         "bash: -c: line 1: syntax error near `b'\nbash: -c: line 1: `[[ a b ]]'\n", 2),
        ("bash", "x=([0]=1); declare -n y=x", "",
         "bash: line 1: declare: -n: references to variables are not simulated\n", 1),
    ],
)  # fmt: skip
def test_each_shell_complains_in_its_words(shell: str, command: str, stdout: str, stderr: str, status: int) -> None:
    done = bare_machine({}).run([shell, "-c", command])
    assert isinstance(done, Completed)
    assert (done.stdout, done.stderr, done.returncode) == (stdout, stderr, status)


@pytest.mark.parametrize(
    ("command", "stdout", "stderr", "status"),
    [
        ("[[ a == a ]] && echo y", "y\n", "", 0),
        ("[ a -eq 1 ]", "", "sh: a: bad number\n", 2),
        ("printf '%d\\n' abc", "0\n", "sh: invalid number 'abc'\n", 1),
        ("source ./nosuch", "", "sh: source: line 0: can't open './nosuch': No such file or directory\n", 2),
        ("x=abc; echo ${x/b/X} ${x:1}", "aXc bc\n", "", 0),
        ("echo $((1+))", "", "sh: arithmetic syntax error\n", 2),
    ],
)
def test_busybox_shell(command: str, stdout: str, stderr: str, status: int) -> None:
    done = bare_machine({}, "busybox").run(["sh", "-c", command])
    assert isinstance(done, Completed)
    assert (done.stdout, done.stderr, done.returncode) == (stdout, stderr, status)


@pytest.mark.parametrize(
    ("shell", "stderr", "status"),
    [
        ("bash", "bash: line 1: nosuch: command not found\n", 127),
        ("dash", "dash: 1: nosuch: not found\n", 127),
    ],
)
def test_each_shell_has_its_words(shell: str, stderr: str, status: int) -> None:
    done = typed(bare_machine({}), f"{shell} -c nosuch")
    assert (done.stderr, done.returncode) == (stderr, status)


@pytest.mark.parametrize(
    ("text", "serves"),
    [
        ("nc -l -p 80", True),
        ("nc -l -p 80; echo behind", True),
        ("nc -l -p 80 | cat", False),
        ("nc -l -p 80 | nc -l -p 81", True),
        ("(nc -l -p 80)", False),
        ("echo a | nc -l -p 80", True),
        ("x=$(nc -l -p 80); echo $x", False),
    ],
)
def test_only_the_last_command_of_a_pipe_takes_the_main_process_place(text: str, serves: bool) -> None:
    """A server elsewhere (before a pipe, in a subshell, in a substitution) is not the container: it is waited for."""
    done = bare_machine({}, "busybox").run(["sh", "-c", text], main=True)
    assert (isinstance(done, Running) and bool(done.listeners)) == serves
    if isinstance(done, Running) and serves:
        assert list(done.listeners) == [("TCP", 81 if "81" in text else 80)]


@pytest.mark.parametrize("word", ["${a[$((@]}", "${!a[$((@]}", "${a[$(x]}", '${a["]}', "${a['x]}"])
def test_what_is_unfinished_inside_a_subscript_ends_the_text(word: str) -> None:
    done = typed(bare_machine(FILES), f"a=(1 2); echo {word}; echo never")
    assert (done.stdout, done.returncode) in (("", 1), ("", 2))
    assert done.stderr.startswith("bash: ")
