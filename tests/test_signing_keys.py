"""Keys: made once, kept from others, opened only as their owner says."""

from __future__ import annotations

import stat
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from selfship import archive, paths
from selfship.credentials import KEY_PASSPHRASE, Secrets, stripped
from selfship.errors import UsageError
from selfship.signing import keys
from selfship.signing.verification import verify
from tests import full_run


def test_a_private_key_is_its_owners_alone_and_signs(tmp_path: Path) -> None:
    private, public, name = keys.make(tmp_path / "k", {})

    assert stat.S_IMODE(private.stat().st_mode) == 0o600
    signing, verifying = keys.signing_key(private, {}), keys.verifying_key(public)
    assert signing.id == verifying.id == name
    signature = signing.sign(b"this")
    assert verifying.verifies(b"this", signature)
    assert not verifying.verifies(b"that", signature)


@pytest.mark.parametrize("there", ["k", "k.pub"])
def test_a_key_is_never_overwritten(tmp_path: Path, there: str) -> None:
    (tmp_path / there).write_text("mine", encoding="utf-8")

    with pytest.raises(UsageError, match=rf"{there} exists, and a key is never overwritten"):
        keys.make(tmp_path / "k", {})

    assert (tmp_path / there).read_text(encoding="utf-8") == "mine"
    assert len(list(tmp_path.iterdir())) == 1


def test_a_passphrase_comes_from_the_environment(tmp_path: Path) -> None:
    locked = {KEY_PASSPHRASE: "hush-4711"}
    private, _, name = keys.make(tmp_path / "k", locked)

    assert b"hush" not in private.read_bytes()
    assert keys.signing_key(private, locked).id == name
    with pytest.raises(UsageError, match="is locked: set its passphrase in SELFSHIP_KEY_PASSPHRASE"):
        keys.signing_key(private, {})
    with pytest.raises(UsageError, match="does not open with the passphrase") as caught:
        keys.signing_key(private, {KEY_PASSPHRASE: "wrong-0815"})
    assert "0815" not in str(caught.value)


def test_a_key_without_a_passphrase_opens_whatever_the_environment_says(tmp_path: Path) -> None:
    private, _, _ = keys.make(tmp_path / "k", {})

    assert keys.signing_key(private, {KEY_PASSPHRASE: "hush-4711"})


@pytest.mark.parametrize(
    ("name", "said"),
    [("nothing", "cannot be read"), ("text", "holds no private key"), ("k.pub", "holds no private key")],
)
def test_what_is_no_private_key_is_said(tmp_path: Path, name: str, said: str) -> None:
    keys.make(tmp_path / "k", {})
    (tmp_path / "text").write_text("hello", encoding="utf-8")

    with pytest.raises(UsageError, match=said):
        keys.signing_key(tmp_path / name, {})


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("nothing", "cannot be read"),
        ("text", "holds no public key"),
        ("k", "is a private key, which stays with its ow"),
    ],
)
def test_what_is_no_public_key_is_said(tmp_path: Path, name: str, said: str) -> None:
    keys.make(tmp_path / "k", {})
    (tmp_path / "text").write_text("hello", encoding="utf-8")

    with pytest.raises(UsageError, match=said):
        keys.verifying_key(tmp_path / name)


def test_a_key_of_another_kind_is_said(tmp_path: Path) -> None:
    from cryptography.hazmat.primitives import serialization as form
    from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key

    private = generate_private_key(SECP256R1())
    (tmp_path / "k").write_bytes(
        private.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, form.NoEncryption())
    )
    (tmp_path / "k.pub").write_bytes(
        private.public_key().public_bytes(form.Encoding.PEM, form.PublicFormat.SubjectPublicKeyInfo)
    )

    with pytest.raises(UsageError, match="is no Ed25519 key: make one"):
        keys.signing_key(tmp_path / "k", {})
    with pytest.raises(UsageError, match="is no Ed25519 key: give the"):
        keys.verifying_key(tmp_path / "k.pub")


def test_keygen_says_where_and_refuses_the_second_time(tmp_path: Path) -> None:
    first = full_run.selfship("keygen", "k", cwd=tmp_path, SELFSHIP_KEY_PASSPHRASE="hush-4711")
    second = full_run.selfship("keygen", "k", cwd=tmp_path)

    assert first.status == 0
    assert "Public key:  k.pub" in first.stdout
    assert "hush" not in first.stdout
    assert (second.status, second.stderr) == (
        2, "selfship: k exists, and a key is never overwritten: give another name.\n",
    )  # fmt: skip


@pytest.mark.parametrize(
    "command", [["keygen", "k"], ["certify", "--sign", "k"], ["sign", "r", "--key", "k"], ["verify", "r", "--key", "k"]]
)
def test_without_the_package_one_sentence_says_what_to_install(tmp_path: Path, command: list[str]) -> None:
    source = f"import sys; sys.modules['cryptography'] = None; from selfship import cli; cli.main({command})"

    ended = subprocess.run([sys.executable, "-c", source], cwd=tmp_path, capture_output=True, text=True, check=False)

    assert ended.returncode == 2
    assert ended.stderr == (
        "selfship: Signing and checking signatures needs the cryptography package: pip install '.[sign]' in the "
        "kit's checkout, or pip install cryptography.\n"
    )
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", [("certify", "--sign", "k"), ("sign", "k", "--key", "k")], ids=["certify", "sign"])
def test_a_key_that_is_not_there_stops_all_before_it_starts(tmp_path: Path, command: tuple[str, ...]) -> None:
    ended = full_run.selfship(*command, cwd=tmp_path)

    assert ended.status == 2
    assert "The key k cannot be read (No such file or directory): check the path." in ended.stderr
    assert list(tmp_path.iterdir()) == []


def test_no_process_that_the_kit_starts_gets_the_passphrase() -> None:
    assert KEY_PASSPHRASE not in stripped(Secrets(), {KEY_PASSPHRASE: "hush-4711", "PATH": "/bin"})


def from_a_checkout(out: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """`pytest suites` on one rule, signed."""
    suites = [sys.executable, "-m", "pytest", "suites", "-q", "--requirement=FWD-4", f"--out={out}"]
    return subprocess.run(
        [*suites, f"--sign={out.parent / 'partner.key'}", *arguments],
        cwd=paths.ROOT, env=stripped(Secrets()), capture_output=True, text=True, timeout=full_run.PATIENCE_S,
    )  # fmt: skip


def test_the_suites_from_a_checkout_sign_their_run_as_the_command_does(tmp_path: Path) -> None:
    keys.make(tmp_path / "partner.key", {})

    ended = from_a_checkout(tmp_path / "run")

    assert ended.returncode == 4, ended.stdout
    assert ended.stdout.rstrip().splitlines()[-1].startswith(f"Signed: {tmp_path / 'run' / 'attestation.json'}, by")
    points = verify(archive.open_run(tmp_path / "run"), keys.verifying_key(tmp_path / "partner.key.pub"))
    assert [one.words for one in points if one.holds is False] == [
        "The run was narrowed to some of its checks, or cut short: it certifies nothing."
    ]


def test_a_run_that_cannot_be_signed_ends_with_one_sentence(tmp_path: Path) -> None:
    keys.make(tmp_path / "partner.key", {})

    ended = from_a_checkout(tmp_path / "run", f"--junitxml={tmp_path / 'elsewhere.xml'}")

    assert ended.returncode == 2
    said = f"Exit: {tmp_path / 'run'} is not complete (junit.xml is missing): sign a run that has ended.\n"
    assert ended.stderr == said


@pytest.mark.skipif(find_spec("xdist") is None, reason="pytest-xdist is not installed: pip install -e '.[dev]'")
def test_workers_side_by_side_have_no_run_to_sign(tmp_path: Path) -> None:
    keys.make(tmp_path / "partner.key", {})

    ended = from_a_checkout(tmp_path / "run", "--tx=2*popen", "--dist=each")

    assert ended.returncode != 0
    assert "--sign signs one run: merge those of the workers, then sign that" in ended.stderr
    assert not (tmp_path / "run").exists()
