"""The shards of one run, joined into one certificate that says so. Judges nothing anew, and sends nothing."""
