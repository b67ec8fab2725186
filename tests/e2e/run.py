"""`make test-e2e`: the running platform, through its gateway.

Starts `holdfast up` on free ports in a home of its own, plays the examples of the document, then lets Schemathesis loose
on every operation: as a customer, as a member of the staff, and as somebody who erases himself. Afterwards the same
processes still run and `holdfast audit` finds nothing wrong.

HOLDFAST_E2E_EXAMPLES (30) is how many requests are made up for an operation and phase, HOLDFAST_E2E_SEED (1) what they
follow from.
"""

import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import threading
import time

import requests

import story

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
DOCUMENT = ROOT / "docs/api/openapi.json"
HOLDFAST = pathlib.Path(os.environ.get("HOLDFAST_BIN", ROOT / "target/debug/holdfast"))
EXAMPLES = os.environ.get("HOLDFAST_E2E_EXAMPLES", "30")
SEED = os.environ.get("HOLDFAST_E2E_SEED", "1")
READY_WITHIN = 120
PASSWORD = "nine unlit lanterns by the quay"


class Platform:
    """A platform of its own."""

    def __init__(self, home):
        self.home = home
        self.log = open(home / "up.log", "w", encoding="utf-8")
        self.told, self.is_ready = threading.Event(), False

    def __enter__(self):
        command = [HOLDFAST, "up", "--free-ports", "--home", self.home / "holdfast"]
        self.process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        threading.Thread(target=self.follow, daemon=True).start()
        self.told.wait(READY_WITHIN)
        if not self.is_ready:
            self.__exit__(None)
            sys.exit(f"e2e: the platform has ended, or is not ready after {READY_WITHIN} s:\n{self.tail()}")
        return self

    def follow(self):
        for line in self.process.stdout:
            self.log.write(line)
            self.log.flush()
            if "Holdfast is ready" in line:
                self.is_ready = True
                self.told.set()
        self.told.set()

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()

    def tail(self):
        return "".join((self.home / "up.log").read_text(encoding="utf-8").splitlines(keepends=True)[-40:])

    def processes(self):
        listed = json.loads((self.home / "holdfast/run/processes.json").read_text(encoding="utf-8"))
        return {process["name"]: process for process in listed}

    @property
    def gateway(self):
        return f"http://localhost:{self.processes()['gateway']['http_port']}"

    def ask(self, *arguments):
        command = [HOLDFAST, *arguments, "--home", self.home / "holdfast"]
        return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.strip()

    def register(self, name):
        """Somebody new, who is logged in."""
        who = {"email": f"{name}@example.org", "password": PASSWORD}
        requests.post(f"{self.gateway}/v1/users", json={**who, "name": name}, timeout=15).raise_for_status()
        tokens = requests.post(f"{self.gateway}/v1/sessions", json=who, timeout=15)
        tokens.raise_for_status()
        return {**who, "token": tokens.json()["access_token"]}


def fuzz(platform, name, token, chosen, account=None):
    """One pass of Schemathesis over the chosen operations; whether it found nothing."""
    print(f"e2e: Schemathesis as {name}", flush=True)
    since = time.monotonic()
    command = [
        pathlib.Path(sys.executable).with_name("schemathesis"), "--config-file", HERE / "schemathesis.toml",
        "run", DOCUMENT, "--url", platform.gateway, "--max-examples", EXAMPLES, "--seed", SEED, "--no-color", *chosen,
    ]
    environment = {
        **os.environ, "HOLDFAST_TOKEN": token, "HOLDFAST_ACCOUNT": json.dumps(account),
        "SCHEMATHESIS_HOOKS": "hooks", "PYTHONPATH": str(HERE), "PYTHONDONTWRITEBYTECODE": "1",
    }
    done = subprocess.run(command, cwd=platform.home, env=environment, check=False)
    print(f"e2e: {name}: {time.monotonic() - since:.0f} s", flush=True)
    return done.returncode == 0


def main():
    with tempfile.TemporaryDirectory(prefix="holdfast-e2e-") as home, Platform(pathlib.Path(home)) as platform:
        before = pids(platform)
        staff = platform.ask("token", "staff")
        covered = story.run(DOCUMENT, platform.gateway, staff)
        print(f"e2e: the examples of {covered} operations do what they say", flush=True)
        customer, leaver = platform.register("customer-under-test"), platform.register("leaver-under-test")
        # Of an account that is gone every answer is 401: erasing has an account to itself.
        everything_else = without({"eraseAccount"})
        erasing = ["--include-operation-id", "eraseAccount", "--phases", "examples,coverage,fuzzing"]
        found_nothing = [
            fuzz(platform, "customer", customer["token"], everything_else, customer),
            # What takes no token was asked already.
            fuzz(platform, "staff", platform.ask("token", "staff"), without({"eraseAccount"} | of_everybody())),
            fuzz(platform, "somebody who leaves", leaver["token"], erasing),
        ]
        died = {name for name, pid in before.items() if pids(platform).get(name) != pid}
        print(platform.ask("audit"), flush=True)
        if died or not all(found_nothing):
            sys.exit(f"e2e: failed{': these died: ' + ', '.join(sorted(died)) if died else ''}\n{platform.tail()}")
    print("e2e: all is as the document says")


def without(operations):
    return [argument for operation in sorted(operations) for argument in ("--exclude-operation-id", operation)]


def of_everybody():
    """The operations that take no token."""
    paths = json.loads(DOCUMENT.read_text(encoding="utf-8"))["paths"].values()
    operations = [operation for path in paths for operation in path.values()]
    return {one["operationId"] for one in operations if not any("bearer" in way for way in one["security"])}


def pids(platform):
    return {name: process["pid"] for name, process in platform.processes().items()}


if __name__ == "__main__":
    main()
