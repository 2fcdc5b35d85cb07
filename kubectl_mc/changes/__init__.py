"""The gate that every change passes: who, what would happen, is it wanted, in which order, and what became of it."""
