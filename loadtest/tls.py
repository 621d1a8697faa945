"""TLS to the tested bidder. Its certificate is always verified."""

import ssl
from pathlib import Path

import certifi


def tls_context(ca: Path | None) -> ssl.SSLContext:
    """A client's context that trusts the certificates of the PEM file `ca`, or the public authorities of certifi.

    Raises OSError for a file that cannot be read, and ssl.SSLError, an OSError too, for one without certificates.
    """
    return ssl.create_default_context(cafile=str(ca) if ca else certifi.where())
