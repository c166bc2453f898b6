"""Waivers: failures that somebody answers for until a date. A waiver excuses; it never hides."""
