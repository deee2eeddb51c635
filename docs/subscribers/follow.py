"""Follow one service's open events over HTTP. 跟随一个服务的公开事件。

python follow.py http://127.0.0.1:8001 registry.cursor 21
"""

import json
import os
import sys
import time
from http.client import HTTPException
from pathlib import Path
from urllib.parse import urlencode
from urllib.request import Request, urlopen

service, kept, below = sys.argv[1], Path(sys.argv[2]), sys.argv[3]
issuer, token, after = os.environ.get("ZHUCUN_TOKEN_URL"), "", kept.read_text() if kept.exists() else ""
account = {f"client_{key}": os.environ.get(f"ZHUCUN_CLIENT_{key.upper()}") for key in ("id", "secret")}
while True:
    asked = urlencode({"below": below, "after": after, "wait": 50})
    try:
        if is_new := issuer and not token:  # Where people sign in, programs do too. A token ends after ten minutes.
            grant = urlencode({"grant_type": "client_credentials", **account}).encode()
            token = json.load(urlopen(issuer, grant, timeout=90))["access_token"]
        shown = {"Authorization": f"Bearer {token}"}
        page = json.load(urlopen(Request(f"{service}/v1/events?{asked}", headers=shown), timeout=90))
    except (OSError, HTTPException) as error:
        status = getattr(error, "code", 503)
        if status == 401 and token and not is_new:
            token = ""
        elif status == 503:
            time.sleep(5)  # It is away; nothing is lost by waiting.
        else:
            sys.exit(error.read().decode())  # 409: the journal is another one, and the answer says what to do.
    else:
        for event in page["events"]:
            print(event["occurredon"], event["type"], event["subject"], event["id"], flush=True)
        after = page["after"]
        kept.with_suffix(".new").write_text(after)  # If it stops before here, events come again: take each id once.
        kept.with_suffix(".new").replace(kept)
