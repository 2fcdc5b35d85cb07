# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""How each cluster is reached and as whom: kubeconfigs, logins, approvals, and the clouds' own CLIs."""
