"""The gate that every change passes: preflight, question, waves, record; and what `resume` and `undo` do with it."""
