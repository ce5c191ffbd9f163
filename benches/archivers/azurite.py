"""A real Azurite, installed once below the work directory, behind a proxy that makes it as far away as a cloud."""

import socket
import subprocess
import sys
import time
from pathlib import Path

from measure import Failed, output

VERSION = "3.35.0"
ACCOUNT = "devstoreaccount1"
# The published key of the emulator's account, in parts because it looks like a secret.
KEY = "".join(["Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2", "UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw", "=="])
CONTAINER = "bench"
STARTS_WITHIN = 60  # seconds
# Ends with its standard input, so that nothing of it outlives us.
WRAPPER = "process.stdin.on('end', () => process.exit(0)).resume(); require(process.argv[1])"


class Azurite:
    """The running server. `env` is what rclone, restic and ci-tool need to find it."""

    def __init__(self, work, data, latency):
        main = installed(work)
        data.mkdir(parents=True)
        self.data = data
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        options = ["--blobHost", "127.0.0.1", "--blobPort", str(port), "--location", data, "--silent"]
        options += ["--disableTelemetry", "--blobKeepAliveTimeout", "120", "--skipApiVersionCheck"]
        command = ["node", "-e", WRAPPER, "--", main, *options]
        with open(data.with_suffix(".log"), "wb") as log:
            self.server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=log, stderr=log)
        self.proxy = None
        try:
            self.wait_for(port)
            # A round trip is that much longer: half of it on the way there, half on the way back.
            command = [sys.executable, Path(__file__).with_name("proxy.py"), str(port), str(latency / 2)]
            self.proxy = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            endpoint = f"http://127.0.0.1:{int(self.proxy.stdout.readline())}/{ACCOUNT}"
        except BaseException:
            self.stop()
            raise
        self.env = {
            "AZURE_STORAGE_CONNECTION_STRING": f"DefaultEndpointsProtocol=http;AccountName={ACCOUNT};"
            f"AccountKey={KEY};BlobEndpoint={endpoint};",
            "RCLONE_CONFIG_AZ_TYPE": "azureblob",
            # Debian's rclone finds an endpoint that is no cloud's only so, and then always uses the published account.
            "RCLONE_CONFIG_AZ_USE_EMULATOR": "true",
            "RCLONE_CONFIG_AZ_ENDPOINT": endpoint,
        }

    def wait_for(self, port):
        """Returns when the server answers."""
        until = time.monotonic() + STARTS_WITHIN
        while True:
            try:
                return socket.create_connection(("127.0.0.1", port)).close()
            except OSError as error:
                if self.server.poll() is not None or time.monotonic() > until:
                    raise Failed(f"azurite does not listen on port {port}") from error
                time.sleep(0.05)

    def stop(self):
        """Ends the server and the proxy."""
        for process in filter(None, (self.proxy, self.server)):
            process.stdin.close()
            process.kill()
            process.wait()


def installed(work):
    """The server's program. It is installed whole or not at all."""
    to = work / f"azurite-{VERSION}"
    if not to.exists():
        print(f"installing azurite {VERSION}", file=sys.stderr)
        part = to.with_suffix(".part")
        output("npm", "install", "--no-audit", "--no-fund", "--prefix", str(part), f"azurite@{VERSION}")
        part.rename(to)
    return to / "node_modules/azurite/dist/src/blob/main.js"
