# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Our own commands, one file each, with its HELP and run(line, environment), which returns the exit status."""
