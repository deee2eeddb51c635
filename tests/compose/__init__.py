"""The composed system, run for real: `make compose-test`."""
