"""What the incentives keep."""

from services.incentives.reactions import KINDS
from shared.engine.tables import service_tables

TABLES = service_tables(KINDS)
