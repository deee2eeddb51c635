"""The demo: scripted officers play a region's story on a running system, and a report shows what came of it."""
