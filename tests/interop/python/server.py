"""A server on the official Python SDK that offers what offer.json says, in both eras, over stdio, or `--http`.

With `--plain` too, there are no sessions, and answers are JSON.
"""

import asyncio
import json
import os
import socket
import sys
import warnings

import anyio
import mcp_types as types
import uvicorn
from mcp.server.lowlevel.server import NotificationOptions, Server
from mcp.server.stdio import stdio_server
from mcp.server.streamable_http import EventMessage, EventStore
from mcp.server.subscriptions import InMemorySubscriptionBus, ListenHandler
from mcp.shared.exceptions import MCPError, UrlElicitationRequiredError
from mcp.shared.message import ServerMessageMetadata
from mcp.shared.subscriptions import PromptsListChanged, ResourcesListChanged, ResourceUpdated, ToolsListChanged

warnings.simplefilter("ignore")

with open(os.environ["INTEROP_OFFER"], encoding="utf-8") as file:
    OFFER = json.load(file)
FORMS = "2025-06-18"
MODERN = "2026-07-28"
LEVELS = ["debug", "info", "notice", "warning", "error", "critical", "alert", "emergency"]
NOT_FOUND = {True: types.INVALID_PARAMS, False: -32002}


class Asked(Exception):
    """What has to be asked before a call of 2026-07-28 can go on."""

    def __init__(self, requests, state):
        self.requests = requests
        self.state = state

    def result(self):
        return types.InputRequiredResult(input_requests=self.requests, request_state=self.state)


class Fixture:
    def __init__(self):
        self.tools = list(OFFER["tools"])
        self.level = "debug"
        self.cancellations = 0
        self.subscribed = set()
        self.bus = InMemorySubscriptionBus()
        self.listens = ListenHandler(self.bus)

    async def list_tools(self, _cx, params):
        return page(types.ListToolsResult, "tools", self.tools, params)

    async def list_prompts(self, _cx, params):
        return page(types.ListPromptsResult, "prompts", OFFER["prompts"], params)

    async def list_resources(self, _cx, params):
        return page(types.ListResourcesResult, "resources", OFFER["resources"], params)

    async def list_templates(self, _cx, params):
        return page(types.ListResourceTemplatesResult, "resourceTemplates", OFFER["resourceTemplates"], params)

    async def get_prompt(self, cx, params):
        if params.name not in [prompt["name"] for prompt in OFFER["prompts"]]:
            raise MCPError(types.INVALID_PARAMS, f"Unknown prompt: {params.name}")
        name = (params.arguments or {}).get("name", "nobody")
        if params.name == "who":
            try:
                name = await self.who(cx, params)
            except Asked as asked:
                return asked.result()
        text = {"type": "text", "text": f"Hello, {name}!"}
        return types.GetPromptResult.model_validate({"messages": [{"role": "user", "content": text}]})

    async def read_resource(self, cx, params):
        content = {"uri": params.uri, "mimeType": "text/plain", "text": f"content of {params.uri}"}
        if params.uri == "test://who":
            try:
                content["text"] = await self.who(cx, params)
            except Asked as asked:
                return asked.result()
        elif params.uri == "test://blob":
            content = {"uri": params.uri, "blob": OFFER["blob"]}
        elif params.uri != "test://text" and not params.uri.startswith("test://page/"):
            code = NOT_FOUND[cx.protocol_version == MODERN]
            raise MCPError(code, "Resource not found", {"uri": params.uri})
        return types.ReadResourceResult.model_validate({"contents": [content]})

    async def who(self, cx, params):
        if cx.protocol_version < FORMS:
            return "nobody"
        answer = await ask(cx, params, "name", form("name"))
        return answer.content["name"]

    async def subscribe(self, _cx, params):
        self.subscribed.add(params.uri)
        return types.EmptyResult()

    async def unsubscribe(self, _cx, params):
        self.subscribed.discard(params.uri)
        return types.EmptyResult()

    async def set_level(self, _cx, params):
        self.level = params.level
        return types.EmptyResult()

    async def complete(self, _cx, params):
        known = OFFER["completions"].get(params.argument.name, [])
        values = [value for value in known if value.startswith(params.argument.value)]
        completion = types.Completion(values=values, total=len(values), has_more=False)
        return types.CompleteResult(completion=completion)

    async def call_tool(self, cx, params):
        if params.name not in [tool["name"] for tool in self.tools]:
            raise MCPError(types.INVALID_PARAMS, f"Unknown tool: {params.name}")
        if params.name in OFFER["results"]:
            return types.CallToolResult.model_validate(OFFER["results"][params.name])
        try:
            said = await getattr(self, params.name)(cx, params)
        except Asked as asked:
            return asked.result()
        return types.CallToolResult(content=[types.TextContent(text=str(said))])

    async def echo(self, _cx, params):
        return params.arguments["message"]

    async def progress(self, cx, _params):
        for step in range(1, 4):
            await cx.session.report_progress(step, 3, f"step {step}")
        return "three steps"

    async def log(self, cx, _params):
        for level in ("debug", "warning", "error"):
            # What a session wants to hear its server has to remember; in 2026-07-28 the SDK knows it.
            if cx.protocol_version == MODERN or LEVELS.index(level) >= LEVELS.index(self.level):
                await cx.session.send_log_message(level, {"said": level}, "fixture", cx.request_id)
        return "logged"

    async def elicit(self, cx, params):
        answer = await ask(cx, params, "name", form("name"))
        return f"{answer.action}: {(answer.content or {}).get('name')}"

    async def elicit_url(self, cx, params):
        modern = cx.protocol_version == MODERN
        go = types.ElicitRequestURLParams(**OFFER["url"], elicitation_id=None if modern else "go-1")
        answer = await ask(cx, params, "go", types.ElicitRequest(params=go))
        if not modern:
            await cx.session.send_elicit_complete("go-1", cx.request_id)
        return answer.action

    async def url_required(self, _cx, _params):
        go = types.ElicitRequestURLParams(**OFFER["url"], elicitation_id="go-2")
        raise UrlElicitationRequiredError([go])

    async def sample(self, cx, params):
        wanted = types.CreateMessageRequestParams.model_validate(OFFER["sampling"])
        answer = await ask(cx, params, "model", types.CreateMessageRequest(params=wanted))
        return f"{answer.model}: {answer.content.text}"

    async def roots(self, cx, params):
        answer = await ask(cx, params, "roots", types.ListRootsRequest())
        return " ".join(str(root.uri) for root in answer.roots)

    async def rounds(self, cx, params):
        name, state = None, params.request_state
        if state is None:
            answer = await ask(cx, params, "name", form("name"))
            name = answer.content["name"]
            if cx.protocol_version == MODERN:
                # Nothing is asked in this round: the client comes back with the state alone.
                raise Asked(None, json.dumps([name]))
        elif len(json.loads(state)) == 1:
            [name] = json.loads(state)
            raise Asked({"colour": form("colour")}, json.dumps([name, "ü\n"]))
        else:
            name, _ = json.loads(state)
        answer = await ask(cx, params, "colour", form("colour"))
        return f"{name} likes {answer.content['colour']}"

    async def slow(self, cx, _params):
        await cx.session.report_progress(1, None, "working")
        try:
            await anyio.sleep(60)
        except asyncio.CancelledError:
            self.cancellations += 1
            raise

    async def parting(self, cx, _params):
        await cx.session.report_progress(1, None, "before")
        await cx.close_sse_stream()
        await cx.session.report_progress(2, None, "after")
        return "together again"

    async def forget(self, cx, _params):
        # As if it had expired.
        self.server.session_manager._server_instances.pop(cx.request.headers["mcp-session-id"])
        return "forgotten"

    async def mirrored(self, cx, params):
        given = params.arguments
        return f"{given['region']} {given['shards']} {json.dumps(given['dry'])} [{given['note']}]"

    async def cancelled(self, _cx, _params):
        return self.cancellations

    async def add_tool(self, cx, _params):
        if OFFER["addedTool"] not in self.tools:
            self.tools.append(OFFER["addedTool"])
        return await self.tell(cx, ToolsListChanged(), cx.session.send_tool_list_changed)

    async def change_prompts(self, cx, _params):
        return await self.tell(cx, PromptsListChanged(), cx.session.send_prompt_list_changed)

    async def change_resources(self, cx, _params):
        return await self.tell(cx, ResourcesListChanged(), cx.session.send_resource_list_changed)

    async def update_resource(self, cx, params):
        uri = params.arguments["uri"]
        if cx.protocol_version != MODERN and uri not in self.subscribed:
            return "nobody wants to know"
        return await self.tell(cx, ResourceUpdated(uri=uri), lambda: cx.session.send_resource_updated(uri))

    async def tell(self, cx, event, send):
        if cx.protocol_version == MODERN:
            await self.bus.publish(event)
        else:
            await send()
        return "told"

    async def end_listens(self, _cx, _params):
        self.listens.close()
        return "ended"


def page(result, member, entries, params):
    """A page of a list; its cursor is the place where it begins."""
    cursor = params.cursor if params else None
    if cursor is not None and not cursor.isdigit():
        raise MCPError(types.INVALID_PARAMS, "Invalid cursor")
    start = int(cursor or 0)
    end = start + OFFER["pageSize"]
    more = {"nextCursor": str(end)} if end < len(entries) else {}
    return result.model_validate({member: entries[start:end], **more})


def form(name):
    return types.ElicitRequest(params=types.ElicitRequestFormParams.model_validate(OFFER["forms"][name]))


RESULTS = {
    "elicitation/create": types.ElicitResult,
    "sampling/createMessage": types.CreateMessageResult,
    "roots/list": types.ListRootsResult,
}


async def ask(cx, params, key, request):
    """Asks the client: by a request of its own, or by the result of the call."""
    result = RESULTS[request.method]
    if cx.protocol_version == MODERN:
        if key not in (params.input_responses or {}):
            raise Asked({key: request}, None)
        given = params.input_responses[key]
        return result.model_validate(given.model_dump(by_alias=True))
    related = ServerMessageMetadata(related_request_id=cx.request_id)
    return await cx.session.send_request(request, result, metadata=related)


class Fixed(Server):
    """Says in each transport that its lists change."""

    def create_initialization_options(self, *_args):
        changes = NotificationOptions(prompts_changed=True, resources_changed=True, tools_changed=True)
        return super().create_initialization_options(changes)


class Events(EventStore):
    """Every event of every stream, for those who come back; an event's id is its place in the list."""

    def __init__(self):
        self.events = []

    async def store_event(self, stream_id, message):
        self.events.append((stream_id, message))
        return str(len(self.events))

    async def replay_events_after(self, last_event_id, send_callback):
        last = int(last_event_id)
        stream = self.events[last - 1][0]
        for place, (stream_id, message) in enumerate(self.events[last:], last + 1):
            if stream_id == stream and message is not None:
                await send_callback(EventMessage(message, str(place)))
        return stream


async def serve_http(server, plain):
    listening = socket.create_server(("127.0.0.1", 0))
    kind = {"json_response": True, "stateless_http": True} if plain else {"event_store": Events(), "retry_interval": 50}
    app = server.streamable_http_app(**kind)
    web = uvicorn.Server(uvicorn.Config(app, log_level="error"))
    print(f"listening on http://127.0.0.1:{listening.getsockname()[1]}/mcp", flush=True)
    await web.serve(sockets=[listening])


async def main():
    fixture = Fixture()
    server = Fixed(
        "python-fixture",
        version="1.0.0",
        instructions=OFFER["instructions"],
        on_list_tools=fixture.list_tools,
        on_call_tool=fixture.call_tool,
        on_list_resources=fixture.list_resources,
        on_list_resource_templates=fixture.list_templates,
        on_read_resource=fixture.read_resource,
        on_subscribe_resource=fixture.subscribe,
        on_unsubscribe_resource=fixture.unsubscribe,
        on_subscriptions_listen=fixture.listens,
        on_list_prompts=fixture.list_prompts,
        on_get_prompt=fixture.get_prompt,
        on_completion=fixture.complete,
        on_set_logging_level=fixture.set_level,
    )
    if "--http" in sys.argv:
        fixture.server = server
        return await serve_http(server, plain="--plain" in sys.argv)
    async with stdio_server() as (reading, writing):
        await server.run(reading, writing, server.create_initialization_options())


if __name__ == "__main__":
    sys.exit(anyio.run(main))
