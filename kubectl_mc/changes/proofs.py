# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Proofs: salted digests in the record, by which a secret text is recognized when it is given again."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Mapping, Sequence


def make_proof(words: Sequence[str]) -> dict[str, str]:
    """Return {salt, scrypt} in hex, with which the same words can be recognized, but not found out."""
    salt = secrets.token_hex(16)
    return {"salt": salt, "scrypt": _scrypt(words, salt)}


def matches_proof(proof: Mapping[str, str], words: Sequence[str]) -> bool:
    """Return whether the proof was made of these words."""
    return bool(proof) and hmac.compare_digest(proof["scrypt"], _scrypt(words, proof["salt"]))


def _scrypt(words: Sequence[str], salt: str) -> str:
    text = "\0".join(words).encode("utf-8", "surrogateescape")
    return hashlib.scrypt(text, salt=bytes.fromhex(salt), n=1 << 14, r=8, p=1).hex()
