import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubesim.userland.filesystem import FileError, FileSystem

NAMES = st.lists(st.sampled_from(["a", "b", "..", ".", "c"]), min_size=1, max_size=5).map("/".join)


def test_a_file_is_read_as_it_was_written():
    files = FileSystem(lambda: 7.0)
    files.write("/x", "one\n")
    files.write("/x", "two\n", append=True)
    assert files.read("/x") == "one\ntwo\n"
    assert files.stat("/x").modified == 7.0


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/nosuch", "No such file or directory"),
        ("/dir", "Is a directory"),
        ("/file/below", "Not a directory"),
    ],
)
def test_errors_are_the_kernels(path, reason):
    files = FileSystem()
    files.make_directory("/dir")
    files.write("/file", "")
    with pytest.raises(FileError) as caught:
        files.read(path)
    assert caught.value.reason == reason


def test_links_are_followed_and_loops_end():
    files = FileSystem()
    files.make_directory("/usr/bin", parents=True)
    files.link("/bin", "usr/bin")
    files.write("/bin/x", "1")
    assert files.read("/usr/bin/x") == "1"
    files.link("/a", "b")
    files.link("/b", "a")
    with pytest.raises(FileError, match="symbolic links"):
        files.read("/a")


def test_a_tree_moves_whole():
    files = FileSystem()
    files.make_directory("/a/b", parents=True)
    files.write("/a/b/c", "1")
    files.move("/a", "/z")
    assert files.read("/z/b/c") == "1"
    assert not files.exists("/a")


@given(NAMES, st.text(max_size=20))
def test_writing_any_path_fails_cleanly_or_reads_back(path, text):
    files = FileSystem()
    try:
        files.write("/" + path, text)
    except FileError:
        return
    assert files.read("/" + path) == text
