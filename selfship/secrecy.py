"""How a secret may be written, and the last gate before a file: what holds a secret is not written.

Text is redacted where it is captured. The gate trusts nobody to have done so: it knows every secret that any redactor
of this process was given, and looks once more at the whole text. It stops at nothing that is one of the kit's own words
or was said in the open: a user called `partner` is not a leak.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from html.entities import codepoint2name

from selfship import paths
from selfship.errors import LeakError

SHORTEST_SECRET = 6
"""Characters; a shorter one would be found in innocent text."""
SHORTEST_THAT_STOPS, SHORTEST_NUMBER_THAT_STOPS = 8, 14
"""A weaker one (`123456`) may stand in any id or time: it is replaced where text is captured, and stops no file."""
_SAFE = re.compile(r"[A-Za-z0-9_.~-]+")
"""What nobody escapes."""
# The marks that begin and end an escape may be escaped themselves.
_PERCENT = "%(?:25)*"
_BACKSLASH = rf"(?:\\|{_PERCENT}5[cC])"
_END = rf"(?:;|{_PERCENT}3[bB])"
_AND = rf"(?:&|{_PERCENT}26)(?:amp{_END})*"
_HASH = rf"(?:#|{_PERCENT}23)"


@dataclass(frozen=True)
class Spelling:
    """One way to look for a secret. `anchor`: a part that each match has as it is, to look for first.

    `stops`: whether a file that holds it is refused.
    """

    name: str
    anchor: str
    pattern: re.Pattern[str]
    stops: bool = True

    def find(self, text: str) -> str | None:
        """What of `text` is the secret, None where nothing is."""
        found = self.pattern.search(text) if self.anchor in text else None
        return found and found.group()

    def replace(self, text: str) -> str:
        """`text` with the variable's name in place of the secret."""
        return self.pattern.sub(lambda _: f"${self.name}", text) if self.anchor in text else text


_known: dict[str, Spelling] = {}
_open: list[str] = []


def learn(name: str, value: str) -> list[Spelling]:
    """From now on no file may hold `value`, the content of variable `name`; how it may be spelled."""
    found = list(spellings(name, value))
    for one in found:
        _known.setdefault(one.pattern.pattern, one)
    return found


def say_openly(*words: str | None) -> None:
    """Words that the user gave on the command line or in a profile: where a secret is one of them, it is no secret."""
    _open.extend(word for word in words if word)


def forget() -> None:
    """Begins anew, for a process that has ended one run and starts another for somebody else."""
    _known.clear()
    _open.clear()


def held(text: str) -> str | None:
    """The variable whose secret `text` holds, None where it holds none."""
    for one in tuple(_known.values()):
        found = one.find(text) if one.stops else None
        if found is not None and not _innocent(found):
            return one.name
    return None


def cleaned(text: str) -> str:
    """`text` with the names of the variables in place of all secrets that are known."""
    for one in tuple(_known.values()):
        text = one.replace(text)
    return text


def refuse(file: str, text: str) -> None:
    """LeakError where `text`, which was to become `file`, holds a secret."""
    name = held(text)
    if name is not None:
        raise LeakError(file, name)


def spellings(name: str, value: str) -> Iterator[Spelling]:
    """`value` in clear or escaped for URLs, JSON, HTML or Python, once or again and again; and within Base64."""
    if len(value) < SHORTEST_SECRET:
        return
    stops = len(value) >= (SHORTEST_NUMBER_THAT_STOPS if value.isdigit() else SHORTEST_THAT_STOPS)
    for text in (value, *_in_base64(value.encode("utf-8", "surrogatepass"))):
        anchor = max(_SAFE.findall(text), key=len, default="")
        yield Spelling(name, anchor, re.compile("".join(map(_escaped, text))), stops)


@cache
def _escaped(character: str) -> str:
    """A pattern for all that may stand for one character."""
    if _SAFE.fullmatch(character):
        return re.escape(character)
    raw = character.encode("utf-8", "surrogatepass")
    units = character.encode("utf-16-be", "surrogatepass").hex()
    names = [f"{_HASH}0*{ord(character)}", f"{_HASH}[xX]0*(?i:{ord(character):x})"]
    if ord(character) in codepoint2name:
        names.append(codepoint2name[ord(character)])
    ways = [
        f"{_BACKSLASH}*{re.escape(character)}",
        f"{_BACKSLASH}*" + "".join(f"{_PERCENT}(?i:{byte:02x})" for byte in raw),
        "".join(f"{_BACKSLASH}+u(?i:{units[at : at + 4]})" for at in range(0, len(units), 4)),
        f"{_BACKSLASH}+x(?i:{ord(character):02x})",
        f"{_AND}(?:{'|'.join(names)}){_END}",
    ]
    # A space in a query, and what the other alphabet of Base64 has in these places.
    ways += {" ": [r"\+"], "+": ["-"], "/": ["_"]}.get(character, [])
    return f"(?:{'|'.join(ways)})"


def _in_base64(value: bytes) -> Iterator[str]:
    """What Base64 shows of `value`, whatever stands before it in what was encoded."""
    for before in range(3):
        encoded = base64.b64encode(b"\0" * before + value).decode().rstrip("=")
        # The first characters share bits with what stands before, the last one perhaps with what follows.
        yield encoded[(0, 2, 3)[before] : (before + len(value)) * 8 // 6]


def _innocent(found: str) -> bool:
    return any(found in word for word in _open) or found in _own_words()


@cache
def _own_words() -> str:
    """All that the kit may say by itself: read only where something was found."""
    kinds = {".py", ".j2", ".css", ".js", ".yaml", ".json"}
    folders = {paths.PACKAGE, paths.SUITES, paths.CONTRACTS}
    sources = [path for folder in folders for path in folder.rglob("*") if path.suffix in kinds]
    texts = [path.read_text(encoding="utf-8", errors="replace") for path in sources]
    return "\n".join([*texts, *("/".join(path.parts[-4:]) for path in sources)])
