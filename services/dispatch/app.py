"""The dispatch as a process: wiring only."""

from services.dispatch.api import COMMANDS, QUERIES
from services.dispatch.reactions import DUE, REACTIONS
from services.dispatch.tables import TABLES
from shared.engine.pipeline import Service
from shared.runtime import serve

SERVICE = Service("dispatch", TABLES, REACTIONS, DUE)

if __name__ == "__main__":
    serve(SERVICE, COMMANDS, QUERIES)
