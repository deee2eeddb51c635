"""Logs: one JSON object a line on standard output, with correlation and causation ids and no personal data."""

import logging
import sys
from typing import Any, BinaryIO

import msgspec
import structlog


def configure(service: str, level: str = "INFO", to: BinaryIO = sys.stdout.buffer) -> None:
    """Log as this service, in JSON, everything from this level on; what libraries log comes along from WARNING on."""
    encode = msgspec.json.Encoder(enc_hook=str).encode

    def name_service(_logger: Any, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
        event["service"] = service
        return event

    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            name_service,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(serializer=lambda event, **_: encode(event)),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        logger_factory=structlog.BytesLoggerFactory(to),
        cache_logger_on_first_use=True,
    )

    class Forward(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            structlog.get_logger().log(
                record.levelno, record.getMessage(), logger=record.name, exc_info=record.exc_info
            )

    logging.basicConfig(handlers=[Forward()], level=logging.WARNING, force=True)
