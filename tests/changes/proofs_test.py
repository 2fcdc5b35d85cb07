# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

from kubectl_mc.changes import proofs

SECRET = "hunter2"


def test_words_are_known_again_without_being_kept() -> None:
    made = proofs.make_proof(["create", SECRET])
    assert SECRET not in str(made)
    assert proofs.matches_proof(made, ["create", SECRET])
    assert not proofs.matches_proof(made, ["create", "hunter3"])
    assert not proofs.matches_proof({}, [])
    assert made != proofs.make_proof(["create", SECRET])
