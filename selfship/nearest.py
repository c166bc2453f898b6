"""Names the word that a person probably meant. Knows nothing of what the words are for."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def hint(word: str, known: Iterable[str]) -> str:
    """`; did you mean 'edition'?` where one of `known` is close to `word`, else `.`: the end of a sentence."""
    close = nearest(word, known)
    return f"; did you mean {close!r}?" if close else "."


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The one of `known` that `word` is most like; None where none is."""
    by_lower = {name.lower(): str(name) for name in known}
    close = difflib.get_close_matches(word.lower(), by_lower, n=1, cutoff=0.55)
    return by_lower[close[0]] if close else None


def either(words: Iterable[str]) -> str:
    """`'strict' or 'extended'`: a choice, for a sentence."""
    *first, last = [repr(word) for word in words]
    return f"{', '.join(first)} or {last}" if first else last
