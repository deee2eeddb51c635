"""The inspection's rules, one module for each kind of state. Pure: no clock, no I/O."""
