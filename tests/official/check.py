"""Validates messages against the official JSON schema of their revisions.

check.py FOLDER < MESSAGES

FOLDER has a folder for each revision with its schema.json. MESSAGES are lines as the example
`messages` prints them.
"""

import collections
import json
import pathlib
import sys

from jsonschema.validators import validator_for

# JSON-RPC wants null where an id could not be read. The schemas of these revisions have no place
# for it.
WITHOUT_NULL = {"2024-11-05", "2025-03-26", "2025-06-18"}


class Schema:
    """One revision: which definition each method has, and a validator for each definition."""

    def __init__(self, path):
        self.root = json.loads(path.read_text())
        self.key = "$defs" if "$defs" in self.root else "definitions"
        self.definitions = self.root[self.key]
        self.methods = {}
        for name, definition in self.definitions.items():
            method = definition.get("properties", {}).get("method", {}).get("const")
            if method:
                self.methods[method] = name
        self.validators = {}

    def validator(self, name):
        if name not in self.validators:
            schema = {**self.root, "$ref": f"#/{self.key}/{name}"}
            self.validators[name] = validator_for(self.root)(schema)
        return self.validators[name]

    def result_of(self, method, result):
        if result.get("resultType") == "input_required":
            return "InputRequiredResult"
        name = self.methods.get(method, "").removesuffix("Request") + "Result"
        return name if name in self.definitions and name != "Result" else "EmptyResult"

    def errors(self, line):
        message = line["message"]
        if line["version"] in WITHOUT_NULL and "error" in message and message.get("id") is None:
            message = {**message, "id": 0}
        parts = [("JSONRPCMessage", message)]
        method = message.get("method")
        if method in self.methods:
            parts.append((self.methods[method], message))
        elif "result" in message and line["answers"] in self.methods:
            parts.append((self.result_of(line["answers"], message["result"]), message["result"]))
        for name, part in parts:
            for error in self.validator(name).iter_errors(part):
                yield f"{name}: {error.json_path}: {error.message[:200]}"


def main():
    folder = pathlib.Path(sys.argv[1])
    schemas, counts, failed = {}, collections.Counter(), collections.Counter()
    for text in sys.stdin:
        line = json.loads(text)
        version = line["version"]
        if version not in schemas:
            schemas[version] = Schema(folder / version / "schema.json")
        counts[version] += 1
        for error in schemas[version].errors(line):
            failed[f"{version} {'server' if line['by_server'] else 'client'}: {error}"] += 1
    for error, count in sorted(failed.items()):
        print(f"{count:4} times {error}")
    for version, count in sorted(counts.items()):
        print(f"{version}: {count} messages")
    print(f"{sum(counts.values())} messages checked, {sum(failed.values())} errors")
    return 1 if failed or len(counts) < 5 else 0


if __name__ == "__main__":
    sys.exit(main())
