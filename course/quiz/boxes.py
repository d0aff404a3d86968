"""Boxes that open by a secret: what is in them stays closed to whoever does not know it.

A box is AES-GCM under a key from scrypt (made cheap on purpose: opening takes milliseconds), its
nonce derived from key and content, so that the same contents give the same boxes. All boxes
together have one length, fillers make up the number, and the order is that of the sealed bytes.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

Content = tuple[str, dict[str, Any]]
"""The secret of a box, and what is in it."""

_NONCE = 12
_STEP = 256  # plain texts are padded to a multiple of this many bytes


def closed(salt: bytes, contents: list[Content], *, shelf: int) -> list[str]:
    """A box for each content, and fillers up to a multiple of `shelf`."""
    plain = [json.dumps(content, ensure_ascii=False).encode() for _, content in contents]
    size = -(-max(map(len, plain), default=1) // _STEP) * _STEP
    boxes = [
        _shut(_key(salt, secret), text.ljust(size))  # JSON may end in spaces
        for (secret, _), text in zip(contents, plain, strict=True)
    ]
    seed = b"".join([salt, *plain])
    for number in range(-len(boxes) % shelf):
        boxes.append(hashlib.shake_256(seed + bytes([number])).digest(len(boxes[0])))
    return [base64.b64encode(box).decode() for box in sorted(boxes)]


def opened(sealed: Mapping[str, Any], secret: str) -> list[dict[str, Any]]:
    """What is in the boxes of `{"salt", "boxes"}` that this secret opens."""
    key = _key(bytes.fromhex(sealed["salt"]), secret)
    found = []
    for box in map(base64.b64decode, sealed["boxes"]):
        try:
            text = AESGCM(key).decrypt(box[:_NONCE], box[_NONCE:], None)
        except InvalidTag:
            continue
        found.append(json.loads(text))
    return found


def _key(salt: bytes, secret: str) -> bytes:
    return hashlib.scrypt(secret.encode(), salt=salt, n=256, r=8, p=1, dklen=32)


def _shut(key: bytes, text: bytes) -> bytes:
    nonce = hmac.digest(key, text, "sha256")[:_NONCE]
    return nonce + AESGCM(key).encrypt(nonce, text, None)
