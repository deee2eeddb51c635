"""Random values as people write them."""

import re
from typing import Any


def whole(value: Any) -> Any:
    """For JSON Schema 3.0 is an integer, and a date of any year is one; here they are not, as the descriptions say."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, str) and re.fullmatch("[0-9]{4}(-[0-9]{2}-[0-9]{2})", value):
        return f"2016{value[4:]}"
    if isinstance(value, dict):
        return {key: whole(part) for key, part in value.items()}
    return [whole(part) for part in value] if isinstance(value, list) else value
