"""The user's policy for credential plugins, which a kuberc holds (KEP-3104): which of them may run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kubectl_mc.access.credential_plugins import CredentialPlugin


def denial(policy: Mapping[str, Any], plugin: CredentialPlugin, variables: Mapping[str, str]) -> str:
    """Return why the policy forbids a credential plugin, fit to be shown; "" if it may run.

    policy: `Environment.plugin_policy`
    variables: the user's environment variables
    """
    return "a policy for credential plugins can't be judged yet" if policy else ""
