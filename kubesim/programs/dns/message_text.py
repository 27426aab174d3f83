"""How BIND's programs print a DNS message: its header, its sections, its records in columns.

A record's fields start at columns 24, 32, 40 and 48 (with tabs of eight), or one blank after the field before.
"""

from __future__ import annotations

from collections.abc import Sequence

import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype

from kubesim.network.dns import names
from kubesim.network.dns.message import DnsQuery, DnsRecord, DnsResponse

TAB = 8
COLUMNS = (24, 32, 40, 48)
"""Where TTL, class, type and data start."""
HEADER_BYTES, QUESTION_BYTES, RECORD_BYTES, EDNS_BYTES = 12, 4, 10, 11


def in_columns(fields: Sequence[str], columns: Sequence[int]) -> str:
    """Fields with tabs and blanks between them; ``columns`` are those of the second field and on."""
    text, column = fields[0], len(fields[0])
    for field, wanted in zip(fields[1:], columns, strict=True):
        target = max(wanted, column + 1)
        tabs = target // TAB - column // TAB
        if tabs > 0:
            text += "\t" * tabs
            column = target // TAB * TAB
        text += " " * (target - column) + field
        column = target + len(field)
    return text


def record_line(record: DnsRecord, *, ttl: bool = True, class_name: bool = True) -> str:
    """A record as ``dig`` prints it, without the line's end."""
    optional = [str(record.ttl)] * ttl + [record.class_name] * class_name
    fields = [record.name, *optional, record.type, record.data]
    columns = COLUMNS[: len(fields) - 1]
    return in_columns(fields, columns)


def question_line(query: DnsQuery) -> str:
    """The question, without the line's end."""
    return ";" + in_columns([query.name, query.class_name, query.type], COLUMNS[1:3])


def header_text(response: DnsResponse, identifier: int) -> str:
    """The header's two lines."""
    extra = len(response.additional) + (response.edns is not None)
    return (
        f";; ->>HEADER<<- opcode: QUERY, status: {response.rcode}, id: {identifier}\n"
        f";; flags: {response.flags}; QUERY: 1, ANSWER: {len(response.answer)}, "
        f"AUTHORITY: {len(response.authority)}, ADDITIONAL: {extra}\n"
    )


def section_text(title: str, lines: Sequence[str], *, comments: bool = True) -> str:
    """A section with its title and the blank line after it; nothing where it is empty."""
    if not lines:
        return ""
    body = "".join(f"{line}\n" for line in lines)
    return f";; {title} SECTION:\n{body}\n" if comments else body


def sections(response: DnsResponse) -> tuple[tuple[str, Sequence[DnsRecord]], ...]:
    """The sections of records, each with its title."""
    return (("ANSWER", response.answer), ("AUTHORITY", response.authority), ("ADDITIONAL", response.additional))


def soa_text(record: DnsRecord) -> str:
    """A SOA record as ``nslookup`` prints it, BIND's and busybox': a field a line."""
    words = ("origin", "mail addr", "serial", "refresh", "retry", "expire", "minimum")
    fields = zip(words, (field.rstrip(".") or "." for field in record.data.split()), strict=False)
    return f"{record.name.rstrip('.') or '.'}\n" + "".join(f"\t{word} = {value}\n" for word, value in fields)


def message_text(query: DnsQuery, response: DnsResponse, identifier: int) -> str:
    """A whole message, as ``host -v`` prints it."""
    text = header_text(response, identifier) + "\n"
    text += section_text("QUESTION", [question_line(query)])
    for title, records in sections(response):
        text += section_text(title, [record_line(record) for record in records])
    return text


def message_size(query: DnsQuery, response: DnsResponse, cookie_bytes: int = 0) -> int:
    """The bytes of a response whose names are written out in full, as CoreDNS sends it while it fits."""
    size = HEADER_BYTES + _name_size(query.name) + QUESTION_BYTES
    for record in (*response.answer, *response.authority, *response.additional):
        size += _name_size(record.name) + RECORD_BYTES + _data_size(record)
    return size + (EDNS_BYTES + cookie_bytes if response.edns is not None else 0)


def _name_size(name: str) -> int:
    return sum(len(label.encode()) + 1 for label in names.labels(name)) + 1


def _data_size(record: DnsRecord) -> int:
    rdata = dns.rdata.from_text(
        dns.rdataclass.from_text(record.class_name),
        dns.rdatatype.from_text(record.type),
        record.data,
        relativize=False,
    )
    return len(rdata.to_wire(origin=dns.name.root) or b"")
