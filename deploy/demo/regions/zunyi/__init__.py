"""Zunyi in Guizhou, 2016, by document S2."""
