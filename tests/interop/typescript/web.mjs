// A server process behind HTTP.

import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

// How soon the server has to have ended. A call that goes on although its client is gone takes longer.
const END_MILLISECONDS = 8000;

export class Web {
  // Starts a server and waits for the line that says where it listens.
  static async start([command, ...args]) {
    const process = spawn(command, args, { stdio: ['ignore', 'pipe', 'ignore'] });
    const ended = new Promise((resolve) => process.on('exit', (status, signal) => resolve(status ?? signal)));
    const line = new Promise((resolve) => createInterface(process.stdout).once('line', resolve));
    const first = await Promise.race([line, ended.then((status) => `an end with ${status}`)]);
    const url = /^listening on (http:\/\/127\.0\.0\.1:\d+\/mcp)$/.exec(first)?.[1];
    if (!url) throw new Error(`the first line is ${first}`);
    return Object.assign(new Web(), { process, ended, url });
  }

  // Ends the server in good order, and says with which status it ended.
  async stop() {
    this.process.kill('SIGTERM');
    const late = new Promise((resolve) => setTimeout(resolve, END_MILLISECONDS, 'still running').unref());
    const status = await Promise.race([this.ended, late]);
    this.process.kill('SIGKILL');
    return status;
  }
}
