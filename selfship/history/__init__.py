"""The runs of an archive, host by host: what each found, and which way it goes."""
