"""A certificate for one run of the server: made at its start, known to nobody but its own kubeconfig.

client-go sends a token only over TLS, so there has to be one.
"""

from __future__ import annotations

import ssl
import tempfile
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

NAMES = ("localhost", "127.0.0.1", "::1")
"""What the server may be called by."""
_LIFETIME = timedelta(days=365)
EXTRA = "pip install 'kubesim[serve]'"
"""What installs the library that makes certificates."""


class MissingExtraError(LookupError):
    """The library that makes certificates is not installed; says how to install it."""


def self_signed() -> tuple[bytes, ssl.SSLContext]:
    """A certificate that signs itself, as PEM, and the server's side of TLS with it; the key is kept nowhere else.

    :raises MissingExtraError: where the library for it is not installed.
    """
    try:
        from cryptography import x509
        from cryptography.hazmat.primitives import hashes, serialization
        from cryptography.hazmat.primitives.asymmetric import ec
    except ImportError:
        raise MissingExtraError(f"serving real clients needs one more library: {EXTRA}") from None
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "kubesim")])
    now = datetime.now(UTC)
    names: list[x509.GeneralName] = [x509.DNSName(NAMES[0]), *(x509.IPAddress(ip_address(each)) for each in NAMES[1:])]
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + _LIFETIME)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    certificate = made.public_bytes(serialization.Encoding.PEM)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.TemporaryDirectory() as folder:  # OpenSSL reads keys from files only; the folder is its owner's
        chain = Path(folder) / "chain.pem"
        chain.touch(mode=0o600)
        chain.write_bytes(private + certificate)
        context.load_cert_chain(chain)
    return certificate, context
