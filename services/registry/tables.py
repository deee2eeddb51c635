"""What the registry keeps."""

from services.registry.reactions import KINDS
from shared.tables import service_tables

TABLES = service_tables(KINDS)
