"""What a client must do, rule by rule: each file one group of the AGG rules, as functions of calls and memory."""

from __future__ import annotations

from collections.abc import Mapping

JUDGED_BY: Mapping[str, str] = {
    "AGG-1": "wire.py::token",
    "AGG-2": "wire.py::body",
    "AGG-3": "wire.py::limit",
    "AGG-4": "journeys.py::decoy",
    "AGG-5": "journeys.py::sequence",
    "AGG-6": "journeys.py::sequence",
    "AGG-7": "journeys.py::sequence",
    "AGG-8": "journeys.py::sequence",
    "AGG-9": "journeys.py::sequence",
    "AGG-10": "ending.py::complete",
    "AGG-11": "recovery.py::resent",
    "AGG-12": "recovery.py::waits",
    "AGG-13": "recovery.py::renews",
    "AGG-14": "recovery.py::unsure",
    "AGG-15": "polling.py::polls",
    "AGG-16": "wire.py::location",
    "AGG-17": "journeys.py::lock",
    "AGG-18": "journeys.py::second_awb",
}
"""Rule to the function of this folder that judges it: the referee's counterpart of the tests that judge a host."""
