"""Names as one types them in Latin letters: in pinyin, in full and by initials."""

import os
from functools import lru_cache

os.environ.setdefault("PYPINYIN_NO_PHRASES", "true")  # Names are spelt sign by sign, and phrases take 50 MiB.

from pypinyin import lazy_pinyin


@lru_cache(10_000)
def spelt(name: str) -> str:
    """The pinyin of a name without tones, in full and by initials: `dashicun dsc` for 大石村."""
    syllables = ["".join(sign for sign in one if sign.isascii() and sign.isalnum()) for one in lazy_pinyin(name)]
    return f"{''.join(syllables)} {''.join(one[:1] for one in syllables)}".lower()
