// A transport of the official client over a server process that is started here, so that a test can see and write raw
// lines beside the client. `lines` has every line that the server wrote.

import { spawn } from 'node:child_process';

export class Pipe {
  constructor([command, ...args]) {
    this.command = command;
    this.args = args;
    this.lines = [];
  }

  async start() {
    this.process = spawn(this.command, this.args, { stdio: ['pipe', 'pipe', 'ignore'] });
    this.ended = new Promise((resolve) => this.process.on('exit', resolve));
    this.process.stdin.on('error', (error) => this.onerror?.(error));
    let rest = Buffer.alloc(0);
    this.process.stdout.on('data', (chunk) => {
      rest = Buffer.concat([rest, chunk]);
      for (let end = rest.indexOf('\n'); end >= 0; end = rest.indexOf('\n')) {
        this.take(rest.subarray(0, end).toString());
        rest = rest.subarray(end + 1);
      }
    });
    this.process.stdout.on('close', () => this.onclose?.());
  }

  take(line) {
    this.lines.push(line);
    try {
      this.onmessage?.(JSON.parse(line));
    } catch (error) {
      this.onerror?.(error);
    }
  }

  async send(message) {
    await this.write(`${JSON.stringify(message)}\n`);
  }

  // Writes text or bytes as they are.
  write(data) {
    return new Promise((resolve) => this.process.stdin.write(data, resolve));
  }

  // Closes the server's input and waits for its end.
  async exitStatus(milliseconds) {
    this.process.stdin.end();
    const late = new Promise((resolve) => setTimeout(resolve, milliseconds, 'still running').unref());
    return Promise.race([this.ended, late]);
  }

  async close() {
    this.process?.kill('SIGKILL');
  }

  messages(since = 0) {
    return this.lines.slice(since).map((line) => JSON.parse(line));
  }

  // What tells the client that this is a pipe, not HTTP.
  get pid() {
    return this.process?.pid ?? null;
  }

  get stderr() {
    return null;
  }
}
