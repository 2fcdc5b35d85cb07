"""Captured and streamed commands: which jobs each cluster gets, and what is shown of their answers."""
