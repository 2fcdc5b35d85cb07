# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Captured and streamed commands: which jobs each cluster gets, and what is shown of their answers."""
