"""What a run may write to is named before it begins; production is never met by accident."""

from __future__ import annotations

from pathlib import Path

import pytest

from selfship import permission, profile
from selfship.errors import UsageError
from selfship.profile import Profile
from selfship.touch import Touch
from tests.test_cli import selfship, sentence

ELSEWHERE = "https://konnect.example.com"


@pytest.mark.parametrize(
    "host",
    [
        "acme.extensions.fynd.com",
        "api.konnect.fynd.extensions.fynd.com",
        "testing.extensions.fynd.com",
        "fyndkonnect.konnect.fynd.com",
        "fynd.com",
        "konnect-prod.example.com",
        "prod1.example.com",
        "live.example.com",
        "api.example.com",
    ],
)
def test_a_name_of_production_is_recognized(host: str) -> None:
    assert permission.looks_like_production(host)


@pytest.mark.parametrize(
    "host",
    [
        "fyndkonnect.konnect.uat.fyndx1.de",
        "ginesys.konnect.uat.fyndx1.de",
        "konnect.uat.fynd.com",
        "api-staging.example.com",
        "api.sandbox.example.com",
        "preprod.example.com",
        "non-prod.example.com",
        "uat2-api.example.com",
        "konnect.example.com",
        "product.example.com",
        "10.0.0.7",
        "::1",
    ],
)
def test_a_name_of_a_sandbox_is_not(host: str) -> None:
    assert not permission.looks_like_production(host)


def writes(url: str, *, touch: Touch | None = None, named: bool = False, production: str | None = None) -> None:
    asked = Profile(url=url, location="STORE-1", touch=touch or Touch())
    permission.check_writes(asked, orders_named=named, production=production)


def test_a_host_elsewhere_is_not_written_to_unless_somebody_named_what() -> None:
    with pytest.raises(UsageError, match=r"--touch location:STORE-1 .* \[touch\] .* `selfship plan` only reads"):
        writes(ELSEWHERE)
    writes(ELSEWHERE, touch=Touch(channels=("Konnect Test",)))
    # Handed in with --orders, or made by --provision: these are named.
    writes(ELSEWHERE, named=True)


@pytest.mark.parametrize("url", ["http://127.0.0.1:8080", "http://[::1]:8080", "http://localhost:8080"])
def test_a_host_on_this_machine_needs_no_permission(url: str) -> None:
    writes(url)


@pytest.mark.parametrize("url", ["http://127.0.0.1.example.com", "http://0.0.0.0:80", "http://localhost.example.com"])
def test_a_name_that_only_looks_local_is_not(url: str) -> None:
    with pytest.raises(UsageError, match="is not on this machine"):
        writes(url)


def test_production_is_certified_only_where_its_name_was_repeated() -> None:
    url, host, touch = "https://ACME.extensions.fynd.com", "acme.extensions.fynd.com", Touch(orders=("1",))

    with pytest.raises(UsageError, match=f"looks like a production host.*--i-know-this-is-production {host}"):
        writes(url, touch=touch)
    with pytest.raises(UsageError, match=f"must repeat the name of the host, {host}"):
        writes(url, touch=touch, production="yes")
    with pytest.raises(UsageError, match="nothing says what a run may write to"):
        writes(url, production=host)
    writes(url, touch=touch, production=host)


def test_a_location_that_the_run_does_not_know_cannot_be_touched() -> None:
    with pytest.raises(UsageError, match="Location B may be touched, but the run knows A: name it with --location B"):
        permission.check_touch(Profile(location="A", touch=Touch(locations=("B",))))
    permission.check_touch(Profile(location="A", other_location="B", touch=Touch(locations=("A", "B"))))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--host", ELSEWHERE), "nothing says what a run may write to there"),
        (("--profile", "fynd"), "fyndkonnect.konnect.uat.fyndx1.de is not on this machine"),
        (("--host", "https://x.extensions.fynd.com", "--touch", "order:1"), "looks like a production host"),
        (("--host", ELSEWHERE, "--touch", "locaton:A"), "did you mean 'location'?"),
        (("--host", ELSEWHERE, "--touch", "orders:none.txt"), "There is no orders file"),
        (("--host", ELSEWHERE, "--touch", "location:A"), "Location A may be touched, but the run knows none"),
    ],
)
def test_the_command_says_so_before_anything_is_sent(tmp_path: Path, arguments: tuple[str, ...], said: str) -> None:
    ended = selfship("certify", *arguments, cwd=tmp_path, SELFSHIP_TOKEN="tok-4711")

    assert ended.returncode == 2
    assert said in sentence(ended)
    assert list(tmp_path.iterdir()) == []


def test_a_profile_may_name_what_may_be_touched_and_an_option_takes_its_place(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(f'url = "{ELSEWHERE}"\n[touch]\nchannels = ["A"]\n', encoding="utf-8")

    kept = profile.configured({"profile": "mine.toml"}, {}, tmp_path)
    replaced = profile.configured({"profile": "mine.toml", "touch": ("order:7", "channel:B")}, {}, tmp_path)

    assert kept.touch == Touch(channels=("A",))
    assert replaced.touch == Touch(orders=("7",), channels=("B",))
