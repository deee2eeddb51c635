"""The inspection's rules, in one module for each kind of state. They are pure: without clock and I/O."""
