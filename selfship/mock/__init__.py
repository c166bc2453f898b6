"""The embedded Konnect host: a real HTTP server with real state, which can be told to misbehave.

`lifecycle` decides, `settings` says which reading of the documents applies, `faults` and `variants` change one thing
each. The suites know nothing of this package: they meet it as they meet any host, over HTTP.
"""
