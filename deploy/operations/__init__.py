"""What operators run on a system at work: looking at it, testing it, restoring it."""
