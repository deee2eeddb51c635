"""What the inspection keeps."""

from services.inspection.reactions import KINDS
from shared.engine.tables import service_tables

TABLES = service_tables(KINDS)
