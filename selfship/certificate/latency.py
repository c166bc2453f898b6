"""How long the host took, operation by operation, as bars on one common scale."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

LENGTH = 200


@dataclass(frozen=True)
class Bar:
    """One operation. Times in milliseconds; lengths in units of the bar's view box, `LENGTH` being its whole."""

    operation: str
    n: int
    p50: float
    p95: float
    max: float
    p50_length: float
    p95_length: float


def bars(latency_ms: Mapping[str, Mapping[str, float]]) -> list[Bar]:
    """One bar for each operation, in the order given; the longest p95 fills the scale."""
    longest = max((row.get("p95", 0.0) for row in latency_ms.values()), default=0.0) or 1.0
    return [
        Bar(
            operation=operation,
            n=int(row.get("n", 0)),
            p50=row.get("p50", 0.0),
            p95=row.get("p95", 0.0),
            max=row.get("max", 0.0),
            p50_length=round(LENGTH * row.get("p50", 0.0) / longest, 1),
            p95_length=round(LENGTH * row.get("p95", 0.0) / longest, 1),
        )
        for operation, row in latency_ms.items()
    ]
