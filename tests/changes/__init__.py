# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0
