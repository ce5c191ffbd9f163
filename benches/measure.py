"""What a command costs, and on which machine: shared by the scripts below this directory."""

import os
import platform
import shutil
import subprocess
import sys
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

SPAWN = Path(__file__).with_name("spawn.py")


class Failed(Exception):
    """Something that ends a benchmark; its text says what and why."""


@dataclass
class Sample:
    """What one run of a command cost."""

    wall: float  # seconds
    cpu: float  # seconds, user and system, of the command and all it waited for
    peak: int  # bytes, of its largest process


def measured(script, cwd, env, log):
    """Runs a line of bash and returns its Sample; its output goes to the files LOG.out and LOG.err."""
    result = log.with_suffix(".cost")
    command = [sys.executable, "-I", "-S", SPAWN, result, "bash", "-c", f"set -euo pipefail\n{script}"]
    with open(log.with_suffix(".out"), "wb") as out, open(log.with_suffix(".err"), "wb") as err:
        subprocess.run(command, cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=out, stderr=err, check=True)
    wall, cpu, peak, code = result.read_text().split()
    if code != "0":
        said = log.with_suffix(".err").read_text(errors="replace").strip()[-2000:]
        raise Failed(f"exit code {code} of: {script}\n{said}")
    return Sample(float(wall), float(cpu), int(peak) * 1024)


def floor(cwd, env, log):
    """The peak memory that is reported of a program that needs none: smaller ones cannot be told apart."""
    return measured("true", cwd, env, log).peak


def environment(home, **more):
    """The environment of every measured command: nothing of the caller's but the path."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
        # The work directory may lie in a checkout, which is none of the tools' business.
        "GIT_CEILING_DIRECTORIES": str(home.parent),
        **more,
    }


def output(*command, **options):
    """What a command prints; raises Failed when it cannot be run or fails."""
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, **options)
    except OSError as error:
        raise Failed(f"{command[0]} cannot be started: {error}") from error
    if done.returncode:
        raise Failed(f"exit code {done.returncode} of: {' '.join(map(str, command))}\n{done.stderr.strip()[-2000:]}")
    return done.stdout


def install(needed):
    """Installs the Debian packages of programs that are missing. `needed` maps programs to packages; `a|b` is either.

    Of two packages the first that this release of Debian has is taken.
    """
    missing = sorted({p for program, p in needed.items() if not any(map(shutil.which, program.split("|")))})
    if not missing:
        return
    print(f"installing {' '.join(missing)}", file=sys.stderr)
    root = [] if os.geteuid() == 0 else ["sudo", "-n"]
    env = ["env", "DEBIAN_FRONTEND=noninteractive"]
    try:
        output(*root, *env, "apt-get", "update", "-qq")
        missing = [next(p for p in each.split("|") if available(p)) for each in missing]
        output(*root, *env, "apt-get", "install", "-y", "-qq", "--no-install-recommends", *missing)
    except (Failed, StopIteration) as error:
        raise Failed(f"{error}\ninstall these packages by hand: {' '.join(missing)}") from error


def available(package):
    """Whether Debian has a package, as far as apt knows."""
    return subprocess.run(["apt-cache", "show", package], capture_output=True, check=False).returncode == 0


def machine(directory):
    """What decides how fast things are here, as pairs of name and value. Names no host and no path."""
    cpu = next((line.split(":", 1)[1].strip() for line in lines("/proc/cpuinfo") if line.startswith("model name")), "?")
    memory = next((int(line.split()[1]) for line in lines("/proc/meminfo") if line.startswith("MemTotal")), 0)
    system = next((line.split("=", 1)[1].strip('"') for line in lines("/etc/os-release") if line.startswith("PRETTY")), "?")
    return {
        "date": datetime.now(timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
        "CPU": f"{cpu}, {len(os.sched_getaffinity(0))} cores",
        "memory": f"{memory / 2**20:.1f} GiB",
        "system": f"{system}, Linux {platform.release()}, {output('stat', '-f', '-c', '%T', str(directory)).strip()}",
        "load before": f"{os.getloadavg()[0]:.2f}",
    }


def lines(path):
    """The lines of a text file; none when it is not there."""
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
