"""A region's story, played by scripted officers on a running system, and told at its end."""
