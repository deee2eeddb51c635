"""What a Chinese sentence must not hold that people read: bare codes, ISO dates, `key=value`, and English words; and
an English one: bare codes, ISO dates, clauses as they are written in Chinese, and Chinese words."""

import re
from functools import cache
from typing import Final

from shared.contracts.journey import STAGES
from shared.labels import NATIONAL
from shared.policy.shipped import FILES, shipped

_COMMAND: Final = re.compile(r"\b(?:zhucun|docker compose|docker|podman|make|kill)(?: -{0,2}[a-zA-Z0-9./_-]+)*")
"""What somebody is told to type."""
_QUOTED: Final = re.compile(r"(?:代码为?)?“([^“”]*)”|《[^《》]*》|`[^`]*`|\"[^\"]*\"")
"""A name that somebody gave, a document, or what stands in a file exactly so."""
_ISO: Final = re.compile(r"(?<![\w.\-])\d{4}-\d\d-\d\d(?![\w\-])", re.ASCII)
_PAIR: Final = re.compile(r"\b[a-z_]+ ?= ?[^\s=]", re.ASCII)
_TOKEN: Final = re.compile(r"[A-Za-z0-9_./:@#~*$<>%+&?{}\[\]\\-]+")
_CHINESE: Final = re.compile(r"[\u4e00-\u9fff]")
_FIGURE: Final = re.compile(
    r"\d|^[A-Z][A-Z_-]*$|^[A-Z]-|^-|/|\w\.\w|^\.\w|^[^A-Za-z]*$|^[A-Z]$|^[kKMGT]i?B$|\.nk$", re.ASCII
)
"""Ids, figures, abbreviations, options, addresses and files."""
NAMES: Final = frozenset({
    "Apple", "AsyncAPI", "CloudEvent", "CloudEvents", "Compose", "Ctrl-C", "DBOS", "Debian", "Docker", "Excel",
    "JetStream", "Linux", "NATS", "Office", "OpenAPI", "OpenDocument", "PostgreSQL", "PowerPoint", "Python", "Restate",
    "SQLite", "Unicode", "WPS", "Windows", "Word", "Zhucun", "git", "gzip", "make", "nats-server", "openssl", "podman",
    "podman-compose", "root",
})  # fmt: skip
"""What is called so in Chinese as well."""
_LABELS: Final = [NATIONAL, *(shipped(path.stem).labels for path in FILES)]
_WORDED: Final = {code for labels in _LABELS for codes in labels.values() for code in codes} | set(STAGES)
"""Codes that have a word, which is to stand in their place."""


@cache
def faults(zh: str, *, codes: bool = True) -> tuple[str, ...]:
    """What is wrong with a Chinese text.

    With `codes`, a code that has a word may not even be quoted, unless it is called a code, or is what can be typed.
    """
    told = zh.partition("可填")[0] if codes else ""
    quoted = [found[1] for found in _QUOTED.finditer(told) if found[1] in _WORDED and found[0][0] == "“"]
    bare = _QUOTED.sub("“”", zh)
    found = [f"a code: {code}" for code in quoted] + [f"an ISO date: {day}" for day in _ISO.findall(bare)]
    bare = _COMMAND.sub("", bare)
    found += [f"key=value: {pair}" for pair in _PAIR.findall(bare)]
    for token in _TOKEN.findall(bare):
        word = token.strip(":{}[]\\") or "0"
        if word.strip(".") not in NAMES and not _FIGURE.search(word):
            found.append(f"a bare word: {word}")
    return tuple(found)


_QUOTED_IN_ENGLISH: Final = re.compile(r"“[^“”]*”|《[^《》]*》|`[^`]*`|\"[^\"]*\"|(?<!\w)'[^'\n]*'(?!\w)|https?://\S+")
_OF_PROGRAMS: Final = re.compile(
    r"(?<![\w./:@-])(?:[a-z][a-z0-9]*(?:_[a-z0-9]+)+|[a-z][a-z_]*[:/][0-9][\w.-]*|[0-9]{2,}-[a-z][\w-]*)", re.ASCII
)
"""Ids and codes: `key_village`, `ledger/2015`, `county:210521`, `2105-annual-2015-12-01`."""
_CLAUSE: Final = re.compile("第[零〇一二三四五六七八九十百0-9（）]+(?:条|款|项|部分|章|节)")
_BODIES: Final = {zh for labels in _LABELS for zh in labels.get("by", {}).values()} | {
    department for path in FILES for of in (shipped(path.stem).team.suits or {}).values() for department in of
}
_OFFICIAL: Final = {zh for labels in _LABELS for words in labels.values() for zh in words.values()} - _BODIES
"""The words of rules. What people and bodies are called is not among them: nobody translates names."""


@cache
def english_faults(en: str, *, codes: bool = True, names: bool = True) -> tuple[str, ...]:
    """What is wrong with an English text. Without `names`, not even somebody's name may be Chinese in it."""
    bare = _COMMAND.sub("", _QUOTED_IN_ENGLISH.sub("“”", en))
    found = [f"an ISO date: {day}" for day in _ISO.findall(bare)]
    found += [f"a code: {code}" for code in _OF_PROGRAMS.findall(bare) if codes]
    found += [f"a clause: {clause}" for clause in _CLAUSE.findall(bare)]
    found += [f"a Chinese mark: {mark}" for mark in re.findall("[\u3001-\u303f\uff01-\uff5e]", bare) if not names]
    words = re.findall(r"[\u4e00-\u9fff][\u4e00-\u9fff0-9（）]*", bare)
    return (*found, *(f"a Chinese word: {word}" for word in words if not names or word in _OFFICIAL))


def chinese_parts(text: str) -> list[str]:
    """The Chinese of a text that is told in both languages, such as 没有待办 · nothing is due."""
    parts = re.split(r" / | · | \| |\n", text)
    return [part for part in parts if is_chinese(part)]


def is_chinese(text: str) -> bool:
    """Whether a text is Chinese: an English one may name a Chinese thing."""
    return len(_CHINESE.findall(text)) > len(re.findall(r"[A-Za-z]{2,}", _COMMAND.sub("", _QUOTED.sub("", text))))


def english_parts(text: str) -> list[str]:
    """The English of a text that is told in both languages, though a few Chinese words may stand in it."""
    parts = re.split(r" / | · | \| |\n", text)
    return [part for part in parts if len(_CHINESE.findall(part)) * 4 < len(re.findall("[A-Za-z]{2,}", part))]
