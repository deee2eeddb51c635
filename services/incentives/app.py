"""The incentives as a process: wiring only."""

from services.incentives.api import COMMANDS, QUERIES
from services.incentives.reactions import DUE, REACTIONS
from services.incentives.tables import TABLES
from shared.engine.pipeline import Service
from shared.runtime import serve

SERVICE = Service("incentives", TABLES, REACTIONS, DUE)

if __name__ == "__main__":
    serve(SERVICE, COMMANDS, QUERIES)
