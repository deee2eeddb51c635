"""In which language somebody reads the pages, and how texts are chosen. Wherever there is a text, the Chinese and the
English stand side by side."""

from collections.abc import Callable
from typing import Any, Final, Literal

from litestar import Request

Language = Literal["zh", "en"]
COOKIE: Final = "zhucun_language"
Say = Callable[[str, str], str]
"""Chooses one of two texts, the Chinese or the English."""


def language(request: Request[Any, Any, Any]) -> Language:
    """The language that was chosen here before; else Chinese, unless the browser asks for English and not for
    Chinese."""
    chosen = request.cookies.get(COOKIE)
    if chosen in ("zh", "en"):
        return "zh" if chosen == "zh" else "en"
    asked = request.headers.get("accept-language", "").lower()
    return "en" if asked.startswith("en") and "zh" not in asked else "zh"


def say(lang: Language) -> Say:
    """A function that chooses texts for a reader of this language: `t("待办", "To do")`."""

    def t(zh: str, en: str) -> str:
        return zh if lang == "zh" else en

    return t
