import { type ChildProcess, spawn } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { afterAll, describe, expect, it } from "vitest";
import { requireLock, takeLock } from "./lock.ts";
import { ownIdentity, type ProcessIdentity } from "./process-identity.ts";

const root = mkdtempSync(join(tmpdir(), "tinylens-lock-"));
const children: ChildProcess[] = [];
afterAll(() => {
  for (const child of children) child.kill("SIGKILL");
  rmSync(root, { recursive: true, force: true });
});

let next = 0;
const freshFolder = (): string => join(root, `run-${next++}`);
const entry = "holder-0123456789abcdef";
const quick = { beatEvery: 20, lookEvery: 50, looks: 4 };
const self = ownIdentity();

/** A folder whose lock has this entry. */
function lockedBy(holder: Partial<ProcessIdentity> | string): string {
  const folder = freshFolder();
  mkdirSync(join(folder, "lock"), { recursive: true });
  const text = typeof holder === "string" ? holder : JSON.stringify({ ...self, ...holder });
  writeFileSync(join(folder, "lock", entry), `${text}\n000000000000\n`);
  return folder;
}

/** Ticks at which a process started, as /proc says. */
const startOf = (pid: number): string =>
  readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ")[19] as string;

const nameOf = (folder: string): string => folder.split("/").at(-1) as string;

describe("takeLock", () => {
  it("gives the lock to one at a time, and leaves nothing behind", async () => {
    const folder = freshFolder();
    const release = await takeLock(folder);
    await expect(takeLock(folder)).rejects.toThrow(
      `run ${nameOf(folder)}: locked by process ${process.pid}; wait for it or stop it`,
    );
    await requireLock(folder);
    await release();
    expect(existsSync(folder)).toBe(false);
    await (await takeLock(folder))();
    expect(existsSync(folder)).toBe(false);
  });

  it("gives it to one of many that ask at once, and refuses the others in one sentence", async () => {
    const folder = freshFolder();
    const asked = await Promise.allSettled(Array.from({ length: 12 }, () => takeLock(folder)));
    const refused = asked.filter((result) => result.status === "rejected");
    expect(refused.length).toBe(11);
    for (const { reason } of refused) {
      expect(reason).toMatchObject({ message: expect.stringMatching(/: locked by process \d+; /) });
    }
    expect(readdirSync(folder)).toEqual(["lock"]);
  });

  it("keeps what was put into the folder", async () => {
    const folder = freshFolder();
    const release = await takeLock(folder);
    writeFileSync(join(folder, "kept"), "");
    await release();
    expect(readdirSync(folder)).toEqual(["kept"]);
  });

  it.each([
    ["is gone", { pid: 2 ** 22 + 1 }],
    ["had the number of a later one", { pid: process.ppid, started: "5" }],
    ["had the number of this one", { started: "5" }],
  ])("takes it over at once from a process that %s", async (_title, holder) => {
    const folder = lockedBy(holder);
    const said: string[] = [];
    const release = await takeLock(folder, { onWait: (text) => said.push(text) });
    expect(said).toEqual([]);
    expect(readdirSync(join(folder, "lock"))).not.toContain(entry);
    await release();
  });

  it("takes it over from a process that has ended and waits to be collected", async () => {
    const shell = spawn("sh", ["-c", "sleep 0.1 & echo $!; exec sleep 20"]);
    children.push(shell);
    const pid = Number(
      await new Promise<string>((done) => shell.stdout?.once("data", (data) => done(`${data}`))),
    );
    const started = startOf(pid);
    while (!/\) Z /.test(readFileSync(`/proc/${pid}/stat`, "utf8"))) await wait(20);
    await (await takeLock(lockedBy({ pid, started })))();
  });

  it("leaves it with a process that runs, and waits for nothing", async () => {
    const holder = { pid: process.ppid, started: startOf(process.ppid) };
    const folder = lockedBy(holder);
    await expect(takeLock(folder)).rejects.toThrow(
      `run ${nameOf(folder)}: locked by process ${process.ppid}; wait for it or stop it`,
    );
    expect(readdirSync(join(folder, "lock"))).toEqual([entry]);
  });

  it("is free in a lock without an entry", async () => {
    const folder = freshFolder();
    mkdirSync(join(folder, "lock"), { recursive: true });
    await (await takeLock(folder))();
    expect(existsSync(folder)).toBe(false);
  });
});

describe("a holder that cannot be seen", () => {
  const foreign: readonly (readonly [string, Partial<ProcessIdentity>, string])[] = [
    ["in another container", { space: "pid:[1]" }, "in another container"],
    ["in a container, with our number", { space: "pid:[1]", pid: 1 }, "in another container"],
    ["on another machine", { boot: "other", host: "elsewhere" }, "on elsewhere"],
    ["before a restart", { boot: "other" }, `on ${self.host}`],
    ["on a machine that tells nothing", { boot: "", space: "", started: "" }, `on ${self.host}`],
  ];

  it.each(foreign)("keeps the lock while it shows signs of life: %s", async (_t, holder, where) => {
    const folder = lockedBy(holder);
    const path = join(folder, "lock", entry);
    const text = readFileSync(path, "utf8");
    let count = 0;
    const beating = setInterval(() => writeFileSync(path, text.replace(/0+\n$/, `${++count}`)), 20);
    try {
      await expect(takeLock(folder, { timing: quick })).rejects.toThrow(where);
    } finally {
      clearInterval(beating);
    }
    expect(readdirSync(join(folder, "lock"))).toEqual([entry]);
  });

  it.each(foreign)("loses it without signs of life: %s", async (_t, holder, where) => {
    const folder = lockedBy(holder);
    const said: string[] = [];
    const release = await takeLock(folder, { timing: quick, onWait: (text) => said.push(text) });
    expect(said).toHaveLength(1);
    expect(said[0]).toMatch(
      /^run run-\d+: looking for up to 1 s whether process \d+ on .*, which holds the lock, still/,
    );
    expect(said[0]).toContain(where);
    await release();
  });

  it("may give it back in the meantime", async () => {
    const folder = lockedBy({ space: "pid:[1]" });
    setTimeout(() => rmSync(join(folder, "lock", entry)), 60);
    await (await takeLock(folder, { timing: { ...quick, looks: 1000 } }))();
  });

  it("is not waited for any longer when the run is to stop", async () => {
    const folder = lockedBy({ space: "pid:[1]" });
    const signal = AbortSignal.timeout(50);
    await expect(takeLock(folder, { signal })).rejects.toThrow(
      /^run run-\d+: stopped while looking whether process \d+ on .*, which holds the lock, still works$/,
    );
    expect(readdirSync(join(folder, "lock"))).toEqual([entry]);
  });

  it.each([
    ["empty, as after a power failure", ""],
    ["null", "null"],
    ["no JSON", "{"],
    ["a list", "[]"],
    ["without fields", "{}"],
    ["with an object for the number", '{"pid":{"toString":1}}'],
    ["with the number of every process", JSON.stringify({ ...self, pid: -1 })],
    ["with a number too large", JSON.stringify({ ...self, pid: 99999999999 })],
    ["with control characters in the name", JSON.stringify({ ...self, host: "a\u001b[2Jb" })],
  ])("or has written something else, loses it without signs of life: %s", async (_t, text) => {
    const said: string[] = [];
    const options = { timing: quick, onWait: (line: string) => said.push(line) };
    await (await takeLock(lockedBy(text), options))();
    expect(said[0]).toContain("a process that has not said its name");
  });
});

describe("signs of life", () => {
  it("go on while the main thread is busy, and end with the lock", async () => {
    const folder = freshFolder();
    const release = await takeLock(folder, { timing: quick });
    const path = join(folder, "lock", readdirSync(join(folder, "lock"))[0] as string);
    const read = (): string => readFileSync(path, "utf8");
    const first = read();
    while (read() === first) await wait(10);
    const before = read();
    const end = performance.now() + 5000;
    while (read() === before && performance.now() < end);
    expect(read()).not.toBe(before);
    expect(read()).toMatch(/^\{.*\}\n\d{12}\n$/);
    await release();
    await wait(60);
    expect(existsSync(path)).toBe(false);
  });

  it("keep the lock from another thread of this process", async () => {
    const folder = freshFolder();
    const release = await takeLock(folder, { timing: quick });
    const module = new URL("./lock.ts", import.meta.url).href;
    const code = `
      const { parentPort } = require("node:worker_threads");
      import(${JSON.stringify(module)})
        .then(({ takeLock }) => takeLock(${JSON.stringify(folder)}, { timing: { beatEvery: 20, lookEvery: 50, looks: 100 } }))
        .then(() => parentPort.postMessage("taken"), ({ message }) => parentPort.postMessage(message));`;
    const worker = new Worker(code, { eval: true, execArgv: ["--conditions=tinylens:src"] });
    const answer = await new Promise((done) => worker.once("message", done));
    expect(answer).toBe(
      `run ${nameOf(folder)}: locked by process ${process.pid}; wait for it or stop it`,
    );
    await worker.terminate();
    await release();
  });
});

describe("a lock that is not as it should be", () => {
  it("is refused at once when it is a file", async () => {
    for (const text of ["", "null", JSON.stringify({ pid: 1, host: "elsewhere" })]) {
      const folder = freshFolder();
      const path = join(folder, "lock");
      mkdirSync(folder);
      writeFileSync(path, text);
      await expect(takeLock(folder)).rejects.toThrow(
        `run ${nameOf(folder)}: ${path} is not a lock of tinylens, it is not a folder; if no process works there, delete it`,
      );
      expect(readFileSync(path, "utf8")).toBe(text);
    }
  });

  it("is refused when it is a link, a folder of other things, or has an entry that is no file", async () => {
    const linked = freshFolder();
    mkdirSync(join(linked, "elsewhere"), { recursive: true });
    symlinkSync("elsewhere", join(linked, "lock"));
    await expect(takeLock(linked)).rejects.toThrow("it is not a folder; if no process");
    const other = freshFolder();
    mkdirSync(join(other, "lock/sub"), { recursive: true });
    await expect(takeLock(other)).rejects.toThrow("it holds other files; if no process");
    const odd = freshFolder();
    mkdirSync(join(odd, "lock", entry), { recursive: true });
    await expect(takeLock(odd)).rejects.toThrow(
      /: a process may work there, since its lock cannot be read \(.*it is a folder; name a file\); if none does, delete \S+lock$/,
    );
  });

  it("never waits for a lock that cannot be read", async () => {
    const folder = lockedBy({ pid: 2 ** 22 + 1 });
    chmodSync(join(folder, "lock"), 0o000);
    const asRoot = process.getuid?.() === 0;
    const attempt = takeLock(folder);
    if (asRoot) await (await attempt)();
    else await expect(attempt).rejects.toThrow(/permission denied.*; if none does, delete/);
  });
});

describe("a lock that was lost", () => {
  it.each([
    ["deleted", (folder: string) => rmSync(folder, { recursive: true })],
    ["replaced", (folder: string) => renameSync(folder, `${folder}-away`)],
    ["taken over", (folder: string) => rmSync(join(folder, "lock"), { recursive: true })],
  ])("is noticed: %s", async (_title, lose) => {
    const folder = freshFolder();
    const release = await takeLock(folder);
    await requireLock(folder);
    lose(folder);
    await expect(requireLock(folder)).rejects.toThrow(
      `run ${nameOf(folder)}: the folder was deleted or replaced, or another process took the run over; run the same command again`,
    );
    await release();
  });

  it("is not given back for its next holder", async () => {
    const folder = freshFolder();
    const release = await takeLock(folder);
    rmSync(join(folder, "lock"), { recursive: true });
    const other = await takeLock(folder);
    await release();
    await requireLock(folder);
    expect(readdirSync(join(folder, "lock"))).toHaveLength(1);
    await other();
  });
});
