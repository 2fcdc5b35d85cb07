# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Checks of values that become part of a command line, an environment or a kubeconfig. Pure.

The values come from a hub or from the user's provider file.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal

from kubectl_mc.type_hints import Any


class RefusedError(Exception):
    """A value cannot be used; the text says why. It is caught where the file or the profile is known."""


def text_field(fields: Mapping[str, Any], key: str) -> str:
    """Return the text in a field; "" if there is none. Raises RefusedError for what no command line can hold."""
    value = fields.get(key)
    return "" if value is None else clean_text(value, key)


def text_list(value: Any, name: str) -> list[str]:
    """Return a list of texts that a command line can hold. Raises RefusedError, which calls it `name`, for others."""
    if not isinstance(value, list):
        raise RefusedError(f"{name} is not a list of strings")
    return [clean_text(item, name) for item in value]


def clean_text(value: Any, name: str) -> str:
    """Return a text that a command line can hold: no NUL, no surrogates. Raises RefusedError for any other value."""
    if not isinstance(value, str):
        raise RefusedError(f"{name} is not a string")
    if re.search("[\0\ud800-\udfff]", value):
        raise RefusedError(f"{name} holds what no command line can")
    return value


def scalar_text(value: Any, name: str) -> str:
    """Return a string, or a number or boolean as JSON has it; "" for null. Raises RefusedError for any other value.

    So does pkg/access of cluster-inventory-api, which reads extensions as YAML into Go's strings.
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float) and value - value == 0:  # neither infinite nor NaN
        return _number_text(value)
    if isinstance(value, str):
        return clean_text(value, name)
    raise RefusedError(f"{name} is not a string, a number or a boolean")


def _number_text(number: float) -> str:
    """Return a number as an API server's JSON has it: Go writes exponents only below 1e-6 and from 1e21 on."""
    text = repr(number)
    if number and not 1e-6 <= abs(number) < 1e21:
        return re.sub(r"e-0(\d)$", r"e-\1", text)
    digits = format(Decimal(text), "f")
    return digits.rstrip("0").rstrip(".") if "." in digits else digits
