"""A TCP proxy that adds latency and takes no bandwidth: `proxy.py TO_PORT SECONDS`.

Listens on a free port of 127.0.0.1 and prints it. Every byte arrives SECONDS later than it was sent, in each direction.
Ends when its standard input does.
"""

import asyncio
import sys
import time

BLOCK = 256 << 10
# Blocks under way in one direction of one connection: 64 MiB, far more than 5 ms hold.
UNDER_WAY = 256


async def carry(reader, writer, seconds):
    """Carries one direction of a connection, and its end."""
    waiting = asyncio.Queue(UNDER_WAY)

    async def take():
        try:
            while block := await reader.read(BLOCK):
                await waiting.put((time.monotonic() + seconds, block))
        except ConnectionError:
            pass
        await waiting.put((time.monotonic() + seconds, b""))

    taking = asyncio.create_task(take())
    try:
        while True:
            due, block = await waiting.get()
            if (left := due - time.monotonic()) > 0:
                await asyncio.sleep(left)
            if not block:
                writer.write_eof()
                return
            writer.write(block)
            await writer.drain()
    except (ConnectionError, OSError):
        writer.close()
    finally:
        taking.cancel()


async def main(to, seconds):
    async def connection(reader, writer):
        try:
            server_reader, server_writer = await asyncio.open_connection("127.0.0.1", to)
        except OSError:
            writer.close()
            return
        await asyncio.gather(carry(reader, server_writer, seconds), carry(server_reader, writer, seconds))
        for each in (writer, server_writer):
            each.close()

    server = await asyncio.start_server(connection, "127.0.0.1", 0, limit=4 * BLOCK)
    print(server.sockets[0].getsockname()[1], flush=True)
    async with server:
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


asyncio.run(main(int(sys.argv[1]), float(sys.argv[2])))
