"""A pipe to a server of our own making, so that a test can see and write raw lines beside the official client."""

import json
import subprocess

import anyio
import mcp_types
from mcp.shared.message import SessionMessage


class Pipe:
    """A transport of the official client, over a server process that is started here.

    `lines` has every line that the server wrote; `write` puts bytes between the client's messages.
    """

    def __init__(self, command):
        self.command = command
        self.lines = []
        self.process = None

    async def __aenter__(self):
        self.process = await anyio.open_process(self.command, stderr=subprocess.DEVNULL)
        into_client, from_server = anyio.create_memory_object_stream(100)
        from_client, into_server = anyio.create_memory_object_stream(0)
        self._into_client = into_client
        self._tasks = anyio.create_task_group()
        await self._tasks.__aenter__()
        self._tasks.start_soon(self._read)
        self._tasks.start_soon(self._write_all, into_server)
        return from_server, from_client

    async def __aexit__(self, *_exception):
        self._tasks.cancel_scope.cancel()
        await self._tasks.__aexit__(None, None, None)
        if self.process.returncode is None:
            self.process.kill()
            await self.process.wait()

    async def write(self, data):
        """Writes bytes as they are."""
        await self.process.stdin.send(data)

    async def exit_status(self, seconds):
        """Closes the server's input and waits for its end."""
        await self.process.stdin.aclose()
        with anyio.fail_after(seconds):
            return await self.process.wait()

    async def _write_all(self, messages):
        async for message in messages:
            text = message.message.model_dump_json(by_alias=True, exclude_unset=True)
            await self.write(text.encode() + b"\n")

    async def _read(self):
        buffer = b""
        try:
            while True:
                buffer += await self.process.stdout.receive(1 << 20)
                *lines, buffer = buffer.split(b"\n")
                for line in lines:
                    await self._take(line)
        except (anyio.EndOfStream, anyio.ClosedResourceError):
            if buffer:
                self.lines.append(buffer)
            await self._into_client.aclose()

    async def _take(self, line):
        self.lines.append(line)
        try:
            message = mcp_types.jsonrpc_message_adapter.validate_json(line, by_name=False)
        except ValueError as error:
            await self._into_client.send(error)
        else:
            await self._into_client.send(SessionMessage(message))

    def messages(self, since=0):
        """What the server wrote, as JSON."""
        return [json.loads(line) for line in self.lines[since:]]
