// Node's `fetch`, many at once, against a server whose first line is `listening on URL`:
//
//     node crowd.mjs COMMAND [ARGUMENT…]
//
// tiny_http by itself answers 4 of 16.

import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

const deadline = 20_000;
const [command, ...rest] = process.argv.slice(2);
const server = spawn(command, rest, { env: { ...process.env, PORT: '0' }, stdio: ['ignore', 'pipe', 'inherit'] });
const line = await new Promise((resolve, reject) => {
  createInterface({ input: server.stdout }).once('line', resolve);
  server.once('exit', () => reject(new Error('the server ended')));
});
const url = line.replace('listening on ', '');
const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
const meta = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientInfo': { name: 'crowd', version: '1.0.0' },
  'io.modelcontextprotocol/clientCapabilities': {},
};

async function post(fields, message) {
  const signal = AbortSignal.timeout(deadline);
  const body = JSON.stringify({ jsonrpc: '2.0', ...message });
  const response = await fetch(url, { method: 'POST', headers: { ...headers, ...fields }, body, signal });
  return { response, text: await response.text() };
}

// Each answer is that of the request, and of no other in the crowd.
function check(id, { response, text }) {
  const whole = response.status === 200 && text.includes('"result":');
  if (!whole || !text.includes(`"id":${id},`)) throw new Error(`${response.status}: ${text}`);
}

// A request by itself, as of 2026-07-28.
async function call(id) {
  const fields = { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/list' };
  check(id, await post(fields, { id, method: 'tools/list', params: { _meta: meta } }));
}

// A session with its stream and a call beside it, as of 2025-11-25.
async function session(id) {
  const clientInfo = { name: 'crowd', version: '1.0.0' };
  const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo };
  const { response } = await post({}, { id: 1, method: 'initialize', params });
  const fields = { 'mcp-session-id': response.headers.get('mcp-session-id'), 'mcp-protocol-version': '2025-11-25' };
  await post(fields, { method: 'notifications/initialized' });
  const leave = new AbortController();
  const stream = await fetch(url, { headers: { ...headers, ...fields }, signal: leave.signal });
  if (stream.status !== 200) throw new Error(`the stream: ${stream.status}`);
  check(id, await post(fields, { id, method: 'tools/list', params: {} }));
  return leave;
}

let failed = false;
for (const [name, ask] of [['calls', call], ['sessions with streams', session]]) {
  for (const count of [16, 64]) {
    const began = performance.now();
    const crowd = Array.from({ length: count }, (_, index) => ask(1000 + index));
    const outcomes = await Promise.allSettled(crowd);
    const refused = outcomes.filter(({ status }) => status === 'rejected');
    for (const { value } of outcomes) value?.abort();
    const took = Math.round(performance.now() - began);
    console.log(`${count} ${name} at once: ${count - refused.length} served in ${took} ms`);
    if (refused.length > 0) {
      failed = true;
      console.log(String(refused[0].reason));
    }
  }
}
server.kill('SIGTERM');
process.exit(failed ? 1 : 0);
