"""A host that repeats whatever it was told, secrets too, in every spelling: nothing of it may reach a file of a run."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import quote, unquote

TOKEN = "canary-token-Zx+9/=<q&"
"""Of characters that a header can carry."""
USERNAME = "canary-user@näme&co"
PASSWORD = "canary-pass'w<o>rd\\%41"
OF_THE_ENVIRONMENT = {"SELFSHIP_USERNAME": USERNAME, "SELFSHIP_PASSWORD": PASSWORD}


def spellings(text: str) -> list[str]:
    """`text` as others may write it, alone and within something longer."""
    padded = [base64.b64encode((pad + text).encode()).decode() for pad in ("", "a", "ab", "user:")]
    in_json = json.dumps(text)
    return [text, quote(text, safe=""), in_json, json.dumps(in_json), escape(text), *padded]


class _Answer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def _answer(self) -> None:
        size = int(self.headers.get("content-length") or 0)
        body = self.rfile.read(size).decode("utf-8", "replace")
        told = [unquote(self.path), self.path, body, *spellings(TOKEN), *spellings(USERNAME), *spellings(PASSWORD)]
        order = {"id": "17708318940301766054", "orderStatus": "PROCESSING", "is_self_ship": True, "echo": told}
        listing = self.path.split("?")[0].endswith("/shipment")
        answer = json.dumps([order] if listing else {"access_token": TOKEN, "echo": told}).encode()
        self.send_response(200 if "token" in self.path or listing else 500)
        self.send_header("content-type", "application/json")
        self.send_header("x-echo", quote(" ".join(told[3:]), safe=""))
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    do_GET = do_POST = do_PUT = _answer  # noqa: N815 - http.server's names

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is http.server's
        """Not on the screen."""


@contextmanager
def echo_host() -> Iterator[str]:
    """Serves until the block ends; its address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Answer)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
