"""A DNS question and its answer, as far as programs can see them.

Names are absolute and end in a dot; their case is kept, comparisons ignore it. A record's ``data`` is its presentation
form, as ``dig`` prints it: an address, a name, ``0 100 80 web.default.svc.cluster.local.`` for an SRV record.

The wire form is dnspython's business: :func:`wire_size` asks it how many bytes a message has, which decides whether an
answer over UDP is cut (512 bytes without EDNS).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

NOERROR = "NOERROR"
FORMERR = "FORMERR"
SERVFAIL = "SERVFAIL"
NXDOMAIN = "NXDOMAIN"
REFUSED = "REFUSED"

UDP_SIZE = 512
"""The largest answer in bytes over UDP to a client that says nothing of EDNS (RFC 1035)."""


@dataclass(frozen=True, slots=True)
class DnsQuery:
    """A question.

    :param name: absolute, with its final dot.
    :param type: ``A``, ``AAAA``, ``SRV``, ``PTR``…; ``TYPE65280`` for a type without a name.
    :param edns: the UDP size that the client offers (EDNS), or None where it sends no OPT record.
    :param transport: ``UDP`` or ``TCP``: how it is sent; a server cuts long answers over UDP only.
    """

    name: str
    type: str = "A"
    recursion_desired: bool = True
    edns: int | None = None
    transport: str = "UDP"
    authentic_data: bool = False
    class_name: str = "IN"

    def __str__(self) -> str:
        return f"{self.name} {self.type}"


@dataclass(frozen=True, slots=True)
class DnsRecord:
    """One resource record; ``ttl`` is in seconds."""

    name: str
    type: str
    data: str
    ttl: int = 0
    class_name: str = "IN"

    def __str__(self) -> str:
        return f"{self.name}\t{self.ttl}\t{self.class_name}\t{self.type}\t{self.data}"


@dataclass(frozen=True, slots=True)
class DnsResponse:
    """An answer.

    :param seconds: how long the server took, in simulated seconds; a client whose patience is shorter never sees it.
    :param edns: the server's own UDP size where it added an OPT record.
    """

    rcode: str = NOERROR
    answer: tuple[DnsRecord, ...] = ()
    authority: tuple[DnsRecord, ...] = ()
    additional: tuple[DnsRecord, ...] = ()
    authoritative: bool = False
    recursion_available: bool = False
    recursion_desired: bool = True
    truncated: bool = False
    seconds: float = 0.0
    edns: int | None = None
    authentic_data: bool = False

    @property
    def flags(self) -> str:
        """The header's flags as ``dig`` prints them: ``qr aa rd``."""
        shown = (
            ("qr", True),
            ("aa", self.authoritative),
            ("tc", self.truncated),
            ("rd", self.recursion_desired),
            ("ra", self.recursion_available),
            ("ad", self.authentic_data),
        )
        return " ".join(name for name, is_set in shown if is_set)

    def addresses(self, record_type: str = "A") -> tuple[str, ...]:
        """The data of the answer's records of one type, in order."""
        return tuple(record.data for record in self.answer if record.type == record_type)


def wire_size(query: DnsQuery, response: DnsResponse) -> int:
    """The bytes of a response on the wire, with compressed names."""
    import dns.flags  # dnspython is slow to load: only for an answer that may not fit
    import dns.message
    import dns.name
    import dns.rcode
    import dns.rdata
    import dns.rdataclass
    import dns.rdatatype
    import dns.rrset

    def rrset(record: DnsRecord) -> dns.rrset.RRset:
        return dns.rrset.from_text_list(record.name, record.ttl, record.class_name, record.type, [record.data])

    message = dns.message.Message(id=0)
    message.flags = dns.flags.QR
    message.set_rcode(dns.rcode.from_text(response.rcode))
    name, kind = dns.name.from_text(query.name), dns.rdatatype.from_text(query.type)
    message.question.append(dns.rrset.RRset(name, dns.rdataclass.from_text(query.class_name), kind))
    sections = ((message.answer, response.answer), (message.authority, response.authority))
    for section, records in (*sections, (message.additional, response.additional)):
        section.extend(rrset(record) for record in records)
    if response.edns is not None:
        message.use_edns(0, payload=response.edns)
    return len(message.to_wire(max_size=65535))


def fitted(query: DnsQuery, response: DnsResponse) -> DnsResponse:
    """The response as it may be sent: over UDP, records that do not fit are left out and ``tc`` is set."""
    if query.transport != "UDP":
        return response
    limit = max(query.edns or UDP_SIZE, UDP_SIZE)
    records = (*response.answer, *response.authority, *response.additional)
    if sum(len(record.name) + len(record.data) + 12 for record in records) + len(query.name) + 40 <= limit:
        return response
    if wire_size(query, response) <= limit:
        return response
    bare = replace(response, additional=())
    if wire_size(query, bare) <= limit:
        return bare
    low, high = 0, len(response.answer)
    cut = replace(bare, authority=(), truncated=True)
    while low < high:
        middle = (low + high + 1) // 2
        if wire_size(query, replace(cut, answer=cut.answer[:middle])) <= limit:
            low = middle
        else:
            high = middle - 1
    return replace(cut, answer=cut.answer[:low])


def with_ttl(records: Iterable[DnsRecord], ttl: int) -> tuple[DnsRecord, ...]:
    """Copies of the records that all have one TTL."""
    return tuple(replace(record, ttl=ttl) for record in records)
