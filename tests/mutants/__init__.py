"""Small random changes of the rules, and whether the tests notice each of them."""
