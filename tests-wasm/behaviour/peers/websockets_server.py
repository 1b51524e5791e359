"""Python's `websockets` as the peer. The path chooses what it does; what it saw goes to stdout, a JSON object a line.

`deflate` in the query is a JSON object of settings for permessage-deflate; without it nothing is compressed.
"""
import asyncio
import json
import sys
from urllib.parse import parse_qs, urlsplit

from websockets.asyncio.server import serve
from websockets.exceptions import ConnectionClosed
from websockets.extensions.permessage_deflate import ServerPerMessageDeflateFactory


def tell(**facts):
    print(json.dumps(facts), flush=True)


async def echo(socket, query):
    async for message in socket:
        await socket.send(message)


async def close(socket, query):
    await socket.close(int(query["code"][0]), query.get("reason", [""])[0])


async def fragments(socket, query):
    """The text of each first message comes back a character a fragment, a ping between the fragments."""
    message = await socket.recv()

    async def pieces():
        for at in range(len(message)):
            await socket.ping()
            yield message[at : at + 1]

    await socket.send(pieces())
    await socket.wait_closed()


async def ping(socket, query):
    """Says that its ping was answered with the same payload."""
    answered = await socket.ping(b"are you there")
    await answered
    await socket.send("pong came")
    await socket.wait_closed()


async def handler(socket):
    url = urlsplit(socket.request.path)
    query = parse_qs(url.query)
    identity = query["id"][0]
    tell(id=identity, opened=True, remoteAddress=socket.remote_address[0], request={"target": socket.request.path, "headers": {k.lower(): v for k, v in socket.request.headers.raw_items()}})
    try:
        await MANNERS[url.path](socket, query)
    except ConnectionClosed:
        pass
    await socket.wait_closed()
    came = socket.protocol.close_rcvd
    tell(id=identity, close={"code": came.code, "reason": came.reason} if came else None, ended="fin")


def compress(socket, request):
    """Lets the query choose the extension, before the request is answered."""
    settings = parse_qs(urlsplit(request.path).query).get("deflate")
    if settings:
        socket.protocol.available_extensions = [ServerPerMessageDeflateFactory(**json.loads(settings[0]))]


def select(socket, asked):
    """The first of ours that was asked for, or none."""
    return next((one for one in asked if one in ("chat", "superchat")), None)


MANNERS = {"/echo": echo, "/close": close, "/fragments": fragments, "/ping": ping}


async def main():
    async with serve(handler, "127.0.0.1", 0, compression=None, max_size=None, process_request=compress, select_subprotocol=select) as server:
        tell(port=server.sockets[0].getsockname()[1])
        # Whoever started this process ends it by closing its stdin.
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.buffer.read)


asyncio.run(main())
