"""`selfship prove`: what the suites catch, and whom they accuse wrongly.

Every case is a mock of its own and a whole certification of it: the plain host, each seeded fault, each conforming
variant, each null host. What comes of them is the kill table.
"""

from __future__ import annotations

from selfship.proving.record import Recorded, recorded

__all__ = ["Recorded", "recorded"]
