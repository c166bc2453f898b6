"""`python -m selfship.clients NAME …`: the example aggregator with a hook; the rest is the example's own."""

from __future__ import annotations

import importlib
import logging
import os
import sys

from selfship import paths
from selfship.clients.catalogue import named


def main() -> int:
    """Loads the example from its folder, as its own program would be, and lets the hook take hold of it."""
    name, *rest = sys.argv[1:]
    # An installed kit stays as it is.
    sys.dont_write_bytecode = True
    sys.path.insert(0, str(paths.CLIENTS))
    example = importlib.import_module("aggregator")
    logging.basicConfig(format="%(message)s", level=logging.INFO)
    logging.getLogger("httpx").setLevel(logging.WARNING)
    given = example.arguments(rest)
    client = example.built(given, os.environ)
    named(name).hook(client)
    return int(example.conduct(client, given))


if __name__ == "__main__":
    sys.exit(main())
