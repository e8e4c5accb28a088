// Drives the everything server with the official TypeScript client, in every revision that the client speaks.

import { readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';

import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';

import { Pipe } from './pipe.mjs';
import { Web } from './web.mjs';

const FIXTURES = JSON.parse(readFileSync(process.env.INTEROP_FIXTURES));
const { eras: ERAS, modern: MODERN } = FIXTURES;
const METHOD_NOT_FOUND = -32601;
const INVALID_PARAMS = -32602;
const INTERNAL_ERROR = -32603;
const UNDECLARED = -32021;
const WATCHED = 'test://watched-resource';
const LOG_LEVEL = 'io.modelcontextprotocol/logLevel';
// What comes before the command of a server that is served over HTTP, and the revision that is not.
const HTTP = '--http';
const WITHOUT_HTTP = '2024-11-05';
const TIMEOUT = { timeout: 20_000 };
const CAPABILITIES = { sampling: { tools: {} }, elicitation: { form: {}, url: {} }, roots: { listChanged: true } };

// Named assertions, counted by era.
const counts = new Map();
let era = '';
let over = '';

function check(name, holds, seen = '') {
  const title = `${era}${over}`;
  const count = counts.get(title) ?? { passed: 0, failed: 0 };
  counts.set(title, count);
  count[holds ? 'passed' : 'failed'] += 1;
  if (!holds) console.log(`FAILED [${title}] ${name}:`, typeof seen === 'string' ? seen : JSON.stringify(seen));
}

// Checks that `work` ends with an error of this code.
async function checkError(name, code, work) {
  try {
    check(name, false, await work);
  } catch (error) {
    check(name, error.code === code, `${error.code} ${error}`);
    return error;
  }
}

// Checks that something comes to hold within a few seconds.
async function checkUntil(name, holds) {
  for (const deadline = Date.now() + 5000; !holds() && Date.now() < deadline; ) await wait(5);
  check(name, holds());
}

function report() {
  let all = { passed: 0, failed: 0 };
  for (const [name, { passed, failed }] of counts) {
    console.log(`  typescript  ${name.padEnd(20)} ${String(passed).padStart(4)} passed ${String(failed).padStart(3)} failed`);
    all = { passed: all.passed + passed, failed: all.failed + failed };
  }
  console.log(`${all.passed} passed, ${all.failed} failed`);
  return all.failed === 0;
}

// A value that fits a form's field.
function answer(schema) {
  if (schema.default !== undefined) return schema.default;
  if (schema.type === 'array') return [answer(schema.items ?? {})];
  if (schema.enum) return schema.enum[0];
  const choices = schema.oneOf ?? schema.anyOf;
  if (choices) return choices[0].const;
  return { boolean: true, integer: 7, number: 7.5 }[schema.type] ?? 'Ada@example.com';
}

// How a client is made to speak a revision, or to negotiate one.
function versionOptions(name) {
  if (name === 'auto') return { versionNegotiation: { mode: 'auto' } };
  if (name === MODERN) return { versionNegotiation: { mode: { pin: MODERN } } };
  return { supportedProtocolVersions: [name] };
}

// A client with a person behind it who answers questions and remembers what was told.
function person(name, options = {}) {
  const heard = { asked: [], logs: [], notes: [], faults: [], tools: [] };
  const tools = { onChanged: (error, list) => heard.tools.push(error ?? list), debounceMs: 0 };
  const client = new Client(
    { name: 'interop', version: '1.0.0' },
    { ...versionOptions(name), capabilities: CAPABILITIES, listChanged: { tools }, ...options },
  );
  client.onerror = (error) => heard.faults.push(String(error));
  client.setRequestHandler('elicitation/create', async ({ params }) => {
    heard.asked.push({ kind: params.mode === 'url' ? 'url' : 'form', params });
    if (params.mode === 'url') return { action: 'accept' };
    const fields = Object.entries(params.requestedSchema.properties ?? {});
    return { action: 'accept', content: Object.fromEntries(fields.map(([field, schema]) => [field, answer(schema)])) };
  });
  client.setRequestHandler('sampling/createMessage', async ({ params }) => {
    heard.asked.push({ kind: 'sampling', params });
    const content = { type: 'text', text: 'sampled text' };
    return { role: 'assistant', content, model: 'none', stopReason: 'endTurn' };
  });
  client.setRequestHandler('roots/list', async () => {
    heard.asked.push({ kind: 'roots' });
    return { roots: [{ uri: 'file:///home/ada', name: 'home' }] };
  });
  client.setNotificationHandler('notifications/message', ({ params }) => void heard.logs.push(params));
  for (const method of ['notifications/prompts/list_changed', 'notifications/resources/updated']) {
    client.setNotificationHandler(method, (note) => void heard.notes.push(note));
  }
  return { client, heard };
}

const call = (client, name, args, options) =>
  client.callTool({ name, ...(args && { arguments: args }) }, { ...TIMEOUT, ...options });

const sameMembers = (left, right) => JSON.stringify([...left].sort()) === JSON.stringify([...right].sort());

async function lists(client, spoken) {
  const { tools } = await client.listTools();
  const names = tools.map((tool) => tool.name);
  const wanted = [...[...FIXTURES.tools, ...FIXTURES.asking].map((tool) => tool.name), ...FIXTURES.others];
  const missing = wanted.filter((name) => !names.includes(name));
  check('every tool of the fixtures is listed', missing.length === 0, missing);
  check('no tool is listed twice', new Set(names).size === names.length, names);
  const schema = tools.find((tool) => tool.name === 'json_schema_2020_12_tool')?.inputSchema ?? {};
  check('a JSON schema arrives whole', ['$schema', '$defs', 'allOf', 'if'].every((key) => key in schema), schema);
  const output = tools.find((tool) => tool.name === 'structured')?.outputSchema !== undefined;
  check('an output schema is listed where the revision has it', output === spoken >= '2025-06-18', output);
  const { prompts } = await client.listPrompts();
  const promptNames = prompts.map((prompt) => prompt.name);
  check('every prompt is listed', FIXTURES.prompts.every(({ name }) => promptNames.includes(name)), promptNames);
  const { resources } = await client.listResources();
  const uris = resources.map((resource) => resource.uri);
  check('every resource is listed', ['test://static-text', 'test://static-binary'].every((uri) => uris.includes(uri)), uris);
  const { resourceTemplates } = await client.listResourceTemplates();
  const templates = resourceTemplates.map((template) => template.uriTemplate);
  check('the template is listed', templates.includes('test://template/{id}/data'), templates);
  const cursor = 'no-such-cursor';
  await checkError('a cursor of no tools is refused', INVALID_PARAMS, client.listTools({ cursor }));
  await checkError('a cursor of no prompts is refused', INVALID_PARAMS, client.listPrompts({ cursor }));
  await checkError('a cursor of no resources is refused', INVALID_PARAMS, client.listResources({ cursor }));
  await checkError('a cursor of no templates is refused', INVALID_PARAMS, client.listResourceTemplates({ cursor }));
}

async function calls(client, spoken) {
  for (const { name, arguments: args, kinds, since = '', isError = false } of FIXTURES.tools) {
    if (spoken < since) continue;
    const result = await call(client, name, args);
    const found = result.content.map((content) => content.type);
    check(`${name} returns ${kinds}`, kinds.every((kind) => found.includes(kind)), result);
    check(`${name} ${isError ? 'fails' : 'succeeds'}`, (result.isError ?? false) === isError, result);
    if (name === 'echo') check('echo returns every character', result.content[0].text.includes(args.message), result);
    if (name === 'structured') {
      const has = typeof result.structuredContent === 'object';
      check('structured content is there where the revision has it', has === spoken >= '2025-06-18', result);
    }
  }
  const { traceparent } = FIXTURES;
  const traced = await client.callTool({ name: 'trace', _meta: { traceparent } }, TIMEOUT);
  check('a trace context reaches the tool', traced.content[0].text === traceparent, traced);
  const attach = await call(client, 'attach', { key: 'colour', value: 'blue' });
  const attached = await call(client, 'attached', { key: 'colour' });
  const none = spoken === MODERN;
  check('a value is attached to a session alone', (attach.isError ?? false) === none, attach);
  check('an attached value is found again', none || attached.content[0].text.includes('blue'), attached);
  const notified = await call(client, 'notify');
  check("a notification of the server's own disturbs nothing", !notified.isError, notified);
  const big = 'x'.repeat(1 << 20);
  const result = await call(client, 'echo', { message: big });
  check('a message of a megabyte goes both ways', result.content[0].text.includes(big));
}

async function refusals(client) {
  await checkError('an unknown tool is refused', INVALID_PARAMS, call(client, 'no_such_tool', {}));
  await checkError('an unknown prompt is refused', INVALID_PARAMS, client.getPrompt({ name: 'no_such_prompt' }));
  for (const args of [{}, { message: 5 }]) {
    const result = await call(client, 'echo', args);
    const named = result.isError && result.content[0].text.includes('message');
    check(`arguments ${JSON.stringify(args)} are a tool error that names the member`, named, result);
  }
  await checkError('a handler that panics is an internal error', INTERNAL_ERROR, call(client, 'boom', {}));
  const result = await call(client, 'echo', { message: 'still here' });
  check('the server goes on after a panic', result.content[0].text.includes('still here'), result);
  const uri = 'test://nonexistent-resource';
  // Before 2026-07-28 the server says -32002, and this client makes one error of both.
  const error = await checkError('an unknown resource is refused', INVALID_PARAMS, client.readResource({ uri }));
  if (error) check('the error names the resource', error.data?.uri === uri, error.data);
}

async function questions(client, heard, spoken) {
  for (const { name, arguments: args, asks, since = '', skip } of FIXTURES.asking) {
    heard.asked.length = 0;
    if (spoken === skip) continue; // What a server does here is its own choice.
    if (spoken < since) {
      const result = await call(client, name, args).catch((error) => ({ isError: true, error }));
      check(`${name} fails before ${since}`, result.isError, result);
      const foreign = heard.asked.filter(({ kind }) => kind === 'form' || kind === 'url');
      check(`${name} asks nothing that ${spoken} does not have`, foreign.length === 0, foreign);
      continue;
    }
    const result = await call(client, name, args);
    const asked = heard.asked.map(({ kind }) => kind);
    check(`${name} asks ${asks}`, sameMembers(asked, asks), asked);
    check(`${name} concludes with content`, !result.isError && result.content.length > 0, result);
    const params = heard.asked[0]?.params;
    if (name === 'test_elicitation_sep1034_defaults') {
      const fields = Object.entries(params.requestedSchema.properties);
      const right = fields.every(([field, schema]) => schema.default === FIXTURES.defaults[field]);
      check('defaults arrive', right && fields.length === Object.keys(FIXTURES.defaults).length, fields);
    }
    if (name === 'test_elicitation_sep1330_enums') {
      const fields = Object.keys(params.requestedSchema.properties);
      check('enums arrive', sameMembers(fields, FIXTURES.enums), fields);
    }
    if (name === 'elicit_url') check('a URL arrives', params.url.startsWith('http'), params);
    if (name === 'sample_with_tools') check('tools to sample with arrive', params.tools?.length > 0, params);
  }
  if (spoken >= '2025-06-18') {
    const result = await client.getPrompt({ name: 'test_input_required_result_prompt' });
    check('a prompt may ask', result.messages.length > 0, result);
  }
}

// Progress and logs.
async function tellings(client, heard, spoken) {
  const seen = [];
  const onprogress = ({ progress }) => void seen.push(progress);
  const result = await call(client, 'slow', { milliseconds: 300 }, { onprogress });
  check('progress arrives before the result', seen.length >= 3, seen);
  check('progress grows', seen.every((value, at) => at === 0 || value > seen[at - 1]), seen);
  check('progress ends with a result', !result.isError, result);
  const logs = async (level) => {
    heard.logs.length = 0;
    const meta = spoken === MODERN && level ? { _meta: { [LOG_LEVEL]: level } } : {};
    if (spoken !== MODERN) await client.setLoggingLevel(level ?? 'emergency');
    await client.callTool({ name: 'test_tool_with_logging', ...meta }, TIMEOUT);
  };
  await logs('debug');
  await checkUntil('logs arrive', () => heard.logs.length >= 3);
  check('logs say their level', heard.logs.every(({ level }) => level === 'info'), heard.logs);
  for (const level of ['error', undefined]) {
    await logs(level);
    await wait(50);
    check(`no log below ${level} arrives`, heard.logs.length === 0, heard.logs);
  }
}

async function promptsAndResources(client, spoken) {
  for (const { name, arguments: args, kinds, contains = [] } of FIXTURES.prompts) {
    const result = await client.getPrompt({ name, arguments: args });
    const found = result.messages.map((message) => message.content.type);
    check(`${name} has ${kinds}`, kinds.every((kind) => found.includes(kind)), result);
    const text = JSON.stringify(result.messages);
    check(`${name} has its arguments`, contains.every((part) => text.includes(part)), text);
  }
  for (const [uri, part] of [['test://static-text', 'text'], ['test://static-binary', 'blob']]) {
    const { contents } = await client.readResource({ uri });
    check(`${uri} has ${part}`, contents[0][part] && contents[0].mimeType, contents);
  }
  const { contents } = await client.readResource({ uri: 'test://template/123/data' });
  check('a template is read with its variable', contents[0].text.includes('123'), contents);
  const ref = { type: 'ref/prompt', name: 'test_prompt_with_arguments' };
  const argument = { name: 'arg1', value: 'test' };
  const contexts = spoken >= '2025-06-18' ? [{}, { context: { arguments: { arg2: 'other' } } }] : [{}];
  for (const context of contexts) {
    const { completion } = await client.complete({ ref, argument, ...context });
    check('an argument of a prompt is completed', Array.isArray(completion.values), completion);
  }
  const template = { type: 'ref/resource', uri: 'test://template/{id}/data' };
  const { completion } = await client.complete({ ref: template, argument: { name: 'id', value: '1' } });
  check('a variable of a template is completed', Array.isArray(completion.values), completion);
}

async function changes(client, heard, spoken) {
  const filter = { promptsListChanged: true, resourceSubscriptions: [WATCHED] };
  const listening = spoken === MODERN ? await client.listen(filter, TIMEOUT) : undefined;
  if (listening) {
    const { honoredFilter } = listening;
    check('what is listened to is acknowledged', honoredFilter.promptsListChanged === true, honoredFilter);
    check('subscriptions are acknowledged', sameMembers(honoredFilter.resourceSubscriptions ?? [], [WATCHED]), honoredFilter);
    check('changes of tools are listened to', client.autoOpenedSubscription?.honoredFilter.toolsListChanged === true);
  } else {
    await client.subscribeResource({ uri: WATCHED });
  }
  const count = (method) => heard.notes.filter((note) => note.method === method).length;
  const updated = 'notifications/resources/updated';
  const name = `added_${spoken.slice(0, 4)}`;
  await call(client, 'add_tool', { name });
  await call(client, 'test_trigger_prompt_change');
  await call(client, 'update_resource', { uri: WATCHED });
  await checkUntil('a new tool is announced and then listed', () => heard.tools.at(-1)?.some?.((tool) => tool.name === name));
  await checkUntil('a changed prompt is announced', () => count('notifications/prompts/list_changed') > 0);
  await checkUntil('an update arrives', () => count(updated) === 1);
  const uris = heard.notes.filter((note) => note.method === updated).map((note) => note.params.uri);
  check('an update names its resource', sameMembers(uris, [WATCHED]), uris);
  await (listening ? listening.close() : client.unsubscribeResource({ uri: WATCHED }));
  await call(client, 'update_resource', { uri: WATCHED });
  await wait(50);
  check('no update arrives after unsubscribing', count(updated) === 1, heard.notes);
  check('a tool that was added can be called', !(await call(client, name)).isError);
  await call(client, 'remove_tool', { name });
  await checkUntil('a removed tool is announced', () => heard.tools.at(-1)?.every?.((tool) => tool.name !== name));
  await checkError('a tool that was removed is refused', INVALID_PARAMS, call(client, name));
  if (spoken !== MODERN) {
    await client.sendRootsListChanged();
    await client.ping();
    check('a ping is answered', true);
  }
}

// A list that is too long for one page.
async function paging(client) {
  const added = Array.from({ length: 100 }, (_, number) => `added_${number}`);
  for (const name of added) await call(client, 'add_tool', { name });
  const { tools } = await client.listTools(undefined, { cacheMode: 'refresh' });
  const names = tools.map((tool) => tool.name);
  const once = new Set(names).size === names.length;
  check('every tool of a long list is listed once', once && added.every((name) => names.includes(name)), names);
}

// Does something with a client that is connected over its own transport, and ends the server in good order.
async function connected([command, ...args], client, work) {
  if (command !== HTTP) {
    await client.connect(new StdioClientTransport({ command, args, stderr: 'ignore' }), TIMEOUT);
    await work();
    return client.close();
  }
  const web = await Web.start(args);
  try {
    const transport = new StreamableHTTPClientTransport(new URL(web.url));
    await client.connect(transport, TIMEOUT);
    await work();
    await transport.terminateSession();
    await client.close();
  } finally {
    const status = await web.stop();
    check('the server ends in good order', status === 0, String(status));
  }
}

// The features, over the client's own transport.
async function features(server) {
  const { client, heard } = person(era);
  await connected(server, client, () => everything(client, heard));
}

async function everything(client, heard) {
  const spoken = era === 'auto' ? MODERN : era;
  check('the revision is agreed on', client.getNegotiatedProtocolVersion() === spoken);
  check('the server says its name', client.getServerVersion()?.name.length > 0, client.getServerVersion());
  const capabilities = client.getServerCapabilities();
  check('the server says what it can', capabilities.tools && capabilities.prompts && capabilities.resources, capabilities);
  await lists(client, spoken);
  await calls(client, spoken);
  await refusals(client);
  await questions(client, heard, spoken);
  await tellings(client, heard, spoken);
  await promptsAndResources(client, spoken);
  await changes(client, heard, spoken);
  await paging(client);
  // The client takes a response at once and a notification a moment later: progress that comes together with its
  // result finds nobody. What the server really wrote, and in which order, is looked at in `telling`.
  const faults = heard.faults.filter((fault) => !fault.includes('progress notification for an unknown token'));
  check('the client found no fault', faults.length === 0, faults);
}

// A client that declares nothing is asked nothing.
async function undeclared(server) {
  const client = new Client({ name: 'interop', version: '1.0.0' }, versionOptions(era));
  await connected(server, client, () => isAskedNothing(client));
}

async function isAskedNothing(client) {
  const tools = { test_missing_capability: undefined, test_input_required_result_list_roots: undefined };
  if (era >= '2025-06-18') tools.test_elicitation = { message: 'Who?' };
  for (const [name, args] of Object.entries(tools)) {
    const error = await checkError(`${name} needs what was not declared`, UNDECLARED, call(client, name, args));
    if (error) check('the error says what is required', error.data?.requiredCapabilities !== undefined, error.data);
  }
}

async function cancellation(client, pipe) {
  const abort = new AbortController();
  let moved;
  const moving = new Promise((resolve) => (moved = resolve));
  const slow = call(client, 'slow', { milliseconds: 60_000 }, { timeout: 70_000, onprogress: moved, signal: abort.signal });
  const ended = slow.then(() => 'a result', () => 'cancelled');
  await Promise.race([moving, wait(5000).then(() => Promise.reject(new Error('no progress')))]);
  const result = await call(client, 'echo', { message: 'overtakes' });
  check('a slow call holds nothing up', result.content[0].text.includes('overtakes'), result);
  abort.abort('enough');
  check('a call is cancelled by the client', (await ended) === 'cancelled');
  const before = pipe?.lines.length;
  const after = await call(client, 'echo', { message: 'after the cancellation' });
  check('calls go on after a cancellation', after.content[0].text.includes('after the cancellation'), after);
  if (!pipe) return; // The server does not end in time if it goes on with the call.
  await wait(300);
  check('nothing is said about a cancelled call', pipe.lines.length === before + 1, pipe.lines.slice(before));
}

// Progress, as the server wrote it.
async function telling(pipe, client) {
  const before = pipe.lines.length;
  await call(client, 'test_tool_with_progress', undefined, { onprogress: () => {} });
  const written = pipe.messages(before).map(({ method, result }) => method ?? (result && 'result'));
  const wanted = [...Array(3).fill('notifications/progress'), 'result'];
  check('progress is written before the result', JSON.stringify(written) === JSON.stringify(wanted), written);
}

async function crowd(client) {
  const numbers = Array.from({ length: 100 }, (_, number) => `number ${number}`);
  const results = await Promise.all(numbers.map((message) => call(client, 'echo', { message })));
  const right = results.every((result, at) => result.content[0].text.includes(numbers[at]));
  check('each of a hundred calls at once gets its own answer', right, results);
}

// Bad lines between good requests: each has its own answer, or none, and nothing else suffers.
async function junk(pipe, client) {
  const lines = FIXTURES.junk.map(({ is, line, code }) => [is, Buffer.from(line), code]);
  const notText = Buffer.concat([Buffer.from('{"jsonrpc":"2.0","id":"'), Buffer.from([0xff, 0xfe]), Buffer.from('"}')]);
  lines.push(['bytes that are no text', notText, -32700]);
  lines.push(['a line of 33 MiB', Buffer.from(`{"${'x'.repeat(33 << 20)}`), -32700]);
  for (const [name, line, code] of lines) {
    const before = pipe.lines.length;
    await pipe.write(Buffer.concat([line, Buffer.from('\n')]));
    const result = await call(client, 'echo', { message: name });
    check(`a call is served after ${name}`, result.content[0].text.includes(name), result);
    const codes = pipe.messages(before).flatMap(({ error }) => (error ? [error.code] : []));
    check(`${name} is answered ${code}`, sameMembers(codes, code === null ? [] : [code]), codes);
  }
  const before = pipe.lines.length;
  const _meta = { 'io.modelcontextprotocol/protocolVersion': MODERN, 'io.modelcontextprotocol/clientCapabilities': {} };
  const params = era === MODERN ? { _meta } : {};
  await pipe.write(`${JSON.stringify({ jsonrpc: '2.0', id: 'u1', method: 'no/such', params })}\r\n`);
  await call(client, 'echo', { message: 'after an unknown method' });
  const found = pipe.messages(before).filter(({ id }) => id === 'u1');
  check('an unknown method is refused', found[0]?.error?.code === METHOD_NOT_FOUND, found);
}

// What needs a look at the wire itself.
async function overPipe(server) {
  const pipe = new Pipe(server);
  const { client } = person(era, { listChanged: undefined });
  await client.connect(pipe, TIMEOUT);
  await cancellation(client, pipe);
  await telling(pipe, client);
  await crowd(client);
  await junk(pipe, client);
  check('every line of the server is one message', pipe.messages().every((message) => message.jsonrpc === '2.0'));
  const status = await pipe.exitStatus(5000);
  check('the server ends when its input does', status === 0, String(status));
  await client.close();
}

// What goes on at once, each call on a connection of its own.
async function overHttp(server) {
  const { client } = person(era, { listChanged: undefined });
  await connected(server, client, async () => {
    await crowd(client);
    await cancellation(client);
  });
}

async function main(server) {
  const http = server[0] === HTTP;
  over = http ? ' over HTTP' : '';
  for (era of [...ERAS, 'auto']) {
    if (http && era === WITHOUT_HTTP) continue;
    for (const part of era === 'auto' ? [features] : [features, undeclared, http ? overHttp : overPipe]) {
      const late = wait(90_000, 'late', { ref: false }).then(() => Promise.reject(new Error('takes too long')));
      await Promise.race([part(server), late]).catch((error) => {
        check(`${part.name} runs to its end`, false, error.stack);
      });
    }
  }
  return report();
}

process.exit((await main(process.argv.slice(2))) ? 0 : 1);
