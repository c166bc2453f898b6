"""Measurements that a person repeats by hand; no test asserts them."""
