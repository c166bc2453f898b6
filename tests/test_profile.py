"""Profiles: what a file may say, what overrides what, and that no secret gets in or out."""

from __future__ import annotations

from pathlib import Path

import pytest

from selfship import paths, profile
from selfship.credentials import Credentials, Secrets, stripped
from selfship.errors import UsageError
from selfship.profile import Profile, Switches


def refusal(tmp_path: Path, text: str) -> str:
    """The sentence about a profile that says `text`, without the file's name."""
    file = tmp_path / "host.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError) as caught:
        profile.load(file)
    sentence = str(caught.value)
    assert "\n" not in sentence
    return sentence.removeprefix(f"{file}, ")


@pytest.mark.parametrize("name", sorted(path.stem for path in paths.HOSTS.glob("*.toml")))
def test_each_profile_of_the_kit_loads(name: str) -> None:
    assert profile.load(name).name


def test_the_mocks_profile_leaves_no_switch_open() -> None:
    mock = profile.load("mock")

    assert mock.switches == Switches("extended", "manual", "manual", "explicit", "company", settle=1.0)
    assert (mock.location, mock.other_location, mock.url) == ("BLR-01", "DEL-02", None)


@pytest.mark.parametrize("name", ["fynd", "ginesys", "unicommerce"])
def test_a_sandbox_is_found_out_and_treated_gently(name: str) -> None:
    sandbox = profile.load(name)

    assert sandbox.url is not None
    assert not sandbox.loopback
    assert sandbox.switches.edition is None
    assert sandbox.switches.rate > 0
    assert sandbox.limits.concurrency <= 4
    assert sandbox.touch == profile.Touch()


def test_the_template_names_every_key() -> None:
    from selfship.profile_keys import KEYS

    text = (paths.HOSTS / "template.toml").read_text(encoding="utf-8")
    for table, keys in KEYS.items():
        assert not table or f"[{table}]" in text
        for key in keys:
            assert f"\n{key} = " in text or f"\n# {key} = " in text, f"{table}.{key}"


def test_all_that_a_file_may_say_arrives(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(
        'name = "mine"\nurl = "http://127.0.0.1:8080/"\nchannel = "ECOMM"\n'
        '[switches]\nauth = "location"\nsettle = 3\n[limits]\nconcurrency = 2\ntimeout = 1\n'
        '[secrets]\ntoken = "MY_TOKEN"\n[foreign]\norders = ["17708318940301766054"]\n'
        '[touch]\nlocations = ["A"]\n[mock]\nfirst_page = 0\n',
        encoding="utf-8",
    )

    loaded = profile.load("mine.toml", base=tmp_path)

    assert loaded.url == "http://127.0.0.1:8080"
    assert loaded.loopback
    assert loaded.channel == "ECOMM"
    assert (loaded.switches.auth, loaded.switches.settle) == ("location", 3.0)
    assert (loaded.limits.concurrency, loaded.limits.timeout) == (2, 1.0)
    assert loaded.secrets.token == "MY_TOKEN"
    assert loaded.foreign == ("17708318940301766054",)
    assert loaded.touch.locations == ("A",)
    assert loaded.mock == {"first_page": 0}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('name = "x"\nlocatoin = "A"', "line 2: locatoin is not a key of a profile; did you mean 'location'?"),
        ('[switches]\n\nedition = "extnded"', "line 3: switches.edition must be 'strict' or 'extended', not 'extnded'"),
        ('[swiches]\nedition = "strict"', "line 1: swiches is not a key of a profile; did you mean 'switches'?"),
        ("switches.settle = true", "line 1: switches.settle must be a number of seconds, 0 or more, not True."),
        ("[switches]\nsettle = inf", "line 2: switches.settle must be a number of seconds, 0 or more, not inf."),
        ("[limits]\nconcurrency = 0", "line 2: limits.concurrency must be a whole number from 1 to 500, not 0."),
        ('[limits]\nhours = "9-17"', 'line 2: limits.hours must be two times of the day that differ'),
        ('[limits]\nhours = "09:00-17:00"', "line 2: limits.hours needs limits.time_zone beside it"),
        ('[limits]\ntime_zone = "Asia/Kolkatta"', "line 2: limits.time_zone must be a time zone"),
        ("switches = 3", "line 1: switches must be a table: write [switches] on a line of its own."),
        ('name = "x"\nurl = ?', "line 2: this is not TOML at column 7: invalid value."),
        ('name = "x', "line 1: this is not TOML: unterminated string."),
        ("[foreign]\norders = [17708318940301766054]", "line 2: foreign.orders must be a list of order ids in quotes"),
        ('url = "konnect.example.com"', "line 1: url must be an http(s) address without user, password or query."),
        ('location = "A"\nother_location = "A"', "line 2: other_location must differ from location"),
    ],
    ids=[
        "key", "word", "table", "type", "infinity", "range", "hours", "no-zone", "zone",
        "no-table", "syntax", "end", "number-id", "url", "twice",
    ],
)  # fmt: skip
def test_what_does_not_fit_is_named_with_its_line_and_the_nearest_word(tmp_path: Path, text: str, said: str) -> None:
    assert refusal(tmp_path, text).startswith(said)


@pytest.mark.parametrize(
    "text",
    [
        'token = "{}"',
        '[switches]\npassword = "{}"',
        '[mock.accounts]\naccess_token = "{}"',
        '[secrets]\ntoken = "{}"',
        'url = "https://user:{}@konnect.example.com"',
        'url = "https://konnect.example.com/?password={}"',
        'location = "{}"',
    ],
    ids=["top", "switches", "mock", "in-place-of-a-name", "url-user", "url-query", "token-anywhere"],
)
def test_a_secret_in_a_profile_is_refused_and_not_repeated(tmp_path: Path, text: str) -> None:
    secret = "eyJhbGciOiJIUzI1NiJ9.c2VjcmV0"

    assert secret not in refusal(tmp_path, text.format(secret))


def test_an_unknown_name_is_answered_with_those_that_exist() -> None:
    with pytest.raises(UsageError, match=r"no profile 'ginesis' .*fynd.*; did you mean 'ginesys'\?"):
        profile.load("ginesis")


def test_a_missing_file_is_named_as_the_user_named_it(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"^There is no profile file hosts/mine\.toml: check the path\.$"):
        profile.load("hosts/mine.toml", base=tmp_path)


def test_a_folder_and_a_binary_file_are_no_profiles(tmp_path: Path) -> None:
    (tmp_path / "bin.toml").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "dir.toml").mkdir()

    with pytest.raises(UsageError, match="not a text file in UTF-8"):
        profile.load("bin.toml", base=tmp_path)
    with pytest.raises(UsageError, match="cannot be read"):
        profile.load("dir.toml", base=tmp_path)


def test_options_override_the_environment_which_overrides_the_profile() -> None:
    base = Profile(location="FILE", other_location="FILE-2", switches=Switches(settle=1.0, rate=1.0))
    environ = {"SELFSHIP_LOCATION": "ENV", "SELFSHIP_SETTLE": "2", "SELFSHIP_RATE": "2.5"}

    resolved = profile.resolve(base, {"location": "OPTION", "settle": None, "rate": 3}, environ)

    assert resolved.location == "OPTION"
    assert resolved.other_location == "FILE-2"
    assert (resolved.switches.settle, resolved.switches.rate) == (2.0, 3.0)


@pytest.mark.parametrize(("url", "concurrency"), [("http://localhost:1", 32), ("https://konnect.example.com", 16)])
def test_concurrency_that_nobody_gives_depends_on_where_the_host_is(url: str, concurrency: int) -> None:
    assert profile.resolve(Profile(), {"host": url}, {}).limits.concurrency == concurrency
    assert profile.resolve(Profile(), {"host": url, "concurrency": "4"}, {}).limits.concurrency == 4


@pytest.mark.parametrize(
    ("options", "environ", "said"),
    [
        ({"settle": "soon"}, {}, "--settle must be a number of seconds, 0 or more, not 'soon'."),
        ({}, {"SELFSHIP_CONCURRENCY": "0"}, "SELFSHIP_CONCURRENCY must be a whole number from 1 to 500, not '0'."),
        ({"host": "http://me:pw@h"}, {}, "--host must be an http(s) address without user, password or query."),
        ({"location": "A", "other_location": "A"}, {}, "--other-location must differ from --location"),
    ],
    ids=["option", "variable", "url", "twice"],
)
def test_a_wrong_option_or_variable_is_named(options: dict[str, str], environ: dict[str, str], said: str) -> None:
    with pytest.raises(UsageError) as caught:
        profile.resolve(Profile(), options, environ)

    assert str(caught.value).startswith(said)


def test_the_run_without_host_and_profile_is_on_the_mock() -> None:
    assert profile.configured({}, {}) == profile.resolve(profile.load("mock"), {}, {})


def test_a_host_without_profile_has_every_switch_open() -> None:
    found = profile.configured({"host": "https://konnect.example.com/"}, {})

    assert (found.name, found.url) == ("konnect.example.com", "https://konnect.example.com")
    assert found.switches == Switches()


def test_the_profile_may_come_from_the_environment() -> None:
    assert profile.configured({}, {"SELFSHIP_PROFILE": "ginesys"}).name == profile.load("ginesys").name


def test_credentials_come_from_the_named_variables_and_never_show() -> None:
    names = Secrets(token="MY_TOKEN")
    found = Credentials.read(names, {"MY_TOKEN": "tok-4711", "SELFSHIP_TOKEN": "not-this", "SELFSHIP_USERNAME": ""})

    assert found.required().token == "tok-4711"
    assert found.username is None
    assert found.secrets() == {"MY_TOKEN": "tok-4711"}
    assert "tok-4711" not in f"{found!r} {found}"


def test_missing_credentials_are_asked_for_by_the_names_of_their_variables() -> None:
    with pytest.raises(UsageError, match="No credentials: set A_TOKEN, or SELFSHIP_USERNAME and SELFSHIP_PASSWORD"):
        Credentials.read(Secrets(token="A_TOKEN"), {}).required()


def test_half_a_pair_of_credentials_is_refused() -> None:
    environ = {"SELFSHIP_TOKEN": "t", "SELFSHIP_OTHER_PASSWORD": "p"}

    with pytest.raises(UsageError, match="SELFSHIP_OTHER_PASSWORD is set and SELFSHIP_OTHER_USERNAME is not"):
        Credentials.read(Secrets(), environ).required()


def test_a_stripped_environment_holds_neither_the_named_nor_the_usual_secrets() -> None:
    environ = {"MY_TOKEN": "a", "SELFSHIP_TOKEN": "b", "SELFSHIP_OTHER_PASSWORD": "c", "HOME": "/h"}

    assert stripped(Secrets(token="MY_TOKEN"), environ) == {"HOME": "/h"}
