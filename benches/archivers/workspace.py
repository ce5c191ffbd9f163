"""The workspace that is saved: the vendored sources of well-known crates, and the build output of two of them."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from measure import Failed, output

HERE = Path(__file__).parent
# What is built of it.
BUILT = {
    "full": [["-p", "regex", "-p", "tokio"], ["-p", "regex", "-p", "tokio", "--release"]],
    "quick": [["-p", "regex"]],
}
# What the full workspace must reach: files, bytes.
LEAST = {"full": (50_000, 1_000_000_000), "quick": (2_000, 90_000_000)}
# One file in so many gets a symbolic link: a tool that loses links must be found out.
LINKED = 400
# One file in so many is changed.
CHANGED = 100


def build(work, size):
    """Builds the workspace `full` or `quick` once, below WORK, and returns its directory and what it holds."""
    made = work / "workspaces" / size
    facts = made.with_suffix(".json")
    manifest, lock = HERE / f"{size}.toml", HERE / f"{size}.lock"
    rustc = output("rustc", "--version").strip()
    recipe = b"".join(path.read_bytes() for path in (manifest, lock, Path(__file__)))
    made_of = hashlib.sha256(recipe + rustc.encode()).hexdigest()
    if facts.exists() and json.loads(facts.read_text())["made_of"] == made_of:
        return made, json.loads(facts.read_text())
    print(f"building the {size} workspace: cargo vendor, then cargo build", file=sys.stderr)
    facts.unlink(missing_ok=True)
    shutil.rmtree(made, ignore_errors=True)
    (made / "src").mkdir(parents=True)
    (made / "src" / "lib.rs").write_text("//! Nothing but dependencies.\n")
    shutil.copyfile(manifest, made / "Cargo.toml")
    shutil.copyfile(lock, made / "Cargo.lock")
    # What changes where or how cargo builds would change the workspace.
    env = {k: v for k, v in os.environ.items() if not k.startswith(("CARGO_BUILD_", "CARGO_TARGET_", "RUSTFLAGS"))}
    # It prints how to build from what it unpacked, unless told to be quiet.
    config = output("cargo", "vendor", "--locked", "--versioned-dirs", "vendor", cwd=made, env=env)
    (made / ".cargo").mkdir()
    (made / ".cargo" / "config.toml").write_text(config)
    for what in BUILT[size]:
        output("cargo", "build", "--quiet", "--offline", "--locked", *what, cwd=made, env=env)
    link(made)
    files = regular_files(made)
    known = {"made_of": made_of, "rustc": rustc, "files": len(files), "bytes": sum(f.lstat().st_size for f in files)}
    if known["files"] < LEAST[size][0] or known["bytes"] < LEAST[size][1]:
        raise Failed(f"the {size} workspace has {known['files']} files and {known['bytes']} bytes: too little")
    facts.write_text(json.dumps(known))
    return made, known


def link(root):
    """Puts relative symbolic links to some of the files into `links/`."""
    (root / "links").mkdir()
    for number, file in enumerate(regular_files(root)[::LINKED]):
        (root / "links" / f"{number:04}").symlink_to(Path("..") / file.relative_to(root))


def regular_files(root):
    """All regular files below a directory, in an order that depends on their names only."""
    found = []
    for directory, _, names in os.walk(root):
        paths = (Path(directory, name) for name in names)
        found += (path for path in paths if not path.is_symlink())
    return sorted(found, key=os.fsencode)


def fresh_checkout(source, to):
    """Copies a tree so that every time in it is new, as a version control system would write it."""
    subprocess.run(["cp", "-r", "--no-dereference", "--preserve=mode,links", source, to], check=True)


class Change:
    """One per cent of the files, chosen by name, with a line inserted in the middle; `undo` restores the content."""

    def __init__(self, root):
        self.before = []
        for path in regular_files(root):
            name = os.fsencode(path.relative_to(root))
            if int.from_bytes(hashlib.blake2b(name, digest_size=8).digest(), "big") % CHANGED:
                continue
            data, times = path.read_bytes(), path.stat()
            self.before.append((path, data, (times.st_atime_ns, times.st_mtime_ns)))
            middle = len(data) // 2
            path.write_bytes(data[:middle] + b"\n// one line more\n" + data[middle:])

    def undo(self):
        """Puts back content and times, the latest first: hard links may have been changed twice."""
        for path, data, times in reversed(self.before):
            path.write_bytes(data)
            os.utime(path, ns=times)


def one_file(root):
    """The file that is taken out alone: of middling size, from the middle of the tree; its path below `root`."""
    fitting = [path for path in regular_files(root) if 8_000 < path.stat().st_size < 64_000]
    return fitting[len(fitting) // 2].relative_to(root)


def warm(root):
    """Reads every file, so that all tools find the same page cache."""
    block = bytearray(1 << 20)
    for path in regular_files(root):
        with open(path, "rb", buffering=0) as file:
            while file.readinto(block):
                pass


def stored(root):
    """Bytes in all files below a directory."""
    return sum(path.lstat().st_size for path in regular_files(root)) if root.exists() else 0


def differences(before, after):
    """Paths whose content, kind, link or mode differ between two trees, or that only one of them has."""
    compare = ["rsync", "-rlpc", "--dry-run", "--delete", "--out-format=%n", f"{before}/", f"{after}/"]
    return sorted({line.removeprefix("deleting ") for line in output(*compare).splitlines()})
