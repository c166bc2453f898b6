"""The referee: serves the mock to a client, records what the client does, and judges it by the AGG rules."""
