"""The README alone is enough to recompute a draw: this program knows no code of ours, only its tables."""

import re
from datetime import date, timedelta
from decimal import ROUND_CEILING, Decimal
from hashlib import sha256
from pathlib import Path

README = (Path(__file__).parents[2] / "services/inspection/README.md").read_text("utf-8")
EXAMPLE: dict[str, str] = dict(
    re.findall(r"^\| (.+?) \| (.+?) \|$", README[README.index("An example, which a test") :], re.MULTILINE)
)


def given(name: str) -> list[str]:
    return re.findall(r"`([^`]+)`", EXAMPLE[name])


def h(*parts: str) -> str:
    return sha256(b"\xe2\x80\x96".join(part.encode("utf-8") for part in parts)).hexdigest()


def _size(share: str, ids: list[str]) -> int:
    return int((Decimal(share) * len(ids)).to_integral_value(ROUND_CEILING))


def recomputed(parts: tuple[str, str], drawn_on: date, stratum: list[str] | None = None, own: str = "") -> str:
    frame, (campaign, _) = given("frame"), given("campaign")
    seed = parts[0].encode() + b"\xe2\x80\x96" + parts[1].encode()

    def ticket(x: str) -> str:
        return sha256(seed + b"\xe2\x80\x96" + campaign.encode() + b"\xe2\x80\x96" + x.encode()).hexdigest()

    (share,) = re.findall(r"share (0\.\d+)", EXAMPLE["campaign"])
    size = _size(share, frame)
    drawn = sorted(frame, key=ticket)[:size]
    if stratum:
        rest = [id for id in frame if id not in stratum]
        of_each = [sorted(ids, key=ticket)[: _size(of, ids)] for of, ids in ((own, stratum), (share, rest))]
        drawn = sorted((id for ids in of_each for id in ids), key=ticket)
        size = len(drawn)
    length = (date(2014, 12, 31) - drawn_on).days + 1
    k = min(2, length, size)
    days = [
        min((str(drawn_on + timedelta(day)) for day in range(i * length // k, (i + 1) * length // k)), key=ticket)
        for i in range(k)
    ]
    return ", ".join(f"`{village}` {days[n * k // size]}" for n, village in enumerate(drawn))


def test_2_19_the_example_of_the_readme_is_recomputed_from_the_readme() -> None:
    frame, (discipline,), (inspection,) = given("frame"), given("share of `discipline`"), given("share of `inspection`")
    assert given("frame hash") == [sha256("\n".join(frame).encode()).hexdigest()]
    assert given("hash of `discipline`") == [h(discipline)]
    assert given("hash of `inspection`") == [h(inspection)]
    assert given("ticket of `210521100200`") == [h(discipline, inspection, given("campaign")[0], frame[0])]
    assert EXAMPLE["drawn, with their days"] == recomputed((discipline, inspection), date(2014, 10, 1))
    (silent,) = (told for name, told in EXAMPLE.items() if name.startswith("the same, if"))
    assert silent == recomputed((discipline, h(inspection)), date(2014, 10, 8))


def test_2_19_the_example_with_a_stratum_is_recomputed_from_the_readme() -> None:
    parts = given("share of `discipline`")[0], given("share of `inspection`")[0]
    ((name, told),) = ((name, told) for name, told in EXAMPLE.items() if "stratum" in name)
    (own,) = re.findall(r"share (0\.\d+)", name)
    assert told == recomputed(parts, date(2014, 10, 1), re.findall(r"`(\d{12})`", name), own)
