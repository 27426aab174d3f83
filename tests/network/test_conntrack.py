import pytest

from kubesim.network.conntrack import AffinityLists, Entry, Table
from kubesim.network.packet import Packet

FIRST = Packet("UDP", "10.42.0.5", 4000, "10.43.0.10", 53)
REWRITTEN = Packet("UDP", "10.42.0.5", 4000, "10.42.0.2", 5353)


def test_an_entry_rewrites_both_directions() -> None:
    entry = Entry(FIRST, REWRITTEN)
    assert entry.forward(FIRST) == REWRITTEN
    assert entry.backward(REWRITTEN.reply()) == FIRST.reply()
    assert entry.destination_rewritten
    assert not Entry(FIRST, FIRST).destination_rewritten


def test_a_table_finds_packets_of_both_directions() -> None:
    table = Table([Entry(FIRST, REWRITTEN)])
    assert table.original(FIRST, now=0) is not None
    assert table.reply(REWRITTEN.reply(), now=0) is not None
    assert table.original(REWRITTEN, now=0) is None
    assert table.reply(FIRST.reply(), now=0) is None


@pytest.mark.parametrize(
    ("protocol", "answered", "closed", "seconds", "state"),
    [
        ("UDP", False, False, 30, ""),
        ("UDP", True, False, 120, ""),
        ("TCP", False, False, 120, "SYN_SENT"),
        ("TCP", True, False, 432000, "ESTABLISHED"),
        ("TCP", True, True, 120, "TIME_WAIT"),
    ],
)
def test_an_idle_entry_is_forgotten(protocol: str, answered: bool, closed: bool, seconds: int, state: str) -> None:
    first = Packet(protocol, "10.42.0.5", 4000, "10.43.0.10", 53)
    table = Table([Entry(first, first, 0.0, answered, closed)])
    assert next(iter(table)).state == state
    assert table.original(first, now=seconds) is not None
    assert table.original(first, now=seconds + 1) is None
    table.expire(now=seconds + 1)
    assert len(table) == 0


def test_use_keeps_an_entry() -> None:
    table = Table([Entry(FIRST, REWRITTEN)])
    table.touch(next(iter(table)), now=25.0, answered=True)
    found = table.original(FIRST, now=140.0)
    assert found is not None and found.answered


def test_closing_and_forgetting() -> None:
    first = Packet("TCP", "10.42.0.5", 4000, "10.43.0.10", 80)
    entry = Entry(first, first, answered=True)
    table = Table([entry])
    table.close(entry, now=5.0)
    assert next(iter(table)).state == "TIME_WAIT"
    table.forget(list(table))
    table.forget([entry])
    table.close(entry, now=6.0)
    assert len(table) == 0


def test_affinity_is_for_the_last_seconds() -> None:
    lists = AffinityLists()
    lists.remember("KUBE-SEP-A", "10.42.0.5", now=100.0)
    assert lists.remembers("KUBE-SEP-A", "10.42.0.5", 10, now=109.9)
    assert not lists.remembers("KUBE-SEP-A", "10.42.0.5", 10, now=110.0)
    assert not lists.remembers("KUBE-SEP-B", "10.42.0.5", 10, now=100.0)
