"""Words for mistakes in a command line, in Chinese and English."""

import re
from collections.abc import Callable
from typing import Any, Final

import msgspec
from typer.exceptions import TyperException

from deploy.cli.reach import Trouble

_SAID: Final = (
    (r"Missing option (.+?)\.", "缺少选项 {0}"),
    (r"Missing argument (.+?)\.", "缺少 {0}"),
    (r"Invalid value for (.+?): Input should be greater than or equal to (.+)", "{0} 不能小于 {1}"),
    (r"Invalid value for (.+?): Input should be less than or equal to (.+)", "{0} 不能大于 {1}"),
    (r"Invalid value for (.+?): Input should be a valid integer", "{0} 应为整数"),
    (r"Invalid value for (.+?): Value error, (.+?) is no form, perhaps (.+?)\.?$", "没有名为 {1} 的表，可能是 {2}"),
    (r"Invalid value for (.+?): Value error, (.+?) is no form", "没有名为 {1} 的表，可用 zhucun forms 查看各表"),
    (r"Invalid value for (.+?): Value error, (.+?) is not one of (.+?)\.?$", "{0} 不能是 {1}，可填 {2}"),
    (r"Invalid value for (.+?): file (.+) does not exist", "{0}：没有文件 {1}"),
    (r"Invalid value for (.+?): file (.+) is a directory", "{0}：{1} 是目录，应为文件"),
    (r"Invalid value for (.+?): file (.+) is not readable", "{0}：文件 {1} 无权读取"),
    (r"Invalid value for (.+?): Value error, (.+?) is no day such as", "{0} 应写作“年-月-日”，年四位、月日各两位"),
    (r"Invalid value for (.+?):", "{0} 的值不对"),
    (r"No such option: (\S+) \(Possible options: (.+)\)", "没有选项 {0}，是否为 {1}？"),
    (r"No such option: (\S+)", "没有选项 {0}"),
    (r"Option (.+?) requires an argument", "选项 {0} 后面应写值"),
    (r"Option (.+?) does not take a value", "选项 {0} 后面不写值"),
    (r"No such command (.+?)\. Did you mean (.+?)\?", "没有命令 {0}，是否为 {1}？"),
    (r"No such command (.+?)\.", "没有命令 {0}"),
    (r"Got unexpected extra argument\(s\) \((.+)\)", "多写了 {0}"),
)
"""Chinese for Typer's messages. The first pattern that fits is taken."""


def told(error: TyperException) -> str:
    """What is wrong and how to ask for the command's help. Empty if the help has been shown already."""
    en = error.format_message()
    if not en:
        return ""
    en = en.replace("does not match the formats '%Y-%m-%d'", "is no day such as 2026-11-29")
    zh = next((zh.format(*found.groups()) for said, zh in _SAID if (found := re.search(said, en))), "命令写法不对")
    context: Any = getattr(error, "ctx", None)
    command = context.command_path if context else "zhucun"
    stop = "" if zh.endswith("？") else "。"
    return f"{zh}{stop}用法见 {command} --help\n  {en.rstrip('.')}. See {command} --help"


def meant(option: str, wanted: Any, zh: str, en: str) -> Callable[[str], str]:
    """A callback that checks an option's text against a type, and says what is wanted if it does not fit."""

    def text(value: str) -> str:
        try:
            return str(msgspec.convert(value, wanted))
        except msgspec.ValidationError:
            raise Trouble(f"{option} 应为{zh} / {option} takes {en}") from None

    return text
