"""
RS256 for id_tokens, in a page of plain Python, so that the emulator needs no cryptography package.

The key is made on first use and kept in the store. It protects nothing: it signs test data.
"""

import base64
import hashlib
import json
import random
import secrets
from typing import Any

from .store import Store

# DigestInfo of SHA-256, RFC 8017 section 9.2, note 1.
_SHA256_PREFIX = bytes.fromhex("3031300d060960864801650304020105000420")
_EXPONENT = 65537
_BITS = 2048


def _is_prime(number: int) -> bool:
    if any(number % small == 0 for small in (3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37)):
        return False
    odd, twos = number - 1, 0
    while odd % 2 == 0:
        odd //= 2
        twos += 1
    for _ in range(24):  # Miller-Rabin
        value = pow(random.SystemRandom().randrange(2, number - 1), odd, number)
        if value in (1, number - 1):
            continue
        for _ in range(twos - 1):
            value = value * value % number
            if value == number - 1:
                break
        else:
            return False
    return True


def _prime(bits: int) -> int:
    while True:
        candidate = secrets.randbits(bits) | (3 << (bits - 2)) | 1
        if candidate % _EXPONENT != 1 and _is_prime(candidate):
            return candidate


def key_of(store: Store) -> dict[str, str]:
    """The key of this store as hexadecimal numbers: `n` and `d`, with its `kid`."""
    key = store.setting("id_token_key")
    if key is None:
        first, second = _prime(_BITS // 2), _prime(_BITS // 2)
        private = pow(_EXPONENT, -1, (first - 1) * (second - 1))
        kid = secrets.token_hex(8)
        key = {"n": f"{first * second:x}", "d": f"{private:x}", "kid": kid}
        store.set_setting("id_token_key", key)
    return key


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _number(value: int) -> str:
    return _base64url(value.to_bytes((value.bit_length() + 7) // 8))


def key_set(key: dict[str, str]) -> dict[str, Any]:
    """The document at `jwks_uri`."""
    public = {
        "kty": "RSA",
        "use": "sig",
        "alg": "RS256",
        "kid": key["kid"],
        "n": _number(int(key["n"], 16)),
        "e": _number(_EXPONENT),
    }
    return {"keys": [public]}


def signed_token(claims: dict[str, Any], key: dict[str, str]) -> str:
    """A JSON web token, RSASSA-PKCS1-v1_5 with SHA-256."""
    header = {"kid": key["kid"], "typ": "JWT", "alg": "RS256"}
    message = ".".join(_base64url(json.dumps(part).encode()) for part in (header, claims))
    modulus = int(key["n"], 16)
    size = (modulus.bit_length() + 7) // 8
    digest = _SHA256_PREFIX + hashlib.sha256(message.encode()).digest()
    padded = b"\x00\x01" + b"\xff" * (size - len(digest) - 3) + b"\x00" + digest
    signature = pow(int.from_bytes(padded), int(key["d"], 16), modulus)
    return f"{message}.{_base64url(signature.to_bytes(size))}"
