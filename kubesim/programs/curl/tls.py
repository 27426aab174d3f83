"""TLS as curl shows it: the handshake's lines and why a certificate is refused."""

from __future__ import annotations

from kubesim.network.sockets import Connection
from kubesim.programs.curl.location import Location
from kubesim.programs.curl.session import Result, Session
from kubesim.programs.http import Certificate, ClientHello
from kubesim.programs.name_lookup import numeric_address
from kubesim.userland.filesystem import absolute

_REFUSED = (
    "More details here: https://curl.se/docs/sslcerts.html\n\n"
    "curl failed to verify the legitimacy of the server and therefore could not\n"
    "establish a secure connection to it. To learn more about this situation and\n"
    "how to fix it, please visit the webpage mentioned above."
)
_BEFORE = (
    "} [5 bytes data]",
    "* TLSv1.3 (OUT), TLS handshake, Client hello (1):",
    "} [1559 bytes data]",
)
_AFTER = (
    "* TLSv1.3 (IN), TLS handshake, Server hello (2):",
    "{ [1210 bytes data]",
    "* TLSv1.3 (IN), TLS change cipher, Change cipher spec (1):",
    "{ [1 bytes data]",
    "* TLSv1.3 (IN), TLS handshake, Encrypted Extensions (8):",
    "{ [6 bytes data]",
    "* TLSv1.3 (IN), TLS handshake, Certificate (11):",
    "{ [841 bytes data]",
    "* TLSv1.3 (IN), TLS handshake, CERT verify (15):",
    "{ [264 bytes data]",
    "* TLSv1.3 (IN), TLS handshake, Finished (20):",
    "{ [52 bytes data]",
    "* TLSv1.3 (OUT), TLS change cipher, Change cipher spec (1):",
    "} [1 bytes data]",
    "* TLSv1.3 (OUT), TLS handshake, Finished (20):",
    "} [52 bytes data]",
)


def handshake(session: Session, location: Location, connection: Connection, result: Result) -> bool:
    """Agree on TLS; on failure ``result`` has the exit code and the message."""
    session.say("ALPN: curl offers h2,http/1.1")
    _lines(session, _BEFORE)
    answer = connection.request(ClientHello(location.host))
    if not isinstance(answer, Certificate):
        result.exit_code = 35
        result.message = "TLS connect error: error:0A00010B:SSL routines::wrong version number"
        session.say(result.message)
        return False
    problem = _problem(session, location, answer)
    insecure = session.options.on("insecure")
    if problem and not insecure:
        result.exit_code = 60
        result.message = f"{problem}\n{_REFUSED}"
        session.say(problem)
        return False
    _lines(session, _AFTER)
    session.say("SSL connection using TLSv1.3 / TLS_AES_256_GCM_SHA384 / X25519MLKEM768 / RSASSA-PSS")
    session.say(
        "ALPN: server accepted http/1.1"
        if answer.trusted
        else "ALPN: server did not agree on a protocol. Uses default."
    )
    session.say("Server certificate:")
    session.say(f" subject: CN={answer.subject}")
    session.say(f" start date: {answer.begins}")
    session.say(f" expire date: {answer.ends}")
    session.say(f" issuer: CN={answer.issuer}")
    if problem:
        number = (
            "self-signed certificate (18)"
            if answer.issuer == answer.subject
            else "unable to get local issuer certificate (20)"
        )
        session.say(f" SSL certificate verify result: {number}, continuing anyway.")
    else:
        session.say(" SSL certificate verify ok.")
    session.say(
        "  Certificate level 0: Public key type RSA (2048/112 Bits/secBits), signed using sha256WithRSAEncryption"
    )
    return True


def _problem(session: Session, location: Location, certificate: Certificate) -> str:
    trusted = certificate.trusted
    authority = session.options.values.get("cacert")
    if authority is not None:
        path = absolute(authority, session.invocation.directory)
        trusted = session.machine.files.is_file(path)
    if not trusted:
        same = certificate.issuer == certificate.subject
        why = "self-signed certificate" if same else "unable to get local issuer certificate"
        return f"SSL certificate problem: {why}"
    if not certificate.covers(location.host):
        kind = "ipv4 address" if numeric_address(location.host) else "host name"
        return f"SSL: no alternative certificate subject name matches target {kind} '{location.host}'"
    return ""


def _lines(session: Session, lines: tuple[str, ...]) -> None:
    if session.options.on("verbose"):
        session.stderr += "".join(f"{line}\n" for line in lines)
