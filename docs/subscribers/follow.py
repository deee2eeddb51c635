"""Follow one service's open events over HTTP. 跟随一个服务的公开事件。

python follow.py http://127.0.0.1:8001 registry.cursor 21
"""

import json
import os
import sys
import time
from http.client import HTTPException
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

service, kept, below = sys.argv[1], Path(sys.argv[2]), sys.argv[3]
token = os.environ.get("ZHUCUN_TOKEN")
headers = {"Authorization": f"Bearer {token}"} if token else {}
after = kept.read_text() if kept.exists() else ""
while True:
    asked = urlencode({"below": below, "after": after, "wait": 50})
    try:
        with urlopen(Request(f"{service}/v1/events?{asked}", headers=headers), timeout=90) as answer:
            page = json.load(answer)
    except HTTPError as error:
        if error.code != 503:
            sys.exit(error.read().decode())  # 409: the journal is another one, and the answer says what to do.
        page = None
    except (OSError, HTTPException):
        page = None
    if page is None:
        time.sleep(5)  # It is away; nothing is lost by waiting.
        continue
    for event in page["events"]:
        print(event["occurredon"], event["type"], event["subject"], event["id"], flush=True)
    after = page["after"]
    kept.with_suffix(".new").write_text(after)  # If it stops before this line, events come again: take each id once.
    kept.with_suffix(".new").replace(kept)
