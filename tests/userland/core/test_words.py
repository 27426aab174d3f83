def test_numbers_without_end_are_as_many_as_one_reads() -> None:
    from kubesim import Cluster, Terminal

    terminal = Terminal(Cluster(), on="master")
    assert terminal.run(f"seq {'9' * 400} | head -2").stdout == "1\n2\n"
