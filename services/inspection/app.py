"""The inspection as a process: wiring only."""

from services.inspection.api import COMMANDS, QUERIES
from services.inspection.reactions import DUE, REACTIONS
from services.inspection.tables import TABLES
from shared.engine.pipeline import Service
from shared.runtime import serve

SERVICE = Service("inspection", TABLES, REACTIONS, DUE)

if __name__ == "__main__":
    serve(SERVICE, COMMANDS, QUERIES)
