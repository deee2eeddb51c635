"""Say what one was asked for, such as a province's word, by an event on NATS. 以事件答复征求的意见。

python answer.py nats://127.0.0.1:4222 liaoning.nk liaoning province '{"place": "210521", …}'
"""

import asyncio
import json
import sys
from uuid import uuid4

import nats

url, key, name, role, data = sys.argv[1:]
place = json.loads(data)["place"]
subject = f"zhucun-said.v1.{name}.{role}.{place[:2]}.{place[2:4]}.{place[4:]}"
event = {
    "specversion": "1.0", "id": str(uuid4()), "source": f"urn:{name}", "type": "registry.words",
    "data": json.loads(data),
}  # fmt: skip


async def main() -> None:
    """Say it until it is answered."""
    client = await nats.connect(url, nkeys_seed=key, inbox_prefix=f"_INBOX.{name}".encode())
    while True:
        try:
            answer = await client.request(subject, json.dumps(event).encode(), timeout=30)
            break
        except nats.errors.Error:  # It is away: the same event again. Its id is taken once, however often it comes.
            await asyncio.sleep(5)
    print(answer.data.decode())
    await client.close()


asyncio.run(main())
