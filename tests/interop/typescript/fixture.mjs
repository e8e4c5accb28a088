// What the servers on the official TypeScript SDK offer, in both eras: what offer.json says.

import { readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';

import { Server, acceptedContent, inputRequired, ProtocolError, UrlElicitationRequiredError } from '@modelcontextprotocol/server';

const OFFER = JSON.parse(readFileSync(process.env.INTEROP_OFFER));
const FORMS = '2025-06-18';
const INVALID_PARAMS = -32602;
const CAPABILITIES = {
  tools: { listChanged: true },
  prompts: { listChanged: true },
  resources: { listChanged: true, subscribe: true },
  completions: {},
  logging: {},
};

const invalid = (message) => new ProtocolError(INVALID_PARAMS, message);
const text = (said) => ({ content: [{ type: 'text', text: String(said) }] });

// A page of a list; its cursor is the place where it begins.
function page(member, entries, params) {
  const cursor = params?.cursor ?? '0';
  if (!/^\d+$/.test(cursor)) throw invalid('Invalid cursor');
  const end = Number(cursor) + OFFER.pageSize;
  const more = end < entries.length ? { nextCursor: String(end) } : {};
  return { [member]: entries.slice(Number(cursor), end), ...more };
}

// A question, as the SDK wants it: the client answers it by coming back, or the SDK asks an older one itself.
const asks = (inputRequests, requestState) => inputRequired({ inputRequests, requestState });
const form = (name) => inputRequired.elicit(OFFER.forms[name]);

// What the tools do; `cx` is the context of the call.
function toolsOf(host, server, modern) {
  const tell = async (send) => {
    await send();
    return text('told');
  };
  // A server of one request tells through what serves it; others tell by themselves.
  const notify = modern && host.notify;
  return {
    echo: ({ message }) => text(message),
    progress: async (_args, { mcpReq }) => {
      for (let progress = 1; progress <= 3; progress += 1) await report(mcpReq, progress, 3);
      return text('three steps');
    },
    log: async (_args, { mcpReq }) => {
      for (const level of ['debug', 'warning', 'error']) await mcpReq.log(level, { said: level }, 'fixture');
      return text('logged');
    },
    elicit: (_args, { mcpReq }) => {
      const answer = mcpReq.inputResponses?.name;
      return answer ? text(`${answer.action}: ${answer.content?.name}`) : asks({ name: form('name') });
    },
    elicit_url: async (_args, { mcpReq }) => {
      if (!modern) {
        // Asked by hand, since only who knows the id can tell that it is complete.
        const { action } = await mcpReq.elicitInput({ mode: 'url', elicitationId: 'go-1', ...OFFER.url });
        await server.createElicitationCompletionNotifier('go-1')();
        return text(action);
      }
      const answer = mcpReq.inputResponses?.go;
      return answer ? text(answer.action) : asks({ go: inputRequired.elicitUrl(OFFER.url) });
    },
    url_required: () => {
      throw new UrlElicitationRequiredError([{ mode: 'url', elicitationId: 'go-2', ...OFFER.url }]);
    },
    sample: (_args, { mcpReq }) => {
      const answer = mcpReq.inputResponses?.model;
      if (!answer) return asks({ model: inputRequired.createMessage(OFFER.sampling) });
      return text(`${answer.model}: ${answer.content.text}`);
    },
    roots: (_args, { mcpReq }) => {
      const answer = mcpReq.inputResponses?.roots;
      return answer ? text(answer.roots.map(({ uri }) => uri).join(' ')) : asks({ roots: inputRequired.listRoots() });
    },
    rounds: (_args, { mcpReq }) => {
      const state = mcpReq.requestState();
      const answers = mcpReq.inputResponses;
      if (state === undefined) {
        const given = acceptedContent(answers, 'name');
        // The second round asks nothing: the client comes back with the state alone.
        return given ? inputRequired({ requestState: JSON.stringify([given.name]) }) : asks({ name: form('name') });
      }
      const [name, asked] = JSON.parse(state);
      if (!asked) return asks({ colour: form('colour') }, JSON.stringify([name, 'ü\n']));
      return text(`${name} likes ${acceptedContent(answers, 'colour').colour}`);
    },
    slow: async (_args, { mcpReq }) => {
      mcpReq.signal.addEventListener('abort', () => (fixture.cancelled += 1));
      await report(mcpReq, 1);
      await wait(60_000, undefined, { signal: mcpReq.signal });
    },
    parting: async (_args, { mcpReq, http }) => {
      await report(mcpReq, 1);
      http.closeSSE();
      await report(mcpReq, 2);
      return text('together again');
    },
    forget: (_args, { sessionId }) => {
      // As if it had expired.
      host.sessions.delete(sessionId);
      return text('forgotten');
    },
    mirrored: ({ region, shards, dry, note }) => text(`${region} ${shards} ${dry} [${note}]`),
    cancelled: () => text(fixture.cancelled),
    add_tool: () => {
      if (!fixture.tools.includes(OFFER.addedTool)) fixture.tools.push(OFFER.addedTool);
      return tell(() => (notify ? notify.toolsChanged() : server.sendToolListChanged()));
    },
    change_prompts: () => tell(() => (notify ? notify.promptsChanged() : server.sendPromptListChanged())),
    change_resources: () => tell(() => (notify ? notify.resourcesChanged() : server.sendResourceListChanged())),
    update_resource: ({ uri }) => {
      if (!modern && !fixture.subscribed.has(uri)) return text('nobody wants to know');
      return tell(() => (notify ? notify.resourceUpdated(uri) : server.sendResourceUpdated({ uri })));
    },
    end_listens: () => {
      setTimeout(() => host.close(), 50);
      return text('ended');
    },
  };
}

// Asks for a name, where the revision has forms; `respond` makes the result of it.
function who(server, { mcpReq }, respond) {
  if (server.getNegotiatedProtocolVersion() < FORMS) return respond('nobody');
  const given = acceptedContent(mcpReq.inputResponses, 'name');
  return given ? respond(given.name) : asks({ name: form('name') });
}

const greeting = (name) => ({ messages: [{ role: 'user', content: { type: 'text', text: `Hello, ${name}!` } }] });
const contentOf = (uri, said) => ({ contents: [{ uri, mimeType: 'text/plain', text: said }] });

function readResource(server, { uri }, cx, modern) {
  if (uri === 'test://who') return who(server, cx, (name) => contentOf(uri, name));
  if (uri === 'test://blob') return { contents: [{ uri, blob: OFFER.blob }] };
  if (uri !== 'test://text' && !uri.startsWith('test://page/')) {
    throw new ProtocolError(modern ? INVALID_PARAMS : -32002, 'Resource not found', { uri });
  }
  return contentOf(uri, `content of ${uri}`);
}

function getPrompt(server, { name, arguments: args }, cx) {
  if (name === 'who') return who(server, cx, greeting);
  if (!OFFER.prompts.some((prompt) => prompt.name === name)) throw invalid(`Unknown prompt: ${name}`);
  return greeting(args?.name ?? 'nobody');
}

function complete({ argument: { name, value } }) {
  const values = (OFFER.completions[name] ?? []).filter((known) => known.startsWith(value));
  return { completion: { values, total: values.length, hasMore: false } };
}

// What all servers of this process have in common: over HTTP there is one for each request.
const fixture = { tools: [...OFFER.tools], cancelled: 0, subscribed: new Set() };

async function report({ _meta, notify }, progress, total) {
  const progressToken = _meta?.progressToken;
  if (progressToken === undefined) return;
  const params = { progressToken, progress, total, message: `step ${progress}` };
  await notify({ method: 'notifications/progress', params });
}

// A server of an era; `host` is what serves it: it can `close` all, and over HTTP has `notify` and `sessions`.
export function create(host, { era }) {
  const modern = era === 'modern';
  const info = { name: 'typescript-fixture', version: '1.0.0' };
  const server = new Server(info, { capabilities: CAPABILITIES, instructions: OFFER.instructions });
  const tools = toolsOf(host, server, modern);
  const lists = {
    'tools/list': ['tools', () => fixture.tools],
    'prompts/list': ['prompts', () => OFFER.prompts],
    'resources/list': ['resources', () => OFFER.resources],
    'resources/templates/list': ['resourceTemplates', () => OFFER.resourceTemplates],
  };
  for (const [method, [member, entries]] of Object.entries(lists)) {
    server.setRequestHandler(method, ({ params }) => page(member, entries(), params));
  }
  server.setRequestHandler('tools/call', async ({ params: { name, arguments: args } }, cx) => {
    if (!fixture.tools.some((tool) => tool.name === name)) throw invalid(`Unknown tool: ${name}`);
    return OFFER.results[name] ?? tools[name](args ?? {}, cx);
  });
  server.setRequestHandler('prompts/get', ({ params }, cx) => getPrompt(server, params, cx));
  server.setRequestHandler('resources/read', ({ params }, cx) => readResource(server, params, cx, modern));
  server.setRequestHandler('completion/complete', ({ params }) => complete(params));
  if (!modern) {
    const note = (kind) => ({ params }) => (fixture.subscribed[kind](params.uri), {});
    server.setRequestHandler('resources/subscribe', note('add'));
    server.setRequestHandler('resources/unsubscribe', note('delete'));
  }
  return server;
}
