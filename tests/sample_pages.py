"""The certificates of the sample runs, made once for all tests that look at them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import pytest

from selfship import certificate
from selfship.exchanges import Exchange
from selfship.results import Results
from tests import outline, sample_client
from tests.outline import Element

every_page = pytest.mark.parametrize("name", sorted(sample_client.ALL))


@cache
def page_of(name: str) -> str:
    """The certificate of a sample run."""
    return certificate.render(*sample_client.ALL[name]())


@cache
def elements_of(name: str) -> list[Element]:
    """The same, parsed."""
    return outline.read(page_of(name))


def render(results: Results, exchanges: Sequence[Exchange]) -> list[Element]:
    """The certificate of any run, parsed."""
    return outline.read(certificate.render(results, exchanges))


def of(elements: Sequence[Element], tag: str) -> list[Element]:
    """The elements of one kind."""
    return [element for element in elements if element.tag == tag]


def sentence(elements: Sequence[Element]) -> str:
    """The one under the verdict."""
    return next(element.text for element in elements if element.attributes.get("class") == "lede")
