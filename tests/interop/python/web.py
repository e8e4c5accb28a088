"""A server process behind HTTP, and the official client's own transport to it."""

import os
import re
import signal
import subprocess
from contextlib import asynccontextmanager

import anyio
from anyio.streams.buffered import BufferedByteReceiveStream
from mcp.client.streamable_http import streamable_http_client

# How soon the server has to have ended. A call that goes on although its client is gone takes longer.
END_SECONDS = 8


@asynccontextmanager
async def served(command):
    """Starts a server, connects to where its first line says that it is, and ends it in good order."""
    process = await anyio.open_process(command, stderr=subprocess.DEVNULL)
    try:
        with anyio.fail_after(10):
            line = await BufferedByteReceiveStream(process.stdout).receive_until(b"\n", 1000)
        found = re.fullmatch(rb"listening on (http://127\.0\.0\.1:\d+/mcp)", line)
        assert found, f"the first line is {line}"
        async with streamable_http_client(found[1].decode()) as streams:
            yield streams
        process.send_signal(signal.SIGTERM)
        with anyio.fail_after(END_SECONDS):
            status = await process.wait()
        assert status == os.EX_OK, f"the server ended with {status}"
    finally:
        if process.returncode is None:
            process.kill()
            with anyio.CancelScope(shield=True):
                await process.wait()
