"""Certificates that are signed, and verified offline: in-toto test results in a DSSE envelope, by Ed25519."""
