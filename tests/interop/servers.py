"""Drives servers that others wrote with our client, and counts the checks by server and era.

`servers.py TRANSPORT PROGRAMS MODULES NODE PEERS [SERVER…]`: over `pipes` or `HTTP`; the folders of our programs, of
what npm installed, and of the programs on the official Rust SDK.
"""

import json
import os
import re
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

HERE = Path(__file__).parent
LEGACY = ["2025-03-26", "2025-06-18", "2025-11-25"]
OLDEST = "2024-11-05"
MODERN = "2026-07-28"
# Far beyond what a run takes, so that one that hangs fails.
SECONDS = 180


def servers(modules, node, peers):
    """The commands of each server: over pipes, and over HTTP."""
    everything = f"{modules}/node_modules/@modelcontextprotocol/server-everything/dist/index.js"
    python, typescript = [sys.executable, f"{HERE}/python/server.py"], [node, f"{modules}/server.mjs"]
    return {
        "everything": {
            "plan": "everything",
            "modern": False,
            "pipes": [node, everything, "stdio"],
            "HTTP": [node, everything, "streamableHttp"],
        },
        "python": {"plan": "fixture", "modern": True, "pipes": python, "HTTP": [*python, "--http"]},
        "typescript": {"plan": "fixture", "modern": True, "pipes": typescript, "HTTP": [*typescript, "--http"]},
        "rmcp": {"plan": "fixture", "modern": True, "HTTP": [f"{peers}/rmcp_fixture"]},
        # Without sessions, and with answers in JSON: nothing comes but answers.
        "python-plain": {"plan": "plain", "modern": True, "HTTP": [*python, "--http", "--plain"]},
        "ts-plain": {"plan": "plain", "modern": True, "HTTP": [*typescript, "--http", "--plain"]},
        "rmcp-plain": {"plan": "plain", "modern": True, "HTTP": [f"{peers}/rmcp_fixture", "--plain"]},
    }


@contextmanager
def place(server, transport):
    """Where our programs find a server: a command that they start, or a URL while this lasts."""
    command = server[transport]
    if transport == "pipes":
        yield ["--", *command]
        return
    # For those that cannot be told to take any port, and to say which.
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    process = subprocess.Popen(command, env=os.environ | {"PORT": str(port)}, text=True, **pipes)
    try:
        for line in process.stdout:
            found = re.search(r"listening on (?:port|http://127.0.0.1:)\s*(\d+)", line)
            if found:
                break
        else:
            raise RuntimeError(f"{command} does not listen")
        with ThreadPoolExecutor(1) as pool:
            # What it says further is of no interest, but it must not wait for a reader.
            pool.submit(lambda: [None for _ in process.stdout])
            try:
                yield ["--url", f"http://127.0.0.1:{found[1]}/mcp"]
            finally:
                process.kill()
    finally:
        process.kill()
        process.wait()


def run(command):
    """A run's status and what it printed; a run that hangs has no status."""
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=SECONDS)
    except subprocess.TimeoutExpired as late:
        return None, str(late.stdout), str(late.stderr)
    return done.returncode, done.stdout, done.stderr


class Checks:
    def __init__(self):
        self.lines = []
        self.passed = self.failed = 0

    def check(self, name, holds, seen=""):
        self.passed += holds
        self.failed += not holds
        if not holds:
            self.lines.append(f"FAIL {name}: {seen}")


def by_client(programs, server, transport, era):
    """The test client prints a line for each check; those that are not fine are passed on."""
    checks = Checks()
    with place(server, transport) as where:
        status, out, err = run([f"{programs}/interop_client", f"{HERE}/plans.json", server["plan"], era, *where])
    lines = out.splitlines()
    checks.lines = [line for line in lines if line.startswith(("FAIL", "skip"))]
    counts = re.fullmatch(r"(\d+) passed, (\d+) failed", lines[-1] if lines else "")
    if counts:
        checks.passed, checks.failed = map(int, counts.groups())
    checks.check("the run of the client ends well", bool(counts) and status == 0, (status, out[-2000:], err[-2000:]))
    return checks


def by_editor(programs, server, transport, era):
    """What an editor does: status, stdout and stderr of each call."""
    with place(server, transport) as where:
        return edit(server, era, lambda *words: run([f"{programs}/examples/editor", "--era", era, *words, *where]))


def edit(server, era, call):
    checks = Checks()

    def check(name, seen, status, part=None):
        """`part` is in the result, which stands alone on stdout; there is none where there is no part."""
        right = seen[0] == status
        if part is None:
            right = right and seen[1] == ""
        else:
            result = json.loads(seen[1]) if len(seen[1].splitlines()) == 1 else {}
            right = right and "content" in result and part in json.dumps(result, ensure_ascii=False)
        checks.check(f"{era}: {name}", right, seen)

    if era == MODERN and not server["modern"]:
        seen = call("--call", "echo")
        check("a server that does not speak the revision is given up", seen, 1)
        checks.check("the reason is named", "speaks no revision" in seen[2], seen)
        return checks
    check("a call prints its result", call("--call", "echo", "--args", '{"message": "hällo"}'), 0, "hällo")
    check("a tool that is not there is an error", call("--call", "no such tool"), 1, *server.get("unknown", []))
    offer = call()
    check("without a call nothing is printed", offer, 0)
    wanted = ["tool echo: ", "prompt ", "resource ", "template "]
    checks.check("the offer is shown", all(part in offer[2] for part in wanted), offer)
    for tool, status, part, shown in server["calls"]:
        seen = call("--call", tool)
        check(f"{tool} is called", seen, status, part)
        checks.check(f"{tool} shows {shown}", shown in seen[2], seen)
    return checks


# What an editor calls besides: the tool, its exit status, a part of the result, and one of what is shown.
CALLS = {
    "everything": [
        ("trigger-elicitation-request", 0, "User declined", ""),
        ("get-structured-content", 1, "isError", ""),
    ],
    "fixture": [
        ("progress", 0, "three steps", "progress 3 of 3"),
        ("log", 0, "logged", "warning fixture"),
        ("elicit", 0, "decline", ""),
        ("failing", 1, "it failed", ""),
    ],
    "plain": [
        ("structured", 0, "21.5", ""),
        ("failing", 1, "it failed", ""),
    ],
}


def main(transport, programs, modules, node, peers, *names):
    known = servers(modules, node, peers)
    works = []
    with ThreadPoolExecutor(2) as pool:
        for name in names or [name for name in known if transport in known[name]]:
            server = known[name] | {"calls": CALLS[known[name]["plan"]]}
            if name == "everything":
                server["unknown"] = ["not found"]
            eras = ["auto", "legacy", *([OLDEST] if transport == "pipes" else []), *LEGACY]
            eras += [MODERN] if server["modern"] else []
            eras = [] if server["plan"] == "plain" else eras
            works += [(name, era, "client", pool.submit(by_client, programs, server, transport, era)) for era in eras]
            for era in ["auto", "legacy", MODERN]:
                works.append((name, era, "editor", pool.submit(by_editor, programs, server, transport, era)))
        table, passed, failed = [], 0, 0
        for name, era, program, work in works:
            checks = work.result()
            for line in checks.lines:
                print(f"{name} {era}: {line}", flush=True)
            table.append(f"  {name:<12} {era:<12} {program:<8} {checks.passed:4} passed {checks.failed:3} failed")
            passed, failed = passed + checks.passed, failed + checks.failed
    print(f"\nchecks over {transport} by server, era and program of ours:", *table, sep="\n")
    print(f"{passed} passed, {failed} failed")
    return failed == 0


if __name__ == "__main__":
    sys.exit(0 if main(*sys.argv[1:]) else 1)
