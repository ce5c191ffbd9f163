"""The tools that are compared. Each is told in lines of bash; all run in a directory that holds `workspace`.

A tool has a store, a directory of its own for every round, with `data` (what counts as stored) and `cache` in it.
What a tool restores into DIRECTORY lies in DIRECTORY/workspace.
"""

import json
import os
import re
import shutil
import sys
from shlex import quote

from measure import Failed, output

TREE = "workspace"


def unique(store):
    """A name for a tool's objects in one round: all rounds share the server."""
    return "-".join(store.parts[-3:-1])


class Tool:
    """One peer. The methods return bash; `store` and `into` are absolute paths."""

    needs = {}  # program → its Debian package
    versions = ()  # the commands that print them
    slow = False  # so slow that it is run once, and only for what cannot be told from another case

    def __init__(self, name):
        self.name = name
        self.last = None  # what the last save is called

    def environment(self, store):
        """Variables for all its commands."""
        return {}

    def prepare(self, store):
        """Run once before the first save, not timed."""
        return "true"

    def saved(self, printed):
        """Takes notice of what a save printed."""

    def may_differ(self, run):
        """Paths that the tool changes by design and says so. `run` runs a line of bash and returns what it prints."""
        return set()


class Tar(Tool):
    """tar piped through zstd on all cores."""

    needs = {"tar": "tar", "zstd": "zstd"}
    versions = (("tar", "--version"), ("zstd", "--version"))

    def save(self, store, case):
        self.last = store / "data" / f"{case}.tar.zst"
        return f"tar -cf - {TREE} | zstd -q -3 -T0 -o {quote(str(self.last))}"

    def restore(self, store, into):
        return f"zstd -q -dc {quote(str(self.last))} | tar -xf - -C {quote(str(into))}"

    def one(self, store, path, to):
        # tar would go on reading to the end even when told that one occurrence is enough: then zstd's pipe breaks.
        return f"zstd -q -dc {quote(str(self.last))} | tar -xOf - {quote(f'{TREE}/{path}')} > {quote(str(to))}"


class Zip(Tool):
    """Info-ZIP."""

    needs = {"zip": "zip", "unzip": "unzip"}
    versions = (("zip", "--version"), ("unzip", "-v"))

    def save(self, store, case):
        self.last = store / "data" / f"{case}.zip"
        return f"zip -q -r -6 -y {quote(str(self.last))} {TREE}"

    def restore(self, store, into):
        return f"unzip -q -d {quote(str(into))} {quote(str(self.last))}"

    def one(self, store, path, to):
        return f"unzip -q -p {quote(str(self.last))} {quote(f'{TREE}/{path}')} > {quote(str(to))}"


class SevenZip(Tool):
    """7-Zip. Links need switches: it follows them when it saves, and refuses those with `..` when it restores."""

    needs = {"7zz|7z": "7zip|p7zip-full"}

    def __init__(self, level):
        super().__init__(f"7z -mx{level}")
        self.level, self.slow = level, level > 5

    @property
    def program(self):
        return "7zz" if shutil.which("7zz") else "7z"

    @property
    def versions(self):
        return ((self.program,),)

    def save(self, store, case):
        self.last = store / "data" / f"{case}.7z"
        return f"{self.program} a -bd -bso0 -snl -snh -mx{self.level} {quote(str(self.last))} {TREE}"

    def restore(self, store, into):
        return f"{self.program} x -bd -bso0 -snl -snh -snld20 {quote(f'-o{into}')} {quote(str(self.last))}"

    def one(self, store, path, to):
        return f"{self.program} e -bd -so {quote(str(self.last))} {quote(f'{TREE}/{path}')} > {quote(str(to))}"


class Restic(Tool):
    """restic with its defaults, into a directory or, with an `address`, through rclone."""

    needs = {"restic": "restic"}
    versions = (("restic", "version"),)

    def __init__(self, name, address=None):
        super().__init__(name)
        self.address = address
        if address:
            self.needs = {**self.needs, "rclone": "rclone"}

    def environment(self, store):
        return {
            "RESTIC_REPOSITORY": f"{self.address}/{unique(store)}" if self.address else str(store / "data" / "repo"),
            "RESTIC_CACHE_DIR": str(store / "cache"),
            "RESTIC_PASSWORD": "x",
        }

    def prepare(self, store):
        return "restic init"

    def save(self, store, case):
        return f"restic backup -q {TREE}"

    def restore(self, store, into):
        return f"restic restore -q latest --target {quote(str(into))}"

    def one(self, store, path, to):
        return f"restic dump latest {quote(f'/{TREE}/{path}')} > {quote(str(to))}"


class Rustic(Restic):
    """rustic with its defaults, which are restic's format."""

    needs = {}
    versions = (("rustic", "--version"),)

    def environment(self, store):
        variables = super().environment(store)
        return {name.replace("RESTIC", "RUSTIC"): value for name, value in variables.items()}

    def prepare(self, store):
        return "rustic init"

    def save(self, store, case):
        return f"rustic backup --as-path /{TREE} {TREE}"

    def restore(self, store, into):
        return f"rustic restore latest {quote(str(into))}"

    def one(self, store, path, to):
        return f"rustic dump {quote(f'latest:/{TREE}/{path}')} > {quote(str(to))}"


class Borg(Tool):
    """borg with its defaults (lz4), without encryption."""

    needs = {"borg": "borgbackup"}
    versions = (("borg", "--version"),)

    def environment(self, store):
        return {
            "BORG_REPO": str(store / "data" / "repo"),
            "BORG_BASE_DIR": str(store / "cache"),
            "BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK": "yes",
        }

    def prepare(self, store):
        return "borg init -e none"

    def save(self, store, case):
        self.last = case
        return f"borg create ::{case} {TREE}"

    def restore(self, store, into):
        return f"cd {quote(str(into))} && borg extract ::{self.last}"

    def one(self, store, path, to):
        return f"borg extract --stdout ::{self.last} {quote(f'{TREE}/{path}')} > {quote(str(to))}"


class Ours(Tool):
    """ci-tool in one of its formats, as it is: secrets are searched for and masked."""

    def __init__(self, binary, format, url=None):
        super().__init__(f"ci-tool {format}")
        self.binary, self.format, self.url = quote(str(binary)), format, url
        self.versions = ((binary, "--version"),)

    def environment(self, store):
        return {"CI_TOOL_STORE": f"{self.url}/{unique(store)}" if self.url else str(store / "data"), "XDG_CACHE_HOME": str(store / "cache")}

    def save(self, store, case):
        return f"{self.binary} --output json repro save --workspace {TREE} --job bench --format {self.format}"

    def saved(self, printed):
        self.last = json.loads(printed)["id"]

    def restore(self, store, into):
        return f"{self.binary} -q repro restore {self.last} --into {quote(str(into))}"

    def one(self, store, path, to):
        return f"{self.binary} repro get {self.last} {quote(str(path))} --to - > {quote(str(to))}"

    def may_differ(self, run):
        removed = json.loads(run(f"{self.binary} --output json repro show {self.last}"))["details"]["removed"]
        return {each["name"].removeprefix(f"{TREE}/") for each in removed if each["place"] == "file"}


class TarRclone(Tar):
    """tar and zstd as above, then rclone; in one pipe, or by way of a file as rclone's upload of files is faster."""

    needs = {**Tar.needs, "rclone": "rclone"}
    versions = (*Tar.versions, ("rclone", "version"))

    def __init__(self, name, container, pipe):
        super().__init__(name)
        self.container, self.pipe = container, pipe

    def save(self, store, case):
        self.last = f"{self.container}/{unique(store)}-{case}.tar.zst"
        pack = f"tar -cf - {TREE} | zstd -q -3 -T0"
        if self.pipe:
            return f"{pack} | rclone -q rcat {self.last}"
        file = quote(str(store / "cache" / f"{case}.tar.zst"))
        return f"{pack} -o {file}; rclone -q copyto {file} {self.last}"

    def restore(self, store, into):
        unpack = f"tar -xf - -C {quote(str(into))}"
        if self.pipe:
            return f"rclone -q cat {self.last} | zstd -q -dc | {unpack}"
        file = quote(str(store / "cache" / "restored.tar.zst"))
        return f"rclone -q copyto {self.last} {file}; zstd -q -dc {file} | {unpack}"


def local(binary, formats, rustic):
    """The tools that save into a directory, ours first."""
    peers = [Tar("tar, zstd -3"), Restic("restic"), Borg("borg"), Zip("zip -6"), SevenZip(1), SevenZip(9)]
    return [Ours(binary, f) for f in formats] + peers + ([Rustic("rustic")] if rustic else [])


def remote(binary, formats, url, container):
    """The tools that save into an object store, ours first."""
    peers = [TarRclone("tar, zstd -3, rclone", container, False), TarRclone("tar, zstd -3 piped to rclone", container, True)]
    return [Ours(binary, f, url) for f in formats] + peers + [Restic("restic, rclone", f"rclone:{container}")]


def install_rustic(work):
    """Builds rustic below the work directory, once, and puts it on the path."""
    root = work / "rustic"
    if not (root / "bin/rustic").exists():
        print("building rustic", file=sys.stderr)
        output("cargo", "install", "--quiet", "--locked", "--root", str(root), "rustic-rs@0.11.0")
    os.environ["PATH"] = f"{root / 'bin'}{os.pathsep}{os.environ['PATH']}"


def formats(binary):
    """The formats that `repro save --help` offers, in its order, the default first."""
    help_text = output(binary, "repro", "save", "--help")
    match = re.search(r"--format <\w+>(.*?)(?=\n\s+--|\Z)", help_text, re.S)
    if not match:
        raise Failed("`repro save --help` tells of no --format: name the formats with --formats")
    found = list(dict.fromkeys(re.findall(r"\b(chunks|zip|7z)\b", match[1])))
    default = re.search(r"\[default: (\w+)\]", match[1])
    return sorted(found, key=lambda f: not default or f != default[1])
