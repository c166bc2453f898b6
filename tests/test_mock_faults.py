"""The catalogue of faults: names, rules, and that each changes what it says."""

from __future__ import annotations

import re

from selfship.mock.faults import catalogue
from selfship.mock.null import null_hosts
from selfship.mock.serve import running_app


def test_names_are_unique_words() -> None:
    names = [fault.name for fault in catalogue()]

    assert len(set(names)) == len(names) >= 14
    assert all(re.fullmatch(r"[a-z0-9_]+", name) for name in names)


def test_null_hosts_answer_everything_alike() -> None:
    import httpx

    assert len({host.name for host in null_hosts()}) == len(null_hosts()) >= 8
    for host in null_hosts():
        with running_app(host) as url, httpx.Client(trust_env=False) as http:
            token, status = http.get(f"{url}/aggregator/v1/token"), http.put(f"{url}/oms/v3/shipment/status", json=[1])
        assert token.status_code == status.status_code == host.status
        assert status.content == (b"[1]" if host.body is None else host.body)
