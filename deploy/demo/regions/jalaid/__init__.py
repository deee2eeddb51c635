"""Jalaid Banner in Inner Mongolia, 2018, by document S0."""
