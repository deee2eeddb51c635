"""What the dispatch keeps."""

from services.dispatch.reactions import KINDS
from shared.tables import service_tables

TABLES = service_tables(KINDS)
