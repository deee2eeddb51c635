"""The incentives: what a fact may lead to, for a unit, a team or a cadre, and the due process until it is over."""
