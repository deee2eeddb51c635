"""Xixiu District in Anshun, Guizhou, 2013 to 2017, by document S1."""
