/** Which process is which, across re-used numbers, reboots, containers and machines. */

import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";

/** A process. `boot`, `space` and `started` are empty where the system does not tell them. */
export interface ProcessIdentity {
  readonly pid: number;
  readonly host: string;
  /** Of the running system: another after every restart. */
  readonly boot: string;
  /** The namespaces in which `pid` and `started` are counted: another in every container. */
  readonly space: string;
  /** Clock ticks from boot to the start of the process. */
  readonly started: string;
}

/** Whether a process runs; "unknown" when it cannot be seen from here. */
export type Life = "alive" | "dead" | "unknown";

let own: ProcessIdentity | undefined;

/** This process. */
export function ownIdentity(): ProcessIdentity {
  own ??= {
    pid: process.pid,
    host: hostname(),
    boot: textOf("/proc/sys/kernel/random/boot_id"),
    space: [linkOf("/proc/self/ns/pid"), linkOf("/proc/self/ns/time")].join(" ").trim(),
    started: statOf("self")?.started ?? "",
  };
  return own;
}

/** Whether `process` runs, as far as `self` can see. */
export function lifeOf(process: ProcessIdentity, self: ProcessIdentity = ownIdentity()): Life {
  if (!sharesNumbers(process, self)) return "unknown";
  if (!exists(process.pid)) return "dead";
  const now = seesOthers() ? statOf(process.pid) : undefined;
  if (now === undefined || process.started === "") return "unknown";
  return now.ended || now.started !== process.started ? "dead" : "alive";
}

/** Whether a number means the same process to both. Without /proc only the host's name can tell. */
export function sharesNumbers(a: ProcessIdentity, b: ProcessIdentity): boolean {
  if (globalThis.process.platform !== "linux") return a.boot === b.boot && a.host === b.host;
  return a.boot !== "" && a.space !== "" && a.boot === b.boot && a.space === b.space;
}

/** What this process would be called if its number were `pid`; undefined when none runs. */
export function identityOf(pid: number): ProcessIdentity | undefined {
  if (!exists(pid)) return undefined;
  const now = seesOthers() ? statOf(pid) : undefined;
  if (now?.ended === true) return undefined;
  return { ...ownIdentity(), pid, started: now?.started ?? "" };
}

/** Whether a process has this number; one of another user counts. */
function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return !(error instanceof Error && "code" in error && error.code === "ESRCH");
  }
}

/** Whether /proc counts processes as this process does, which it need not in a new namespace. */
function seesOthers(): boolean {
  return linkOf("/proc/self") === String(process.pid);
}

/** When a process started, and whether it has ended and only waits to be collected. */
function statOf(pid: number | "self"): { started: string; ended: boolean } | undefined {
  const text = textOf(`/proc/${pid}/stat`);
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const started = fields[19];
  if (started === undefined) return undefined;
  return { started, ended: ["Z", "X", "x"].includes(fields[0] ?? "") };
}

function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8").trim();
  } catch {
    return "";
  }
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return "";
  }
}
