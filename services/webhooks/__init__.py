"""Events for those who cannot speak NATS, sent to their addresses over HTTP."""
