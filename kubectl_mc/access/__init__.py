"""How each cluster is reached and as whom: kubeconfigs, logins, approvals, and the clouds' own CLIs."""
