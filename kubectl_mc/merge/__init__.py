# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Merging: what many kubectls printed becomes what the user reads. Pure: text in, text out."""
