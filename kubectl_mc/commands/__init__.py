"""Our own commands, one file each, with its HELP and run(line, environment), which returns the exit status."""
