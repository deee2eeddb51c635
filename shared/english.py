"""How English sentences write days, the articles of documents, and ids: 31 March 2015; article 17, paragraph 2; the
half year campaign of 20 June 2015."""

import re
from datetime import date
from typing import Final

from shared.chinese import ISO, number, worded

_ISO: Final = re.compile(ISO, re.ASCII)


def day(on: date) -> str:
    """A day in words."""
    return f"{on.day} {on:%B %Y}"


def written(text: str) -> str:
    """A text with each ISO date in words. A date within an id, such as `2105-annual-2015-12-01`, stays as it is."""
    return _ISO.sub(lambda found: worded(found, day), text)


# ------------------------------------------------------------------------ ids

_CAMPAIGN: Final = (
    r"(?:(?:the )?campaign (?:[0-9]{2,6}-)?|[0-9]{2,6}-)(?P<kind>[a-z][a-z0-9_]*)-(?P<opens>[0-9]{4}-[0-9]{2}-[0-9]{2})"
)
"""The id of a campaign. The pack's calendar puts the division first; people who open one may leave it out."""
_QUOTED: Final = r"(?<!\w)'[^'\n]*'(?!\w)|\"[^\"\n]*\"|“[^”]*”|`[^`]*`|https?://\S+"
_ID: Final = re.compile(
    rf"(?P<quoted>{_QUOTED})"
    r"|(?<![\w./:=@-])(?:"
    rf"{_CAMPAIGN}(?:/(?P<ordered>[0-9]{{12}}))?"
    r"|(?P<owed>[a-z][a-z0-9_]*)/"
    r"(?:(?P<period>[0-9]{4}|term)(?:/(?P<whose>[A-Z0-9](?:[\w.-]*\w)?))?|(?P<listed>[0-9]{12}))"
    r"|(?:(?P<level>village|township|county|city|province)(?: (?P=level))?|division (?P<said>[a-z]+)):(?P<code>[0-9]+)"
    r"|(?P<code_word>[a-z][a-z0-9]*(?:_[a-z0-9]+)+)"
    r")(?![\w/@(=-]|[.:]\w)",
    re.ASCII,
)
"""Ids and codes as only programs write them. Text in quotation marks is a name, or is to be typed exactly as it is, so
it is left alone."""


def in_words(text: str) -> str:
    """A text with each bare id, code and date in words: `ledger/2015` is the ledger of 2015, and `county:210521` county
    210521."""
    return written(_ID.sub(_said, text))


def _said(found: re.Match[str]) -> str:
    of = found.groupdict()
    if of["opens"]:
        campaign = f"the {_spelt(of['kind'])} campaign of {written(of['opens'])}"
        return f"the order to village {of['ordered']} after {campaign}" if of["ordered"] else campaign
    if of["listed"]:
        return f"{_spelt(of['owed'])} of village {of['listed']}"
    if of["owed"]:
        whose = f" ({of['whose']})" if of["whose"] else ""
        return f"{_spelt(of['owed'])} of {'the term' if of['period'] == 'term' else of['period']}{whose}"
    if of["code"]:
        return f"{of['level'] or of['said']} {of['code']}"
    return _spelt(of["code_word"]) if of["code_word"] else found[0]


def _spelt(code: str) -> str:
    return code.replace("_", " ")


# ------------------------------------------------------------------- articles

_UNITS: Final = {
    "编": "book", "部分": "part", "章": "chapter", "节": "section", "条": "article", "款": "paragraph", "项": "item",
    "目": "sub-item", "段": "paragraph",
}  # fmt: skip
_NUMBER: Final = "[0-9]+|[零〇一二三四五六七八九十百]+"
_PART: Final = re.compile(
    rf"(?P<again>[、，和及]+)?(?:第[（(]?(?P<nth>{_NUMBER})[）)]?(?P<unit>{'|'.join(_UNITS)})(?:之(?P<more>{_NUMBER}))?"
    rf"|附件(?P<annex>{_NUMBER})?|[（(](?P<in_brackets>{_NUMBER})[）)]|(?P<bare>{_NUMBER})[、.．]?)"
)


def article(text: str) -> str:
    """The cited part of a document: 第十七条第二款 is article 17, paragraph 2; 二（三） is part 2 (3); `26` article 26.

    Any other text is left in Chinese, in quotation marks.
    """
    if text.isdecimal():
        return f"article {text}"
    parts, at = list[str](), 0
    while found := _PART.match(text, at):
        parts.append(_part(found, is_first=not at))
        at = found.end()
    return "".join(parts) if at == len(text) else f"“{text}”"


def _part(found: re.Match[str], *, is_first: bool) -> str:
    between = "" if is_first else " and " if found["again"] else ", "
    if found["nth"]:
        more = f"-{number(found['more'])}" if found["more"] else ""
        return f"{between}{_UNITS[found['unit']]} {number(found['nth'])}{more}"
    if found["in_brackets"]:
        return f"{' ' if not is_first and not found['again'] else between}({number(found['in_brackets'])})"
    if found["bare"]:
        return f"{between}{'part' if is_first else 'item'} {number(found['bare'])}"
    return f"{between}annex {number(found['annex'])}" if found["annex"] else f"{between}annex"
