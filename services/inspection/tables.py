"""What the inspection keeps."""

from services.inspection.reactions import KINDS
from shared.tables import service_tables

TABLES = service_tables(KINDS)
