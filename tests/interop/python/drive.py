"""Drives the everything server with the official Python client, in every revision that the client speaks."""

import json
import logging
import os
import sys
import time
import traceback
import warnings
from collections import Counter
from pathlib import Path

import anyio
import mcp.client.session
import mcp_types as types
from mcp import Client, MCPError, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp.shared.subscriptions import PromptsListChanged, ResourceUpdated, ToolsListChanged

from pipe import Pipe
from web import served

FIXTURES = json.loads((Path(os.environ["INTEROP_FIXTURES"])).read_text())
ERAS, MODERN = FIXTURES["eras"], FIXTURES["modern"]
METHOD_NOT_FOUND, INVALID_PARAMS, INTERNAL_ERROR = -32601, -32602, -32603
UNDECLARED, LEGACY_NOT_FOUND = -32021, -32002
WATCHED = "test://watched-resource"
LOG_LEVEL = "io.modelcontextprotocol/logLevel"
# What comes before the command of a server that is served over HTTP, and the revision that is not.
HTTP, WITHOUT_HTTP = "--http", "2024-11-05"


class Checks:
    """Named assertions, counted by era."""

    def __init__(self):
        self.passed, self.failed, self.era = Counter(), Counter(), ""

    def __call__(self, name, holds, seen=""):
        (self.passed if holds else self.failed)[self.era] += 1
        if not holds:
            print(f"FAILED [{self.era}] {name}: {seen}", flush=True)

    async def error(self, name, code, work):
        """Checks that `work` ends with an error of this code."""
        try:
            result = await work
            self(name, False, f"result {result}")
        except MCPError as error:
            self(name, error.code == code, f"{error.code} {error}")
            return error

    async def until(self, name, holds):
        """Checks that something comes to hold within a few seconds."""
        deadline = time.monotonic() + 5
        while not holds() and time.monotonic() < deadline:
            await anyio.sleep(0.005)
        self(name, holds())

    def report(self):
        for era in self.passed | self.failed:
            print(f"  python      {era:<20} {self.passed[era]:>4} passed {self.failed[era]:>3} failed")
        print(f"{self.passed.total()} passed, {self.failed.total()} failed")
        return self.failed.total() == 0


class Person:
    """What stands behind a client: answers questions and remembers what it was told."""

    def __init__(self):
        self.asked, self.logs, self.notes, self.faults = [], [], [], []

    async def elicit(self, _context, params):
        if isinstance(params, types.ElicitRequestURLParams):
            self.asked.append(("url", params))
            return types.ElicitResult(action="accept")
        self.asked.append(("form", params))
        properties = params.requested_schema.get("properties", {})
        content = {name: answer(name, schema) for name, schema in properties.items()}
        return types.ElicitResult(action="accept", content=content)

    async def sample(self, _context, params):
        self.asked.append(("sampling", params))
        text = types.TextContent(type="text", text="sampled text")
        return types.CreateMessageResult(role="assistant", content=text, model="none", stop_reason="endTurn")

    async def roots(self, _context):
        self.asked.append(("roots", None))
        return types.ListRootsResult(roots=[types.Root(uri="file:///home/ada", name="home")])

    async def log(self, params):
        self.logs.append(params)

    async def note(self, message):
        (self.faults if isinstance(message, Exception) else self.notes).append(message)

    def heard(self, kind):
        return sum(isinstance(note, kind) for note in self.notes)

    def options(self):
        tools = types.SamplingToolsCapability()
        return {
            "elicitation_callback": self.elicit,
            "sampling_callback": self.sample,
            "sampling_capabilities": types.SamplingCapability(tools=tools),
            "list_roots_callback": self.roots,
            "logging_callback": self.log,
            "message_handler": self.note,
            "read_timeout_seconds": 20,
        }


def answer(name, schema):
    """A value that fits a form's field."""
    if "default" in schema:
        return schema["default"]
    if schema.get("type") == "array":
        return [answer(name, schema.get("items", {}))]
    if "enum" in schema:
        return schema["enum"][0]
    for choices in ("oneOf", "anyOf"):
        if choices in schema:
            return schema[choices][0]["const"]
    return {"boolean": True, "integer": 7, "number": 7.5}.get(schema.get("type"), "Ada@example.com")


def transport(server):
    """The client's own transport, without what the server says on stderr."""
    if server[0] == HTTP:
        return served(server[1:])
    parameters = StdioServerParameters(command=server[0], args=server[1:])
    return stdio_client(parameters, errlog=open(os.devnull, "w"))


def connect(server, era, options):
    """A client that speaks `era`, or negotiates."""
    if era == "auto":
        return Client(server, mode="auto", **options)
    if era == MODERN:
        return Client(server, mode=MODERN, **options)
    # The client offers this constant in `initialize`; there is no option for an older one.
    mcp.client.session.LATEST_HANDSHAKE_VERSION = era
    return Client(server, mode="legacy", **options)


async def pages(listing, member):
    """All entries of a list, page by page, and how many pages there were."""
    entries, cursor, count = [], None, 0
    while count == 0 or cursor is not None:
        page = await (listing(cache_mode="bypass") if cursor is None else listing(cursor=cursor))
        entries += getattr(page, member)
        cursor, count = page.next_cursor, count + 1
        assert count < 100, "a list without an end"
    return entries, count


async def lists(check, client, era):
    tools, _ = await pages(client.list_tools, "tools")
    names = [tool.name for tool in tools]
    wanted = [tool["name"] for tool in FIXTURES["tools"] + FIXTURES["asking"]] + FIXTURES["others"]
    missing = sorted(set(wanted) - set(names))
    check("every tool of the fixtures is listed", not missing, missing)
    check("no tool is listed twice", len(names) == len(set(names)), names)
    check("every tool has a description and a schema", all(t.description and t.input_schema for t in tools))
    schema = next((t.input_schema for t in tools if t.name == "json_schema_2020_12_tool"), {})
    check("a JSON schema arrives whole", {"$schema", "$defs", "allOf", "if"} <= set(schema), schema)
    output = any(tool.output_schema for tool in tools if tool.name == "structured")
    check("an output schema is listed where the revision has it", output == (era >= "2025-06-18"), output)
    prompts, _ = await pages(client.list_prompts, "prompts")
    missing = {prompt["name"] for prompt in FIXTURES["prompts"]} - {prompt.name for prompt in prompts}
    check("every prompt of the fixtures is listed", not missing, missing)
    resources, _ = await pages(client.list_resources, "resources")
    uris = {str(resource.uri) for resource in resources}
    check("the resources of the fixtures are listed", {"test://static-text", "test://static-binary"} <= uris, uris)
    templates, _ = await pages(client.list_resource_templates, "resource_templates")
    check("the template is listed", "test://template/{id}/data" in {t.uri_template for t in templates})
    for listing in (client.list_tools, client.list_prompts, client.list_resources, client.list_resource_templates):
        await check.error("a cursor of nobody's is refused", INVALID_PARAMS, listing(cursor="no-such-cursor"))


async def calls(check, client, era):
    for tool in FIXTURES["tools"]:
        name = tool["name"]
        if era < tool.get("since", ""):
            continue
        result = await client.call_tool(name, tool.get("arguments"))
        kinds = {content.type for content in result.content}
        check(f"{name} returns {tool['kinds']}", set(tool["kinds"]) <= kinds, result)
        check(f"{name} {'fails' if 'isError' in tool else 'succeeds'}", result.is_error == ("isError" in tool), result)
        if name == "echo":
            text = result.content[0].text
            check("echo returns every character", tool["arguments"]["message"] in text, repr(text))
        if name == "structured":
            has = isinstance(result.structured_content, dict)
            check("structured content is there where the revision has it", has == (era >= "2025-06-18"), result)
    result = await client.call_tool("trace", meta={"traceparent": FIXTURES["traceparent"]})
    check("a trace context reaches the tool", result.content[0].text == FIXTURES["traceparent"], result)
    attach = await client.call_tool("attach", {"key": "colour", "value": "blue"})
    attached = await client.call_tool("attached", {"key": "colour"})
    check("values are attached to a session alone", attach.is_error == attached.is_error == (era == MODERN), attached)
    check("an attached value is found again", era == MODERN or "blue" in attached.content[0].text, attached)
    result = await client.call_tool("notify")
    check("a notification of the server's own disturbs nothing", not result.is_error, result)
    big = "x" * (1 << 20)
    result = await client.call_tool("echo", {"message": big})
    check("a message of a megabyte goes both ways", big in result.content[0].text)


async def refusals(check, client, era):
    await check.error("an unknown tool is refused", INVALID_PARAMS, client.call_tool("no_such_tool", {}))
    await check.error("an unknown prompt is refused", INVALID_PARAMS, client.get_prompt("no_such_prompt"))
    for arguments in ({}, {"message": 5}):
        result = await client.call_tool("echo", arguments)
        named = result.is_error and "message" in result.content[0].text
        check(f"arguments {arguments} are a tool error that names the member", named, result)
    await check.error("a handler that panics is an internal error", INTERNAL_ERROR, client.call_tool("boom", {}))
    result = await client.call_tool("echo", {"message": "still here"})
    check("the server goes on after a panic", "still here" in result.content[0].text, result)
    uri = "test://nonexistent-resource"
    code = INVALID_PARAMS if era == MODERN else LEGACY_NOT_FOUND
    error = await check.error("an unknown resource has its revision's error", code, client.read_resource(uri))
    if error is not None:
        check("the error names the resource", (error.data or {}).get("uri") == uri, error.data)


async def questions(check, client, person, era):
    for tool in FIXTURES["asking"]:
        name = tool["name"]
        person.asked.clear()
        if era == tool.get("skip"):
            continue  # What a server does here is its own choice.
        if era < tool.get("since", ""):
            try:
                result = await client.call_tool(name, tool.get("arguments"))
                check(f"{name} fails before {tool['since']}", result.is_error, result)
            except MCPError as error:
                check(f"{name} fails before {tool['since']}", True, error)
            foreign = [kind for kind, _ in person.asked if kind in ("form", "url")]
            check(f"{name} asks nothing that {era} does not have", not foreign, foreign)
            continue
        result = await client.call_tool(name, tool.get("arguments"))
        asked = sorted(kind for kind, _ in person.asked)
        check(f"{name} asks {tool['asks']}", asked == sorted(tool["asks"]), asked)
        check(f"{name} concludes with content", not result.is_error and result.content, result)
        if name == "test_elicitation_sep1034_defaults":
            properties = person.asked[0][1].requested_schema["properties"]
            defaults = {field: schema.get("default") for field, schema in properties.items()}
            check("defaults arrive", defaults == FIXTURES["defaults"], defaults)
        if name == "test_elicitation_sep1330_enums":
            properties = person.asked[0][1].requested_schema["properties"]
            check("enums arrive", set(properties) == set(FIXTURES["enums"]), properties)
        if name == "elicit_url":
            check("a URL arrives", person.asked[0][1].url.startswith("http"), person.asked)
        if name == "sample_with_tools":
            check("tools to sample with arrive", person.asked[0][1].tools, person.asked)
    if era >= "2025-06-18":
        result = await client.get_prompt("test_input_required_result_prompt")
        check("a prompt may ask", result.messages, result)


async def tellings(check, client, person, era):
    """Progress and logs."""
    seen = []

    async def progress(value, total, message):
        seen.append(value)

    result = await client.call_tool("test_tool_with_progress", progress_callback=progress)
    await check.until("progress arrives", lambda: len(seen) >= 3)
    check("progress grows", seen == sorted(set(seen)), seen)
    check("progress ends with a result", not result.is_error, result)

    async def logs(level):
        person.logs.clear()
        if era == MODERN:
            await client.call_tool("test_tool_with_logging", meta={LOG_LEVEL: level} if level else None)
        else:
            await client.set_logging_level(level or "emergency")
            await client.call_tool("test_tool_with_logging")

    await logs("debug")
    await check.until("logs arrive", lambda: len(person.logs) >= 3)
    check("logs say their level", {log.level for log in person.logs} == {"info"}, person.logs)
    for level in ("error", None):
        await logs(level)
        await anyio.sleep(0.05)
        check(f"no log below {level} arrives", not person.logs, person.logs)


async def prompts_and_resources(check, client, era):
    for prompt in FIXTURES["prompts"]:
        result = await client.get_prompt(prompt["name"], prompt.get("arguments"))
        kinds = {message.content.type for message in result.messages}
        check(f"{prompt['name']} has {prompt['kinds']}", set(prompt["kinds"]) <= kinds, result)
        text = json.dumps([message.model_dump(mode="json") for message in result.messages])
        check(f"{prompt['name']} has its arguments", all(part in text for part in prompt.get("contains", [])), text)
    for uri, part in (("test://static-text", "text"), ("test://static-binary", "blob")):
        contents = (await client.read_resource(uri)).contents
        check(f"{uri} has {part}", getattr(contents[0], part, None) and contents[0].mime_type, contents)
    contents = (await client.read_resource("test://template/123/data")).contents
    check("a template is read with its variable", "123" in contents[0].text, contents)
    argument = {"name": "arg1", "value": "test"}
    reference = types.PromptReference(type="ref/prompt", name="test_prompt_with_arguments")
    result = await client.complete(reference, argument)
    check("an argument of a prompt is completed", isinstance(result.completion.values, list), result)
    if era >= "2025-06-18":
        result = await client.complete(reference, argument, context_arguments={"arg2": "other"})
        check("a completion takes its context", isinstance(result.completion.values, list), result)
    reference = types.ResourceTemplateReference(type="ref/resource", uri="test://template/{id}/data")
    result = await client.complete(reference, {"name": "id", "value": "1"})
    check("a variable of a template is completed", isinstance(result.completion.values, list), result)


async def change(client, era):
    """Changes everything that can be listened to."""
    await client.call_tool("add_tool", {"name": f"added_{era[:4]}"})
    await client.call_tool("test_trigger_prompt_change")
    await client.call_tool("update_resource", {"uri": WATCHED})


async def legacy_changes(check, client, person, era):
    await client.subscribe_resource(WATCHED)
    await change(client, era)
    await check.until("a new tool is announced", lambda: person.heard(types.ToolListChangedNotification))
    await check.until("a changed prompt is announced", lambda: person.heard(types.PromptListChangedNotification))
    await check.until("an update arrives", lambda: person.heard(types.ResourceUpdatedNotification))
    uris = {str(n.params.uri) for n in person.notes if isinstance(n, types.ResourceUpdatedNotification)}
    check("an update names its resource", uris == {WATCHED}, uris)
    await client.unsubscribe_resource(WATCHED)
    person.notes.clear()
    await client.call_tool("update_resource", {"uri": WATCHED})
    await anyio.sleep(0.05)
    check("no update arrives after unsubscribing", not person.heard(types.ResourceUpdatedNotification), person.notes)
    await client.send_roots_list_changed()
    await client.send_ping()
    check("a ping is answered", True)


async def modern_changes(check, client, era):
    everything = {"tools_list_changed": True, "prompts_list_changed": True, "resource_subscriptions": [WATCHED]}
    async with client.listen(**everything) as subscription:
        honored = subscription.honored
        check("what is listened to is acknowledged", honored.tools_list_changed and honored.prompts_list_changed, honored)
        check("subscriptions are acknowledged", honored.resource_subscriptions == [WATCHED], honored)
        await change(client, era)
        seen = set()
        with anyio.fail_after(5):
            while len(seen) < 3:
                seen.add(await anext(subscription))
        wanted = {ToolsListChanged(), PromptsListChanged(), ResourceUpdated(uri=WATCHED)}
        check("changes arrive while listening", seen == wanted, seen)
    result = await client.call_tool("echo", {"message": "after listening"})
    check("calls go on after listening", "after listening" in result.content[0].text, result)


async def changes(check, client, person, era):
    await (modern_changes(check, client, era) if era == MODERN else legacy_changes(check, client, person, era))
    name = f"added_{era[:4]}"
    tools, _ = await pages(client.list_tools, "tools")
    check("a tool that was added is listed", name in {tool.name for tool in tools})
    result = await client.call_tool(name)
    check("a tool that was added can be called", not result.is_error, result)
    await client.call_tool("remove_tool", {"name": name})
    await check.error("a tool that was removed is refused", INVALID_PARAMS, client.call_tool(name))


async def paging(check, client):
    """A list that is too long for one page."""
    added = {f"added_{number}" for number in range(100)}
    for name in added:
        await client.call_tool("add_tool", {"name": name})
    tools, count = await pages(client.list_tools, "tools")
    names = [tool.name for tool in tools]
    check("a long list comes in pages", count > 1, count)
    check("every tool of a long list is listed once", added <= set(names) and len(set(names)) == len(names), names)


async def features(check, server, era):
    """The features, over the client's own transport."""
    person = Person()
    async with connect(transport(server), era, person.options()) as client:
        spoken = MODERN if era == "auto" else era
        check("the revision is agreed on", client.protocol_version == spoken, client.protocol_version)
        if era != MODERN:  # Pinned, the client asks the server nothing when it connects.
            info, capabilities = client.server_info, client.server_capabilities
            check("the server says its name", info is not None and info.name and info.version, info)
            check("the server says what it can", capabilities.tools and capabilities.prompts and capabilities.resources)
            completes = (capabilities.completions is not None) == (spoken >= "2025-03-26")
            check("completion is declared where the revision has it", completes, capabilities)
        await lists(check, client, spoken)
        await calls(check, client, spoken)
        await refusals(check, client, spoken)
        await questions(check, client, person, spoken)
        await tellings(check, client, person, spoken)
        await prompts_and_resources(check, client, spoken)
        await changes(check, client, person, spoken)
        await paging(check, client)
        check("the client found no fault", not person.faults, person.faults)


async def undeclared(check, server, era):
    """A client that declares nothing is asked nothing."""
    async with connect(transport(server), era, {"read_timeout_seconds": 20}) as client:
        for name in ("test_missing_capability", "test_input_required_result_list_roots", "test_elicitation"):
            arguments = {"message": "Who?"} if name == "test_elicitation" else None
            if name == "test_elicitation" and era < "2025-06-18":
                continue
            error = await check.error(f"{name} needs what was not declared", UNDECLARED, client.call_tool(name, arguments))
            if error is not None:
                check("the error says what is required", "requiredCapabilities" in (error.data or {}), error.data)


async def cancellation(check, client, pipe=None):
    progress = anyio.Event()

    async def moved(*_progress):
        progress.set()

    async def slow(scope):
        with scope:
            await client.call_tool("slow", {"milliseconds": 60_000}, progress_callback=moved)

    scope = anyio.CancelScope()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(slow, scope)
        with anyio.fail_after(5):
            await progress.wait()
        # A fast call is not held up by the slow one.
        result = await client.call_tool("echo", {"message": "overtakes"})
        check("a slow call holds nothing up", "overtakes" in result.content[0].text, result)
        scope.cancel()
    check("a call is cancelled by the client", scope.cancelled_caught)
    before = len(pipe.lines) if pipe else 0
    result = await client.call_tool("echo", {"message": "after the cancellation"})
    check("calls go on after a cancellation", "after the cancellation" in result.content[0].text, result)
    if pipe is None:
        return  # The server does not end in time if it goes on with the call.
    await anyio.sleep(0.3)
    late = pipe.messages(before)
    check("nothing is said about a cancelled call", len(late) == 1, late)


async def crowd(check, client):
    results = {}

    async def call(number):
        result = await client.call_tool("echo", {"message": f"number {number}"})
        results[number] = f"number {number}" in result.content[0].text

    async with anyio.create_task_group() as tasks:
        for number in range(100):
            tasks.start_soon(call, number)
    check("each of a hundred calls at once gets its own answer", len(results) == 100 and all(results.values()))


async def junk(check, pipe, client, era):
    """Bad lines between good requests: each has its own answer, or none, and nothing else suffers."""
    deep = b'{"jsonrpc":"2.0","id":"deep","method":"tools/call","params":' + b"[" * 100_000
    lines = [(bad["is"], bad["line"].encode(), bad["code"]) for bad in FIXTURES["junk"]]
    lines.append(("bytes that are no text", b'{"jsonrpc":"2.0","id":"\xff\xfe","method":"ping"}', -32700))
    lines.append(("a hundred thousand brackets", deep, -32700))
    lines.append(("a line of 33 MiB", b'{"' + b"x" * (33 << 20), -32700))
    for name, line, code in lines:
        before = len(pipe.lines)
        await pipe.write(line + b"\n")
        result = await client.call_tool("echo", {"message": name})
        check(f"a call is served after {name}", name in result.content[0].text, result)
        codes = [message["error"]["code"] for message in pipe.messages(before) if "error" in message]
        check(f"{name} is answered {code}", codes == ([] if code is None else [code]), codes)
    before = len(pipe.lines)
    meta = {"io.modelcontextprotocol/protocolVersion": MODERN, "io.modelcontextprotocol/clientCapabilities": {}}
    unknown = {"jsonrpc": "2.0", "id": "u1", "method": "no/such", "params": {"_meta": meta if era == MODERN else {}}}
    await pipe.write(json.dumps(unknown).encode() + b"\r\n")
    await client.call_tool("echo", {"message": "after an unknown method"})
    found = [message for message in pipe.messages(before) if message.get("id") == "u1"]
    check("an unknown method is refused", found and found[0]["error"]["code"] == METHOD_NOT_FOUND, found)


async def over_pipe(check, server, era):
    """What needs a look at the wire itself."""
    person, pipe = Person(), Pipe(server)
    async with connect(pipe, era, person.options()) as client:
        await cancellation(check, client, pipe)
        await crowd(check, client)
        await junk(check, pipe, client, era)
        whole = all(isinstance(message, dict) for message in pipe.messages())
        check("every line of the server is one message", whole and all(pipe.lines))
        status = await pipe.exit_status(5)
        check("the server ends when its input does", status == 0, status)


async def over_http(check, server, era):
    """What goes on at once, each call on a connection of its own."""
    async with connect(transport(server), era, Person().options()) as client:
        await crowd(check, client)
        await cancellation(check, client)


async def main(server):
    check = Checks()
    http = server[0] == HTTP
    for era in [*ERAS, "auto"]:
        if http and era == WITHOUT_HTTP:
            continue
        check.era = f"{era} over HTTP" if http else era
        for part in (features, undeclared, over_http if http else over_pipe):
            if era == "auto" and part is not features:
                continue
            try:
                with anyio.fail_after(90):
                    await part(check, server, era)
            except Exception:
                check(f"{part.__name__} runs to its end", False, traceback.format_exc())
    return check.report()


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    logging.disable(logging.ERROR)
    sys.exit(0 if anyio.run(main, sys.argv[1:]) else 1)
