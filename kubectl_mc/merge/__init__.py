"""Merging: what many kubectls printed becomes what the user reads. Pure: text in, text out."""
