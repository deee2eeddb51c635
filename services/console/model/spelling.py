"""Names as one types them in Latin letters: in pinyin, in full and by initials."""

import os
from functools import lru_cache

# Names are spelt sign by sign, and the dictionary of phrases takes 50 MiB.
os.environ.setdefault("PYPINYIN_NO_PHRASES", "true")

from pypinyin import lazy_pinyin


@lru_cache(10_000)
def spelt(name: str) -> str:
    """The pinyin of a name without tones, in full and by initials: `dashicun dsc` for 大石村."""
    syllables = ["".join(sign for sign in one if sign.isascii() and sign.isalnum()) for one in lazy_pinyin(name)]
    return f"{''.join(syllables)} {''.join(one[:1] for one in syllables)}".lower()
