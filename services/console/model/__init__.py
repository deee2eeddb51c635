"""What the console computes without asking anybody: rows from events, and the geometry of charts. Pure."""
