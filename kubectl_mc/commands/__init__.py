"""Commands of our own, one file each: `HELP`, and `run(line, options, environment, streams)` -> the exit status."""
