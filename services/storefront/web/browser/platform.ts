// The whole platform as `make up` runs it, on ports of its own; or one that runs already (HOLDFAST_HOME).
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const START_DEADLINE_MS = 120_000;
const root = resolve(import.meta.dirname, "../../../..");

interface Process {
  name: string;
  pid: number;
  http_port: number;
}

export default async function start(): Promise<(() => Promise<void>) | undefined> {
  if (process.env["HOLDFAST_HOME"] !== undefined) return undefined;
  const home = mkdtempSync(join(tmpdir(), "holdfast-browser-"));
  process.env["HOLDFAST_HOME"] = home;
  const log = join(home, "up.log");
  const output = openSync(log, "w");
  const binary = process.env["HOLDFAST_BINARY"] ?? join(root, "target/debug/holdfast");
  const up = spawn(binary, ["up", "--free-ports", "--home", home], { stdio: ["ignore", output, output], cwd: root });
  const ended = new Promise<void>((done) => up.once("exit", () => done()));
  let stopped = false;
  void ended.then(() => (stopped = true));
  for (const since = Date.now(); !(await isReady()); await pause(200)) {
    if (stopped || Date.now() - since > START_DEADLINE_MS) {
      up.kill();
      throw new Error(`the platform did not start:\n${readFileSync(log, "utf8").slice(-4000)}`);
    }
  }
  return async () => {
    up.kill("SIGTERM");
    await ended;
    rmSync(home, { recursive: true });
  };
}

/** The sample people are there once all is ready. */
async function isReady(): Promise<boolean> {
  if (!existsSync(run("credentials.json"))) return false;
  return fetch(origin()).then(
    (response) => response.ok,
    () => false,
  );
}

function run(file: string): string {
  return join(process.env["HOLDFAST_HOME"] ?? "", "run", file);
}

function processOf(name: string): Process {
  const all = JSON.parse(readFileSync(run("processes.json"), "utf8")) as Process[];
  const found = all.find((one) => one.name === name);
  if (found === undefined) throw new Error(`no process ${name} in ${run("processes.json")}`);
  return found;
}

/** Where customers come in. */
export function origin(): string {
  return `http://localhost:${processOf("gateway").http_port}`;
}

/** What really happened to cards and messages. */
export function sandbox(): string {
  return `http://127.0.0.1:${processOf("sandbox").http_port}`;
}

export function signal(name: string, signal: NodeJS.Signals): void {
  process.kill(processOf(name).pid, signal);
}

/** Kills a service whenever it is started again, until the returned function is called. */
export function keepDown(name: string): () => void {
  let last = 0;
  const kill = () => {
    const { pid } = processOf(name);
    if (pid === last) return;
    try {
      process.kill(pid, "SIGKILL");
      last = pid;
    } catch {
      // It is being started again: the next round finds its new pid.
    }
  };
  kill();
  const rounds = setInterval(kill, 50);
  return () => clearInterval(rounds);
}

/** A sample person of the platform. */
export function credentials(who: "customer" | "staff"): { email: string; password: string } {
  return (JSON.parse(readFileSync(run("credentials.json"), "utf8")) as Record<string, { email: string; password: string }>)[who]!;
}

export function pause(milliseconds: number): Promise<void> {
  return new Promise((done) => setTimeout(done, milliseconds));
}
