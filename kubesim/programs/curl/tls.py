"""TLS as curl shows it: the handshake's messages with their lengths, and why a certificate is refused."""

from __future__ import annotations

from collections.abc import Iterator

from kubesim.network.sockets import Connection
from kubesim.programs.curl.location import Location
from kubesim.programs.curl.session import Result, Session, milliseconds
from kubesim.programs.http import Broken, Certificate, ClientHello
from kubesim.programs.name_lookup import is_ipv6, numeric_address
from kubesim.userland.filesystem import FileError, absolute

BUNDLE = "/etc/ssl/certs/ca-certificates.crt"
"""The authorities that Debian trusts."""
DIRECTORY = "/etc/ssl/certs"
_ADVICE = (
    "More details here: https://curl.se/docs/sslcerts.html\n\n"
    "curl failed to verify the legitimacy of the server and therefore could not\n"
    "establish a secure connection to it. To learn more about this situation and\n"
    "how to fix it, please visit the webpage mentioned above."
)
HELLO_BYTES, NAME_BYTES = 1546, 9
"""A client hello with OpenSSL 3.5's key shares, and what naming the server adds besides the name."""
SERVER_HELLO_BYTES, FINISHED_BYTES, SIGNATURE_BYTES = 1210, 52, 264
TICKET_BYTES, TICKETS = 233, 2
CERTIFICATE_HEADER_BYTES = 13
"""The headers of the message that carries a certificate."""
EXTENSIONS_BYTES = 6
ALERTS = {
    "certificate has expired": ("certificate expired", 557),
    "certificate is not yet valid": ("bad certificate", 554),
}
UNKNOWN_AUTHORITY = ("unknown CA", 560)
"""The alerts that curl sends, with OpenSSL's numbers: 512 and TLS' own."""


def handshake(session: Session, location: Location, connection: Connection, result: Result) -> bool:
    """Agree on TLS; on failure ``result`` has the exit code and the message."""
    verifies = not session.options.on("insecure")
    named = numeric_address(location.host) is None and not is_ipv6(location.host)
    session.say("ALPN: curl offers h2,http/1.1")
    session.passed_bytes("}", 5)
    length = HELLO_BYTES + (NAME_BYTES + len(location.host) if named else 0)
    _message(session, "}", "Client hello (1)", length)
    authorities = _authorities(session) if verifies else ""
    if authorities is None:
        path = session.options.values.get("cacert", BUNDLE)
        result.exit_code, result.message = 77, f"error setting certificate file: {path}"
        session.say(result.message)
        session.say(result.message)
        return False
    if verifies:
        session.say(f" CAfile: {session.options.values.get('cacert', BUNDLE)}")
        session.say(f" CApath: {session.options.values.get('capath', DIRECTORY)}")
    answer = connection.request(ClientHello(location.host))
    if not isinstance(answer, Certificate):
        _no_tls(session, answer, result, verifies)
        return False
    if verifies:
        session.passed_bytes("{", 5)
    for title, length in _server_messages(answer):
        _message(session, "{", title, length)
    trusted = answer.trusted or answer.signed_by(authorities or "")
    problem = answer.problem(trusted, session.machine.datetime(session.invocation.elapsed + session.elapsed))
    if problem and verifies:
        alert, number = ALERTS.get(problem, UNKNOWN_AUTHORITY)
        session.say(f"TLSv1.3 (OUT), TLS alert, {alert} ({number}):")
        session.passed_bytes("}", 2)
        return _refused(session, result, f"SSL certificate problem: {problem}")
    _message(session, "{", "CERT verify (15)", SIGNATURE_BYTES)
    _message(session, "{", "Finished (20)", FINISHED_BYTES)
    _message(session, "}", "Change cipher spec (1)", 1)
    _message(session, "}", "Finished (20)", FINISHED_BYTES)
    session.say("SSL connection using TLSv1.3 / TLS_AES_256_GCM_SHA384 / X25519MLKEM768 / RSASSA-PSS")
    agreed = next((each for each in answer.protocols if each in ("h2", "http/1.1")), "")
    session.say(f"ALPN: server accepted {agreed}" if agreed else f"ALPN: {_NO_PROTOCOL}")
    return _inspected(session, location, answer, problem, result, verifies)


_NO_PROTOCOL = "server did not agree on a protocol. Uses default."


def _inspected(
    session: Session, location: Location, answer: Certificate, problem: str, result: Result, verifies: bool
) -> bool:
    """Show the server's certificate, and see whether it is for this host."""
    session.say("Server certificate:")
    session.say(f" subject: CN={answer.subject}")
    session.say(f" start date: {answer.begins}")
    session.say(f" expire date: {answer.ends}")
    if verifies:
        kind = "ipv4 address" if numeric_address(location.host) else "hostname"
        matched = answer.matching(location.host)
        if matched is None:
            session.say(f" subjectAltName does not match {kind} {location.host}")
            why = f"SSL: no alternative certificate subject name matches target {kind} '{location.host}'"
            return _refused(session, result, why)
        what = f'"{location.host}" matched cert\'s "{matched}"'
        session.say(f" subjectAltName: {'host' if kind == 'hostname' else kind} {what}")
    session.say(f" issuer: CN={answer.issuer}")
    result.verification = answer.verification(problem)
    if problem:
        session.say(f" SSL certificate verify result: {problem} ({result.verification}), continuing anyway.")
    else:
        session.say(" SSL certificate verify ok.")
    signed_by_itself = answer.issuer == answer.subject
    for level in range(1 if signed_by_itself or problem else 2):
        key = "RSA (2048/112 Bits/secBits), signed using sha256WithRSAEncryption"
        session.say(f"  Certificate level {level}: Public key type {key}")
    return True


def tickets(session: Session) -> None:
    """What the server sends once the request is there: tickets for the next session."""
    session.passed_bytes("{", 5)
    for _ in range(TICKETS):
        _message(session, "{", "Newsession Ticket (4)", TICKET_BYTES)


def _server_messages(certificate: Certificate) -> Iterator[tuple[str, int]]:
    agreed = 3 + 6 + len(certificate.protocols[0]) if certificate.protocols else 0
    yield "Server hello (2)", SERVER_HELLO_BYTES
    yield "Change cipher spec (1)", 1
    yield "Encrypted Extensions (8)", EXTENSIONS_BYTES + agreed
    yield "Certificate (11)", CERTIFICATE_HEADER_BYTES + certificate.der_length


def _message(session: Session, mark: str, title: str, length: int) -> None:
    """A handshake message: who sent it, what, how long."""
    layer = "TLS change cipher" if title.startswith("Change") else "TLS handshake"
    session.say(f"TLSv1.3 ({'OUT' if mark == '}' else 'IN'}), {layer}, {title}:")
    session.passed_bytes(mark, length)


def _no_tls(session: Session, answer: object, result: Result, verifies: bool) -> None:
    """What came back is no TLS: another protocol, the end of the connection, a reset, or nothing."""
    result.exit_code = 35
    if isinstance(answer, Broken) and not answer.stalls:
        if answer.reset:
            session.say("Recv failure: Connection reset by peer")
            result.message = "Recv failure: Connection reset by peer"
        else:
            session.passed_bytes("}", 5)
            session.say("TLSv1.3 (OUT), TLS alert, decode error (562):")
            session.passed_bytes("}", 2)
            result.message = "TLS connect error: error:0A000126:SSL routines::unexpected eof while reading"
    elif isinstance(answer, str):
        if verifies:
            session.passed_bytes("{", 5)
        result.message = "TLS connect error: error:0A00010B:SSL routines::wrong version number"
    else:
        limit = session.options.number("max-time") or session.options.number("connect-timeout")
        session.elapsed += limit or 300.0
        result.exit_code = 28
        result.message = f"Connection timed out after {milliseconds(limit or 300.0)} milliseconds"
    session.say(result.message)


def _refused(session: Session, result: Result, problem: str) -> bool:
    result.exit_code, result.message = 60, f"{problem}\n{_ADVICE}"
    session.say(problem)
    return False


def _authorities(session: Session) -> str | None:
    """The certificates that are trusted besides Debian's own; None where their file cannot be used."""
    given = session.options.values.get("cacert")
    if given is None:
        return ""
    try:
        text = session.machine.files.read(absolute(given, session.invocation.directory))
    except FileError:
        return None
    return text if "-----BEGIN CERTIFICATE-----" in text else None
