"""The registry: villages, households, units and cadres, the poverty list, and the way on and off it."""
