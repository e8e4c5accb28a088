"""Reads the results of one run of the conformance suite, more strictly than the suite does itself.

Usage: judge.py NAME RESULTS EXPECTED CHECKS

RESULTS is the folder that the suite wrote, EXPECTED a file with the scenarios that must be there, one a line. Only
they are judged, because the suite also runs scenarios of extensions that the server does not have. CHECKS is how many
checks must have succeeded in all: one that is no longer made is noticed.
"""

import json
import re
import sys
from pathlib import Path

# A scenario that fails no check may still have checked nothing. This one is implied in all of them.
IMPLIED = "wire-schema-valid"
# What the suite calls information where a server leaves it out.
WANTED = {
    "server-sse-polling": ["server-sse-priming-event", "server-sse-retry-field", "server-sse-disconnect-resume"],
}
# What a client of the revision that a scenario is about never sends.
UNSENT = {
    "http-standard-headers": ["ClientMcpMethodHeader_initialize", "ClientMcpMethodHeader_notifications_initialized"],
}


def scenarios(results):
    """The checks of each scenario that was run, by its name."""
    found = {}
    for file in sorted(Path(results).rglob("checks.json")):
        name = re.sub(r"-\d{4}-\d\d-\d\dT.*$", "", file.parent.name).removeprefix("server-")
        found[name] = json.loads(file.read_text())
    return found


def faults(name, checks):
    """What is wrong with the checks of a scenario."""
    for check in checks:
        if check["status"] == "SKIPPED" and check["name"] in UNSENT.get(name, []):
            continue
        if check["status"] not in ("SUCCESS", "INFO"):
            said = check.get("errorMessage") or check.get("description") or ""
            yield f"{check['status']} {check['id']}: {said[:300]}"
    succeeded = {check["id"] for check in checks if check["status"] == "SUCCESS"}
    if not succeeded - {IMPLIED}:
        yield "nothing was checked"
    for wanted in WANTED.get(name, []):
        if wanted not in succeeded:
            yield f"{wanted} did not succeed"


def main(title, results, expected, least):
    found = scenarios(results)
    names = Path(expected).read_text().split()
    wrong = [] if names else ["no scenario is expected"]
    succeeded = 0
    for name in names:
        checks = found.get(name)
        if checks is None:
            wrong.append(f"{name}: was not run")
            continue
        succeeded += sum(check["status"] == "SUCCESS" for check in checks)
        wrong += [f"{name}: {fault}" for fault in faults(name, checks)]
    if succeeded < int(least):
        wrong.append(f"{succeeded} checks succeeded, and {least} should")
    for fault in wrong:
        print(f"  {fault}")
    print(f"{title:<32} {len(names):>3} scenarios {succeeded:>4} checks passed {len(wrong):>3} failures", flush=True)
    return not wrong


if __name__ == "__main__":
    sys.exit(0 if main(*sys.argv[1:]) else 1)
