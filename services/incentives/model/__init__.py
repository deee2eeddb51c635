"""The incentives' rules: what a fact leads to, and the due process after it. Pure: no clock, no I/O."""
