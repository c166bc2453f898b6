"""`python -m tests.pictures`: certifies a host with a few faults and takes the pictures that the documents show of it.

They go to `reports/pictures/`. Run it again whenever the certificate has changed; nobody draws there by hand.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from selfship import paths
from tests.browser import Browser
from tests.test_certification_faults import certify

FOLDER = paths.ROOT / "reports" / "pictures"
FAULTS = ("awb_takes_21", "delivered_when_packed", "no_reattempt")
SHOWN = {"verdict": "header.top", "journeys": "#journeys", "finding": "#fail-STA-1"}
"""Each picture, and the part of the page that it shows."""


def take(certificate: Path, folder: Path) -> list[Path]:
    """The pictures of a certificate, written to `folder`. Needs Chromium."""
    folder.mkdir(parents=True, exist_ok=True)
    with Browser() as browser:
        page = browser.open(certificate, width=1000)
        made = []
        for name, part in SHOWN.items():
            made.append(folder / f"{name}.png")
            page.locator(part).screenshot(path=made[-1])
    return made


def main() -> None:
    """Takes them anew from a run of now."""
    with tempfile.TemporaryDirectory() as scratch:
        ended = certify(Path(scratch), faults=FAULTS)
        for path in take(ended.out / "certificate.html", FOLDER):
            print(f"{path.relative_to(paths.ROOT)}: {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
