"""What a composed installation needs before it starts: one folder of keys, and a database for each service."""
