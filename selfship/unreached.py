"""Why nothing came back from an address, and what to do about it: one sentence for whoever named it."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from urllib.parse import urlsplit

PROXIES = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY")


def unreached(error: str, url: str, elapsed_s: float, timeout_s: float, environ: Mapping[str, str] = os.environ) -> str:
    """The reason and the advice. `error`: as the exchange recorded it. Looks a name up in DNS, and sends nothing."""
    parts = urlsplit(url)
    if error.startswith("TLS failed"):
        return _of_tls(error, url)
    if error == "timeout" or (error == "refused" and elapsed_s > 0.9 * timeout_s):
        return f"no answer came within {timeout_s:g} s. {_start(environ)}, or allow more with --timeout."
    if error == "refused":
        known = _known(parts.hostname or "")
        reason = "the connection was refused" if known else f"its name, {parts.hostname}, is not known (DNS)"
        return f"{reason}. {_start(environ)}."
    if error == "dropped":
        other = f"https://{parts.netloc}" if parts.scheme == "http" else ""
        hint = f"; if it speaks TLS there, write {other}" if other else ""
        return f"the connection was dropped before any answer. {_start(environ)}{hint}."
    return f"{error}. {_start(environ)}."


def _of_tls(error: str, url: str) -> str:
    if "WRONG_VERSION_NUMBER" in error or "RECORD_LAYER" in error:
        return f"it does not speak TLS there. Write {url.replace('https://', 'http://', 1)} if that is meant."
    return (
        f"{error}. Where the host's certificate is of an authority of your own, name that one's file in SSL_CERT_FILE; "
        "else the host needs another certificate."
    )


def _start(environ: Mapping[str, str]) -> str:
    wanted = [name for name in PROXIES if environ.get(name) or environ.get(name.lower())]
    proxy = f" (the kit goes through no proxy, though {wanted[0]} is set)" if wanted else ""
    return f"Start the host, or correct --host{proxy}"


def _known(name: str) -> bool:
    try:
        socket.getaddrinfo(name, None)
    except (OSError, UnicodeError):
        return False
    return True
