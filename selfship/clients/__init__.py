"""Clients to judge: the example aggregator as it is, with other habits, with something wrong, and ones that do nothing.

Each is the example of `fixtures/clients/` with a small hook, run as a process of its own: `python -m selfship.clients
NAME`. They are to the referee what the mock's faults are to the suites. Nothing that judges imports them.
"""
