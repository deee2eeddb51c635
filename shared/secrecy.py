"""State secrets are not for this system: a text that bears a mark of classification is refused everywhere.

It is neither kept nor repeated, not even in a refusal, a log, or a copy of the file that contained it.
"""

import re
from collections.abc import Iterator
from typing import Any, Final

SIGN: Final = "密"
"""A character that every mark contains. Texts without it, which are nearly all, need no closer look."""
_BYTES: Final = SIGN.encode()
_MARK: Final = re.compile(
    # 机密★, 秘密☆10年, 绝密*长期; 绝密 stands in no ordinary text. Spaces may stand between, as in a document's head.
    r"绝\s*密|[机秘]\s*密\s*(?:级\s*)?[★☆⭐✩✪✭✮✯＊*]"
    # 密级：机密; 【秘密】; a text that is nothing but the mark, with or without the time for which it holds.
    r"|密\s*级\s*[:：]?\s*[机秘]\s*密|[\[【〔〖［(（]\s*[机秘]\s*密\s*(?:级\s*)?[\]】〕〗］)）]"
    r"|^\s*[机秘]\s*密\s*(?:级|件|文件)?\s*(?:\d+\s*年|长期)?\s*$"
)
ZH: Final = (
    "内容带有国家秘密的密级标志，本系统不是涉密系统，不得录入、传递，已拒收且未保存。"
    "请勿再次上传；按单位保密规定处理，确属误标的，由定密责任人核实去除标志后再报"
)
EN: Final = (
    "this bears a mark of classification: the system is not for state secrets, so nothing of it was taken in or kept. "
    "Do not send it again; treat it by your organ's rules on secrecy. If the mark is a mistake, whoever is responsible "
    "for classification removes it first"
)
RULE: Final = "classified"
BASIS: Final = ("《中华人民共和国保守国家秘密法》", "Law on Guarding State Secrets")


def is_classified(text: str) -> bool:
    """Whether a text bears a mark of classification, such as `机密★10年`. 秘密投票 and 商业秘密 are none."""
    return SIGN in text and _MARK.search(text) is not None


def may_be_classified(body: bytes) -> bool:
    """Whether JSON in UTF-8 may contain a mark. Nearly none does; then its texts need not be looked at."""
    return _BYTES in body or (b"\\" in body and b"\\u5bc6" in body.lower())


def classified_in(said: Any, path: str = "") -> Iterator[str]:
    """The paths of all texts and names in decoded JSON that bear a mark."""
    if isinstance(said, str):
        if is_classified(said):
            yield path
    elif isinstance(said, list):
        for n, one in enumerate(said):
            yield from classified_in(one, f"{path}[{n}]")
    elif isinstance(said, dict):
        for name, one in said.items():
            if is_classified(name):
                yield path
            yield from classified_in(one, f"{path}.{'' if is_classified(name) else name}".strip("."))
