"""NATS: streams and subjects, consumers that read in order, and the relay that publishes."""
