"""Commands about policy packs."""

import json
from pathlib import Path
from typing import Annotated
from uuid import uuid4

import typer

from deploy.cli.reach import DEFAULT, FolderOption, client, console

app = typer.Typer(help="政策包：检查、采用 · policy packs: check, adopt", no_args_is_help=True)


@app.command()
def check(file: Annotated[Path, typer.Argument(exists=True, dir_okay=False)]) -> None:
    """检查政策包文件 · check a pack against the schema and for contradictions."""
    console.good(f"政策包无误 the pack is sound: {_described(file)}")


def _described(file: Path) -> str:
    """A pack in one line; PolicyInvalid, told as it is, if there is anything wrong with it."""
    from shared.policy import parse_pack

    pack = parse_pack(file.read_bytes())
    return f"{pack.name} {pack.name_en}, {pack.jurisdiction}, {pack.version}, {pack.effective_from}"


@app.command()
def adopt(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False)],
    by: Annotated[str, typer.Option(help="由谁决定采用 · the body that decided")],
    folder: FolderOption = DEFAULT,
) -> None:
    """采用政策包，自其生效日起按它办 · adopt a pack; every service decides by it from its effective date on."""
    import tomllib

    described = _described(file)
    pack = json.loads(json.dumps(tomllib.loads(file.read_text("utf-8")), default=str))
    command = {"place": pack["jurisdiction"].ljust(6, "0"), "pack": pack, "adopted_by": by}
    with client(folder, "registry", command["place"]) as http:
        http.post("/v1/policies", json=[command], headers={"Idempotency-Key": uuid4().hex})
    console.good(f"已采用 adopted: {described}")
