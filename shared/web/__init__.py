"""The HTTP interface: commands and queries, what is checked at the edge, and refusals as problem details."""
