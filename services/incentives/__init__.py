"""The incentives: the rewards and penalties that facts may lead to, for units, teams and cadres, with due process."""
