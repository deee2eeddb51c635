"""Guizhou province about 2008, by document S4."""
