"""Logs: one JSON object a line on standard output, with correlation and causation ids and no personal data."""

import logging
import sys
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, BinaryIO

import msgspec
import structlog

_encode = msgspec.json.Encoder(enc_hook=str).encode
_common: dict[str, str] = {"service": "", "level": "info"}
_output: list[BinaryIO] = []
"""Where `lines` writes: one file, or none if the level is above info."""


def configure(service: str, level: str = "INFO", to: BinaryIO | None = None) -> None:
    """Log in JSON as this service, from this level on. Of what libraries log, only WARNING and above is kept.

    `to` is where lines go; without it, they go to standard output. Standard output gets a buffer of our own that is
    flushed after each line. Python's may be unbuffered, and then a full pipe takes half of a line and loses the rest.
    """
    to = to or open(sys.stdout.fileno(), "wb", closefd=False)  # noqa: SIM115 - for as long as the process runs
    threshold = logging.getLevelNamesMapping()[level]
    _common["service"] = service
    _output[:] = [to] if threshold <= logging.INFO else []

    def name_service(_logger: Any, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
        event["service"] = service
        return event

    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            name_service,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(serializer=lambda event, **_: _encode(event)),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=structlog.BytesLoggerFactory(to),
        cache_logger_on_first_use=True,
    )

    class Forward(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            structlog.get_logger().log(
                record.levelno, record.getMessage(), logger=record.name, exc_info=record.exc_info
            )

    logging.basicConfig(handlers=[Forward()], level=logging.WARNING, force=True)


def lines(events: Iterable[Mapping[str, object]]) -> None:
    """Log many events of level info in one write, since a batch has hundreds of them. The form is the usual one."""
    common = {**_common, "timestamp": datetime.now(UTC).isoformat()}
    for output in _output:
        output.write(b"".join(_encode({**event, **common}) + b"\n" for event in events))
        output.flush()
