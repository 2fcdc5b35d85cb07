# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Settings of the test run: a property is judged by its answer, never by the time it takes.

FUZZ is the number of cases of each property, for `make fuzz`. pytest's --hypothesis-seed repeats the cases of a run.
"""

import os

from hypothesis import HealthCheck, settings

CASES = int(os.environ.get("FUZZ", "60"))

settings.register_profile(
    "unit", deadline=None, max_examples=CASES, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
settings.load_profile("unit")
