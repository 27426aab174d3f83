import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubesim.network.conntrack import AffinityLists, Entry, Event, Table, UndoLog
from kubesim.network.packet import Packet

FIRST = Packet("UDP", "10.42.0.5", 4000, "10.43.0.10", 53)
REWRITTEN = Packet("UDP", "10.42.0.5", 4000, "10.42.0.2", 5353)


def test_an_entry_rewrites_both_directions() -> None:
    entry = Entry.begun(FIRST, REWRITTEN)
    assert entry.forward(FIRST) == REWRITTEN
    assert entry.backward(REWRITTEN.reply()) == FIRST.reply()
    assert entry.destination_rewritten
    assert not Entry.begun(FIRST, FIRST).destination_rewritten


def test_a_table_finds_packets_of_both_directions() -> None:
    table = Table([Entry.begun(FIRST, REWRITTEN)])
    assert table.original(FIRST, now=0) is not None
    assert table.reply(REWRITTEN.reply(), now=0) is not None
    assert table.original(REWRITTEN, now=0) is None
    assert table.reply(FIRST.reply(), now=0) is None


@pytest.mark.parametrize(
    ("protocol", "events", "seconds", "state"),
    [
        ("UDP", (), 30, ""),
        ("UDP", (Event.ANSWER,), 120, ""),
        ("UDP", (Event.ANSWER, Event.CLOSE), 120, ""),
        ("TCP", (), 120, "SYN_SENT"),
        ("TCP", (Event.CLOSE,), 120, "SYN_SENT"),
        ("TCP", (Event.ANSWER,), 432000, "ESTABLISHED"),
        ("TCP", (Event.ANSWER, Event.ANSWER), 432000, "ESTABLISHED"),
        ("TCP", (Event.ANSWER, Event.CLOSE), 120, "TIME_WAIT"),
        ("TCP", (Event.ANSWER, Event.CLOSE, Event.ANSWER), 120, "TIME_WAIT"),
        ("SCTP", (), 30, ""),
        ("SCTP", (Event.ANSWER,), 432000, ""),
        ("ICMP", (), 30, ""),
        ("ICMP", (Event.ANSWER,), 30, ""),
    ],
)
def test_what_happens_moves_a_connection_and_an_idle_one_is_forgotten(
    protocol: str, events: tuple[Event, ...], seconds: int, state: str
) -> None:
    first = Packet(protocol, "10.42.0.5", 4000, "10.43.0.10", 53)
    table = Table([Entry.begun(first, first)])
    for event in events:
        table.happened(event, Entry.begun(first, first), now=0.0)
    (entry,) = table
    assert (entry.state, entry.answered) == (state, Event.ANSWER in events)
    assert table.original(first, now=seconds) is not None
    assert table.original(first, now=seconds + 1) is None
    table.expire(now=seconds + 1)
    assert len(table) == 0


def test_use_keeps_an_entry() -> None:
    table = Table([Entry.begun(FIRST, REWRITTEN)])
    table.happened(Event.ANSWER, next(iter(table)), now=25.0)
    found = table.original(FIRST, now=140.0)
    assert found is not None and found.answered


def test_closing_and_forgetting() -> None:
    first = Packet("TCP", "10.42.0.5", 4000, "10.43.0.10", 80)
    entry = Entry.begun(first, first).after(Event.ANSWER)
    table = Table([entry])
    table.happened(Event.CLOSE, entry, now=5.0)
    assert next(iter(table)).state == "TIME_WAIT"
    assert (table.forget(lambda each: True), table.forget(lambda each: True)) == (1, 0)
    table.happened(Event.CLOSE, entry, now=6.0)
    assert len(table) == 0


def test_a_table_that_has_doubled_forgets_what_was_idle_for_too_long() -> None:
    table = Table()
    for port in range(1, 2000):
        first = Packet("UDP", "10.42.0.5", port, "10.43.0.10", 53)
        table.add(Entry.begun(first, first, now=float(port)), now=float(port))
    assert len(table) <= 128
    assert table.original(Packet("UDP", "10.42.0.5", 1999, "10.43.0.10", 53), now=1999.0) is not None


def test_an_entry_that_goes_leaves_the_newer_one_its_replies() -> None:
    older = Entry.begun(FIRST, REWRITTEN)
    newer = Entry.begun(Packet("UDP", "10.42.0.5", 4000, "10.43.0.11", 53), REWRITTEN)
    table = Table([older, newer])
    table.remove(older)
    assert table.reply(REWRITTEN.reply(), now=0.0) == newer


@given(st.lists(st.tuples(st.sampled_from("abc"), st.one_of(st.none(), st.integers(1, 9)))), st.integers(0, 8))
def test_a_journal_knows_what_was_before_each_change(changes: list[tuple[str, int | None]], moment: int) -> None:
    undo, here, there = UndoLog(), dict[str, int](), {"a": 7}
    undo.kept = True
    before: list[dict[str, int]] = []
    for key, value in changes:
        before.append(dict(here))
        undo.write(here, key, value)
    assert len(undo) == len(changes) and there == {"a": 7}
    earlier = before[moment] if moment < len(changes) else dict(here)
    for key in "abc":
        assert undo.before(moment, here).get(key) == earlier.get(key)
        assert undo.before(moment, there).get(key) == there.get(key)


def test_a_journal_that_nobody_reads_notes_nothing() -> None:
    undo, mapping = UndoLog(), dict[str, int]()
    undo.write(mapping, "a", 1)
    assert (len(undo), mapping) == (0, {"a": 1})
    undo.kept = True
    undo.write(mapping, "a", None)
    undo.write(mapping, "b", None)
    assert (len(undo), mapping) == (2, {})
    undo.clear()
    assert len(undo) == 0 and undo.before(0, mapping).get("a") is None


def test_a_table_and_the_lists_as_they_were() -> None:
    undo = UndoLog()
    undo.kept = True
    table, lists = Table([Entry.begun(FIRST, REWRITTEN)], undo), AffinityLists(undo)
    moment = len(undo)
    table.forget(lambda entry: True)
    table.add(Entry.begun(FIRST, FIRST))
    lists.remember("KUBE-SEP-A", "10.42.0.5", now=1.0)
    assert table.original(FIRST, 0.0) == Entry.begun(FIRST, FIRST)
    assert table.reply(REWRITTEN.reply(), 0.0) is None
    assert table.before(moment).original(FIRST, 0.0) == Entry.begun(FIRST, REWRITTEN)
    assert table.before(moment).reply(REWRITTEN.reply(), 0.0) == Entry.begun(FIRST, REWRITTEN)
    assert table.before(moment).reply(FIRST.reply(), 0.0) is None
    assert lists.remembers("KUBE-SEP-A", "10.42.0.5", 10, 1.0)
    assert not lists.before(moment).remembers("KUBE-SEP-A", "10.42.0.5", 10, 1.0)


def test_affinity_is_for_the_last_seconds() -> None:
    lists = AffinityLists()
    lists.remember("KUBE-SEP-A", "10.42.0.5", now=100.0)
    assert lists.remembers("KUBE-SEP-A", "10.42.0.5", 10, now=109.9)
    assert not lists.remembers("KUBE-SEP-A", "10.42.0.5", 10, now=110.0)
    assert not lists.remembers("KUBE-SEP-B", "10.42.0.5", 10, now=100.0)
