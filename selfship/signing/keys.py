"""Ed25519 keys in PEM files: made, read, and used. The only place that knows the cryptography package.

A passphrase comes from the environment and from nowhere else; no sentence here repeats anything of a key.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from selfship import secrecy
from selfship.credentials import KEY_PASSPHRASE
from selfship.errors import UsageError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

PUBLIC_SUFFIX = ".pub"


@dataclass(frozen=True)
class SigningKey:
    """A private key that can sign. `id`: the SHA-256 of its public key (DER), in hexadecimal."""

    id: str
    _private: Ed25519PrivateKey

    def sign(self, message: bytes) -> bytes:
        return self._private.sign(message)


@dataclass(frozen=True)
class VerifyingKey:
    """A public key that somebody trusts. `id` as in SigningKey."""

    id: str
    _public: Ed25519PublicKey

    def verifies(self, message: bytes, signature: bytes) -> bool:
        from cryptography.exceptions import InvalidSignature

        try:
            self._public.verify(signature, message)
        except InvalidSignature:
            return False
        return True


def needed() -> None:
    """UsageError where the package that signs is not installed."""
    try:
        import cryptography  # noqa: F401 - is it there?
    except ImportError:
        raise UsageError(
            "Signing and checking signatures needs the cryptography package: pip install '.[sign]' in the kit's "
            "checkout, or pip install cryptography."
        ) from None


def make(path: Path, environ: Mapping[str, str] = os.environ) -> tuple[Path, Path, str]:
    """Makes a pair of keys: `path`, which only its owner may read, and `path`.pub; with the key's id.

    The private key is encrypted where SELFSHIP_KEY_PASSPHRASE is set. UsageError where one of the files exists.
    """
    needed()
    from cryptography.hazmat.primitives import serialization as form
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    public_path = path.with_name(path.name + PUBLIC_SUFFIX)
    for one in (path, public_path):
        if one.exists() or one.is_symlink():
            raise UsageError(f"{one} exists, and a key is never overwritten: give another name.")
    private, passphrase = Ed25519PrivateKey.generate(), _passphrase(environ)
    locked = form.BestAvailableEncryption(passphrase) if passphrase else form.NoEncryption()
    _write(path, private.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, locked), 0o600)
    public = private.public_key().public_bytes(form.Encoding.PEM, form.PublicFormat.SubjectPublicKeyInfo)
    _write(public_path, public, 0o644)
    return path, public_path, _id(private.public_key())


def signing_key(path: Path, environ: Mapping[str, str] = os.environ) -> SigningKey:
    """The private key in a file. UsageError, one sentence, where there is none or it cannot be opened."""
    needed()
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    pem, passphrase = _read(path), _passphrase(environ)
    try:
        encrypted = b"ENCRYPTED" in pem
        private = load_pem_private_key(pem, passphrase if encrypted else None)
    except TypeError:
        raise UsageError(f"{path} is locked: set its passphrase in {KEY_PASSPHRASE}.") from None
    except ValueError:
        locked = encrypted and passphrase
        why = f"does not open with the passphrase in {KEY_PASSPHRASE}" if locked else "holds no private key"
        raise UsageError(f"{path} {why}: give the file that `selfship keygen` made.") from None
    if not isinstance(private, Ed25519PrivateKey):
        raise UsageError(f"{path} is no Ed25519 key: make one with `selfship keygen`.")
    return SigningKey(_id(private.public_key()), private)


def verifying_key(path: Path) -> VerifyingKey:
    """The public key in a file. UsageError, one sentence, where there is none."""
    needed()
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    pem = _read(path)
    if b"PRIVATE KEY" in pem:
        raise UsageError(f"{path} is a private key, which stays with its owner: give the {PUBLIC_SUFFIX} beside it.")
    try:
        public = load_pem_public_key(pem)
    except ValueError:
        raise UsageError(f"{path} holds no public key: give the {PUBLIC_SUFFIX} that `selfship keygen` made.") from None
    if not isinstance(public, Ed25519PublicKey):
        raise UsageError(f"{path} is no Ed25519 key: give the {PUBLIC_SUFFIX} that `selfship keygen` made.")
    return VerifyingKey(_id(public), public)


def _id(public: Ed25519PublicKey) -> str:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    return hashlib.sha256(public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()


def _passphrase(environ: Mapping[str, str]) -> bytes | None:
    value = environ.get(KEY_PASSPHRASE)
    if value:
        secrecy.learn(KEY_PASSPHRASE, value)
    return value.encode() if value else None


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as problem:
        raise UsageError(f"The key {path} cannot be read ({problem.strerror}): check the path.") from None


def _write(path: Path, pem: bytes, mode: int) -> None:
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    except OSError as problem:
        raise UsageError(f"The key {path} cannot be written ({problem.strerror}): give another place.") from None
    with os.fdopen(handle, "wb") as file:
        # A umask can only take rights away, and the owner's must be there.
        os.fchmod(file.fileno(), mode)
        file.write(pem)
