// A server on the official TypeScript SDK in both eras, over stdio, or with `--http`. With `--plain` too, there are no
// sessions, and answers of 2026-07-28 are JSON.

import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';

import { toNodeHandler } from '@modelcontextprotocol/node';
import { WebStandardStreamableHTTPServerTransport, createMcpHandler, isLegacyRequest } from '@modelcontextprotocol/server';
import { serveStdio } from '@modelcontextprotocol/server/stdio';

import { create } from './fixture.mjs';

const onerror = (error) => console.error(String(error));

// Every event of a session's streams, for those who come back; an event's id is its place in the list.
class Events {
  #events = [];

  async storeEvent(stream, message) {
    return String(this.#events.push({ stream, message }));
  }

  async getStreamIdForEventId(id) {
    return this.#events[Number(id) - 1]?.stream;
  }

  async replayEventsAfter(last, { send }) {
    const { stream } = this.#events[Number(last) - 1];
    for (const [place, event] of this.#events.entries()) {
      const isMessage = Object.keys(event.message).length > 0;
      if (place >= Number(last) && event.stream === stream && isMessage) await send(String(place + 1), event.message);
    }
    return stream;
  }
}

// Sessions for the older revisions, and 2026-07-28 beside them at the same path.
function serveHttp({ plain }) {
  const host = {};
  const kind = plain ? { legacy: 'stateless', responseMode: 'json' } : { legacy: 'reject' };
  const handle = createMcpHandler((context) => create(host, context), { ...kind, onerror });
  const sessions = new Map();
  Object.assign(host, { close: handle.close, notify: handle.notify, sessions });

  async function open(request) {
    const transport = new WebStandardStreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      eventStore: new Events(),
      retryInterval: 50,
      onsessioninitialized: (id) => void sessions.set(id, transport),
      onsessionclosed: (id) => void sessions.delete(id),
    });
    await create(host, { era: 'legacy' }).connect(transport);
    return transport.handleRequest(request);
  }

  async function fetch(request, options) {
    if (plain || !(await isLegacyRequest(request))) return handle.fetch(request, options);
    const id = request.headers.get('mcp-session-id');
    if (id === null) return open(request);
    return sessions.get(id)?.handleRequest(request) ?? new Response('No such session', { status: 404 });
  }

  const server = createServer(toNodeHandler({ fetch }));
  server.listen(0, '127.0.0.1', () => console.log(`listening on http://127.0.0.1:${server.address().port}/mcp`));
}

function serve() {
  const host = { close: () => handle.close() };
  const handle = serveStdio((context) => create(host, context), { onerror });
}

if (process.argv[2] === '--http') serveHttp({ plain: process.argv[3] === '--plain' });
else serve();
