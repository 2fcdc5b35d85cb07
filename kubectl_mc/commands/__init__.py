"""Commands of our own, one file each."""
