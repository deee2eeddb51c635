"""The pages on which people sign in: plain HTML in Chinese and English, without scripts."""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from html import escape
from typing import Final

from services.accounts.signin import Ask
from shared.web.asgi import Answer
from shared.web.documents import HTML

STYLE: Final = (
    "body{font:16px/1.6 sans-serif;max-width:26em;margin:3em auto;padding:0 1em}label{display:block;margin:.8em 0}"
    "input:not([type=checkbox]){display:block;width:100%;box-sizing:border-box;font:inherit;padding:.3em}"
    "button{font:inherit;padding:.3em 2em}small{color:#555}code{word-break:break-all}.fault{color:#a00}"
)
_HASH: Final = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
Both = tuple[str, str]


def page(title: Both, body: str, *, status: int = 200, to: str = "", headers: Mapping[str, str] = {}) -> Answer:
    """A page. `to` is the origin to which its form may lead, beside this one."""
    html = (
        f'<!doctype html><html lang="zh"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{escape(title[0])}</title><style>{STYLE}</style><h1>{_both(title)}</h1>{body}</html>"
    )
    policy = (
        f"default-src 'none'; style-src 'sha256-{_HASH}'; form-action 'self' {to}; frame-ancestors 'none'; "
        "base-uri 'none'"
    )
    return Answer(
        status=status,
        body=html.encode(),
        media=f"{HTML}; charset=utf-8",
        headers={"content-security-policy": policy, "x-frame-options": "DENY", **headers},
    )


def sign_in(hidden: Mapping[str, str], fault: Both | None, to: str, headers: Mapping[str, str]) -> Answer:
    """The page that asks for name, password and code."""
    body = (
        _field("name", ("登录名", "name"), 'autocomplete="username" autofocus required')
        + _field("password", ("密码", "password"), 'type="password" autocomplete="current-password" required')
        + _field("code", ("动态码（设有的填写）", "one-time code, if you have one"), 'autocomplete="one-time-code"')
        + _tick("change", ("登录时改密码", "change my password"))
        + _tick("enrol", ("登录时设动态码", "set up a one-time code"))
    )
    return page(("登录驻村系统", "Sign in to Zhucun"), _form(hidden, fault, body), to=to, headers=headers)


def ask(asked: Ask, hidden: Mapping[str, str], to: str, headers: Mapping[str, str]) -> Answer:
    """The page that asks for a new password, or for the first code of a second factor."""
    hidden = {**hidden, "ticket": asked.ticket}
    if asked.what == "change":
        fit = ("10 至 128 个字符，大写、小写、数字、其他字符至少三种", "10 to 128 characters of three kinds")
        body = (
            _field("new", ("新密码", "new password"), 'type="password" autocomplete="new-password" autofocus required')
            + _field("again", ("再填一次", "once more"), 'type="password" autocomplete="new-password" required')
            + f"<small>{_both(fit)}</small>"
        )
        return page(("改密码", "Change your password"), _form(hidden, asked.fault, body), to=to, headers=headers)
    told = (
        "在手机的动态码应用中添加此密钥，再填应用显示的六位数字",
        "add this key to an app for one-time codes, then type its code",
    )
    body = (
        f'<p>{_both(told)}</p><p><code>{escape(asked.secret)}</code></p><p><a href="{escape(asked.uri)}">'
        f"{_both(('在应用中打开', 'open in the app'))}</a></p>"
        + _field("confirm", ("动态码", "one-time code"), 'inputmode="numeric" autocomplete="one-time-code" autofocus')
    )
    return page(("设动态码", "Set up a second factor"), _form(hidden, asked.fault, body), to=to, headers=headers)


def recovery(codes: Sequence[str], onward: str) -> Answer:
    """The page that tells the recovery codes, before it leads on."""
    told = (
        "手机不在身边时，每个恢复码可代替动态码登录一次。请抄下保存，以后不再显示",
        "without your phone, each of these codes serves once instead; write them down, they are not shown again",
    )
    listed = "".join(f"<li><code>{escape(code)}</code></li>" for code in codes)
    link = f'<p><a href="{escape(onward)}">{_both(("继续", "continue"))}</a></p>'
    return page(("恢复码", "Recovery codes"), f"<p>{_both(told)}</p><ul>{listed}</ul>{link}")


def said(title: Both, text: Both, status: int = 200) -> Answer:
    """A page that only says something."""
    return page(title, f"<p>{_both(text)}</p>", status=status)


def _form(hidden: Mapping[str, str], fault: Both | None, body: str) -> str:
    kept = "".join(f'<input type="hidden" name="{escape(name)}" value="{escape(hidden[name])}">' for name in hidden)
    wrong = f'<p class="fault">{_both(fault)}</p>' if fault else ""
    button = f"<button>{_both(('继续', 'continue'))}</button>"
    return f'{wrong}<form method="post" action="authorize">{kept}{body}{button}</form>'


def _field(name: str, label: Both, more: str) -> str:
    return f'<label>{_both(label)}<input name="{name}" maxlength="256" {more}></label>'


def _tick(name: str, label: Both) -> str:
    return f'<label><input type="checkbox" name="{name}" value="true"> {_both(label)}</label>'


def _both(text: Both) -> str:
    return f'{escape(text[0])} <small lang="en">{escape(text[1])}</small>'
