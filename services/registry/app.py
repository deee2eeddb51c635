"""The registry as a process: wiring only."""

from services.registry.api import COMMANDS, QUERIES
from services.registry.reactions import DUE, REACTIONS
from services.registry.tables import TABLES
from shared.engine.pipeline import Service
from shared.runtime import serve

SERVICE = Service("registry", TABLES, REACTIONS, DUE)

if __name__ == "__main__":
    serve(SERVICE, COMMANDS, QUERIES)
