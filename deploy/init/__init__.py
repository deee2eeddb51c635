"""Prepares a composed installation before its first start: the folder of keys, and a database for each service."""
