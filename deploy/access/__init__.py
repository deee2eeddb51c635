"""Who may say and hear what on NATS: users with keys, their permissions, and subscribers that are granted access."""
