"""A run that was stopped goes on: what it recorded is kept as it happens, and read again with `--resume RUN`."""
