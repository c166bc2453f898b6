"""What changed between two runs: which rules broke, which were mended, and what a host answers differently now."""
