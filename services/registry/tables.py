"""What the registry keeps."""

from services.registry.reactions import KINDS
from shared.engine.tables import service_tables

TABLES = service_tables(KINDS)
