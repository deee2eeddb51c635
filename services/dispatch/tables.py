"""What the dispatch keeps."""

from services.dispatch.reactions import KINDS
from shared.engine.tables import service_tables

TABLES = service_tables(KINDS)
