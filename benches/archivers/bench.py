"""The cases, and how a round of them is measured."""

import json
import os
import sys

import measure
import workspace
from azurite import CONTAINER
from tools import TREE

LOCAL = {
    "first": "First save",
    "again": "Saved again: unchanged, freshly checked out",
    "changed": "Saved again: 1 % of the files changed in place",
    "restore": "Restored into a fresh path",
    "file": "One file out",
}
REMOTE = {
    "azurite-save": "First save, through Azurite",
    "azurite-restore": "Restored into a fresh path, through Azurite",
}
# The cases that save, and the tree that they find at the one path from which everything is saved.
SAVES = {"first": "first", "again": "again", "changed": "again", "azurite-save": "first"}


class Bench:
    """One run: the trees, where the tools may write, and what was measured."""

    def __init__(self, only, here, source):
        self.only, self.here = only, here
        self.place, self.placed = here / TREE, None
        self.trees = {name: here / "trees" / name for name in ("first", "again")}
        self.samples, self.wrong, self.logs, self.server = [], [], 0, None
        (here / "home").mkdir()
        (here / "trees").mkdir()
        for tree in self.trees.values():
            workspace.fresh_checkout(source, tree)
        self.floor = measure.floor(here, self.environment(), here / "floor")

    def environment(self, **more):
        """The variables of every command."""
        return measure.environment(self.here / "home", **(self.server.env if self.server else {}), **more)

    def round(self, number, tools, cases):
        """Measures each case with one tool after the other; who begins changes from round to round."""
        turn = number % len(tools)
        order = [tool for tool in tools[turn:] + tools[:turn] if not (tool.slow and number)]
        stores = {tool: self.store(number, tool) for tool in order}
        wanted = [case for case in cases if case in self.only]
        if not SAVES.keys() & wanted:
            wanted.insert(0, next(iter(cases)))
        change = None
        try:
            for case in wanted:
                self.put(SAVES.get(case, self.placed))
                if case == "changed":
                    change = workspace.Change(self.place)
                for tool in order:
                    if not (tool.slow and case in SAVES and case != wanted[0]):
                        print(f"round {number + 1}: {case}: {tool.name}", file=sys.stderr, flush=True)
                        self.attempt(number, case, tool, stores[tool])
        finally:
            if change:
                change.undo()

    def store(self, number, tool):
        """A new store for a tool."""
        name = "".join(c if c.isalnum() else "-" for c in tool.name)
        store = self.here / f"round-{number}" / name / "store"
        for part in ("data", "cache"):
            (store / part).mkdir(parents=True)
        self.run(tool, store, tool.prepare(store))
        return store

    def put(self, tree):
        """Gives a tree the path from which everything is saved."""
        if self.placed != tree:
            if self.placed:
                self.place.rename(self.trees[self.placed])
            self.trees[tree].rename(self.place)
            self.placed = tree

    def attempt(self, number, case, tool, store):
        """Measures one case with one tool; one that fails does not take the others' numbers with it."""
        try:
            self.case(number, case, tool, store)
        except measure.Failed as error:
            self.wrong.append(f"{tool.name}, {case}: {error}")

    def case(self, number, case, tool, store):
        """Measures one case with one tool, from a warm page cache and with nothing left to be written."""
        stored = None
        if case in SAVES:
            workspace.warm(self.place)
            before = self.stored(store)
            os.sync()
            sample, printed = self.run(tool, store, tool.save(store, case))
            tool.saved(printed)
            stored = self.stored(store) - before
        else:
            workspace.warm(self.server.data if self.server else store)
            into = store.parent / case
            into.mkdir()
            os.sync()
            sample = (self.one_file if case == "file" else self.restore)(tool, store, into, number == 0)
        if case in self.only:
            self.samples.append({"case": case, "tool": tool.name, "round": number, **vars(sample), "stored": stored})

    def one_file(self, tool, store, into, _):
        """Takes one file out and compares it."""
        path = workspace.one_file(self.place)
        sample, _ = self.run(tool, store, tool.one(store, path, into / "one"))
        if (into / "one").read_bytes() != (self.place / path).read_bytes():
            self.wrong.append(f"{tool.name}: {path} alone is not what was saved")
        return sample

    def restore(self, tool, store, into, check):
        """Restores everything and, when asked to, compares it with what was saved."""
        sample, _ = self.run(tool, store, tool.restore(store, into))
        if check:
            differ = workspace.differences(self.place, into / TREE)
            allowed = tool.may_differ(lambda script: self.run(tool, store, script)[1])
            differ = [path for path in differ if path not in allowed]
            if differ:
                some = ", ".join(differ[:5])
                self.wrong.append(f"{tool.name}: {len(differ)} paths are not restored as they were saved: {some}")
        return sample

    def run(self, tool, store, script):
        """Runs a line of bash for a tool; returns what it cost and what it printed."""
        self.logs += 1
        log = self.here / f"log-{self.logs:04}"
        sample = measure.measured(script, self.here, self.environment(**tool.environment(store)), log)
        return sample, log.with_suffix(".out").read_text(errors="replace")

    def stored(self, store):
        """Bytes stored so far: in the tool's directory, or in all of the server."""
        if not self.server:
            return workspace.stored(store / "data")
        return json.loads(measure.output("rclone", "size", "--json", f"az:{CONTAINER}", env=self.environment()))["bytes"]
