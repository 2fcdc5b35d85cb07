# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""The gate that every change passes: preflight, question, waves, record; and what `resume` and `undo` do with it."""
