"""Merging: what many kubectls printed -> what the user reads. Pure: text in, text out."""
