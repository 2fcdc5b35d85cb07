# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Everything is declared in setup.cfg; this file is for tools that still call setup.py."""

from setuptools import setup

setup()
