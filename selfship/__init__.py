"""The conformance kit for Konnect self-ship: certifies hosts, and the clients that call them."""

__version__ = "0.1.0"
