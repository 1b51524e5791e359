"""Python's `websockets` as the peer. The path chooses what it does. It prints what it sees to stdout, one JSON object per line.

`deflate` in the query is a JSON object of settings for permessage-deflate. Without it, nothing is compressed.
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
    """Sends the text of the first message back, one character per fragment, with a ping before each fragment."""
    message = await socket.recv()

    async def pieces():
        for at in range(len(message)):
            await socket.ping()
            yield message[at : at + 1]

    await socket.send(pieces())
    await socket.wait_closed()


async def ping(socket, query):
    """Sends a ping, and says when it has been answered with the same payload."""
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
    """Lets the query choose the extension before the server responds to the request."""
    settings = parse_qs(urlsplit(request.path).query).get("deflate")
    if settings:
        socket.protocol.available_extensions = [ServerPerMessageDeflateFactory(**json.loads(settings[0]))]


def select(socket, asked):
    """The first requested subprotocol that this server supports, or None."""
    return next((one for one in asked if one in ("chat", "superchat")), None)


MANNERS = {"/echo": echo, "/close": close, "/fragments": fragments, "/ping": ping}


async def main():
    async with serve(handler, "127.0.0.1", 0, compression=None, max_size=None, process_request=compress, select_subprotocol=select) as server:
        tell(port=server.sockets[0].getsockname()[1])
        # The process that started this one ends it by closing its stdin.
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.buffer.read)


asyncio.run(main())
