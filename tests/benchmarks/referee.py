"""How fast the referee is, recording and judging, against the bare framework in the same run; and whether it grows.

    python -m tests.benchmarks.referee [CALLS]

Three servers, each in a process of its own, are called by the same client as fast as they answer, over four
connections: uvicorn with an application that only answers bytes of the same size; the mock; the referee. Then the
referee takes CALLS calls (100,000) and its memory is read on the way. Figures are of this machine, at this moment.
"""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import os
import sys
import tempfile
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from selfship.mock.serve import address, build, listen, serve_app
from selfship.mock.settings import MockSettings
from selfship.referee import plan
from selfship.referee.app import Referee
from selfship.referee.server import Server
from selfship.referee.session import Session

CONNECTIONS = 4
WARM, MEASURED = 500, 6_000
SCENARIO = """
poll_interval = 0.0
page_size = 10
[[order]]
expect = "delivered"
count = 10
[[order]]
kind = "return"
expect = "returned"
count = 5
"""


def bare(tell: Connection, size: int) -> None:
    """uvicorn, and an application that reads the request and answers `size` bytes."""
    body = b"x" * size
    headers = [(b"content-type", b"application/json"), (b"content-length", str(size).encode())]

    async def app(_: Any, receive: Any, send: Any) -> None:
        while (await receive()).get("more_body"):
            pass
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    serve_app(app, announce=tell.send)


def mock(tell: Connection, _: int) -> None:
    serve_app(build(MockSettings(username="demo", password="demo", page_size=10), None, "scarce"), announce=tell.send)


def referee(tell: Connection, _: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        session = Session(plan.read(SCENARIO, "benchmark"), Path(folder), {}, idle=3600)
        listening = listen("127.0.0.1", 0)
        session.partners[0].base = address(listening)
        server = Server(
            Referee(session.partners, address(listening)), lambda: tell.send(address(listening)), lambda: False
        )
        server.run(sockets=[listening])


class Served:
    """A server in a process of its own."""

    def __init__(self, serve: Callable[[Connection, int], None], size: int = 0) -> None:
        ours, theirs = multiprocessing.Pipe()
        self.process = multiprocessing.get_context("spawn").Process(target=serve, args=(theirs, size), daemon=True)
        self.process.start()
        self.url = str(ours.recv())
        self.port = int(self.url.rsplit(":", 1)[1])

    def __enter__(self) -> Served:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.join()

    @property
    def megabytes(self) -> float:
        pages = int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


async def ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes) -> bytes:
    writer.write(request)
    head = await reader.readuntil(b"\r\n\r\n")
    length = next(
        int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")
    )
    return await reader.readexactly(length)


def request(method: str, path: str, token: str, body: Any = None) -> bytes:
    data = b"" if body is None else json.dumps(body).encode()
    head = f"{method} {path} HTTP/1.1\r\nhost: x\r\nx-access-token: {token}\r\n"
    return f"{head}content-type: application/json\r\ncontent-length: {len(data)}\r\n\r\n".encode() + data


async def prepared(port: int) -> tuple[list[bytes], int]:
    """What a client asks in turn, a listing, a read by id and a push, and the mean size of the answers."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    login = await ask(reader, writer, request("GET", "/aggregator/v1/token?username=demo&password=demo", ""))
    token = json.loads(login)["access_token"]
    listing = "/oms/v3/shipment?orderStatus=PROCESSING&locationCode=BLR-01"
    orders = json.loads(await ask(reader, writer, request("GET", listing, token)))
    one = orders[0]["id"]
    # Refused each time, so that the orders do not grow: it is the referee that is measured.
    push = [{"orderId": order["id"], "orderStatus": "bag_picked"} for order in orders[:3]]
    asked = [
        request("GET", listing, token),
        request("GET", f"/oms/v3/shipment?orderId={one}&locationCode=BLR-01", token),
        request("PUT", "/oms/v3/shipment/status", token, push),
    ]
    sizes = [len(await ask(reader, writer, each)) for each in asked]
    writer.close()
    return asked, sum(sizes) // len(sizes)


async def call(port: int, asked: list[bytes], calls: int) -> float:
    """Calls so often, over several connections; calls a second."""
    left = iter(range(calls))

    async def work() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for number in left:
            await ask(reader, writer, asked[number % len(asked)])
        writer.close()

    began = time.perf_counter()
    await asyncio.gather(*(work() for _ in range(CONNECTIONS)))
    return calls / (time.perf_counter() - began)


def rate(served: Served, asked: list[bytes]) -> float:
    asyncio.run(call(served.port, asked, WARM))
    return asyncio.run(call(served.port, asked, MEASURED))


def main(calls: int) -> None:
    with Served(referee) as one, Served(mock) as host:
        asked, size = asyncio.run(prepared(one.port))
        mock_asked, _ = asyncio.run(prepared(host.port))
        with Served(bare, size) as floor:
            rates = {
                "uvicorn alone": rate(floor, asked),
                "the mock": rate(host, mock_asked),
                "the referee": rate(one, asked),
            }
        for name, value in rates.items():
            print(f"{name:14} {value:7.0f} calls a second, {value / rates['uvicorn alone']:.2f} of uvicorn alone")
        print(f"answers of {size} bytes on average; {MEASURED} calls each, {CONNECTIONS} connections")
        done = WARM + MEASURED
        while done < calls:
            print(f"memory after {done:7} calls: {one.megabytes:.1f} MB", flush=True)
            step = min(calls - done, calls // 5)
            asyncio.run(call(one.port, asked, step))
            done += step
        print(f"memory after {done:7} calls: {one.megabytes:.1f} MB")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
