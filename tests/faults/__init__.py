"""The fault harness: a county's three years while everything below it is hurt, and proof that nothing is lost."""
