"""The incentives' rules: what a fact may lead to, and the due process until it is over. Pure: without clock and I/O."""
