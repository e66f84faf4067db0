import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { straceCalls, straceFindings } from "./testing/strace.ts";

const bin = fileURLToPath(new URL("../../bin/tinylens.js", import.meta.url));
const compileModule = new URL("../compile/index.ts", import.meta.url).href;
const hasStrace = spawnSync("strace", ["-V"]).status === 0;

let root: string;
let next = 0;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), "tinylens-privacy-"));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** Empty folders for a process, and an environment that says nothing about telemetry. */
function emptyHome() {
  const at = join(root, String(next++));
  const folders = { home: join(at, "home"), tmp: join(at, "tmp"), work: join(at, "work") };
  for (const folder of Object.values(folders)) mkdirSync(folder, { recursive: true });
  const { ORT_DISABLE_TELEMETRY: _, XDG_CACHE_HOME: __, ...rest } = process.env;
  return { ...folders, env: { ...rest, HOME: folders.home, TMPDIR: folders.tmp } };
}

const litter = ({ home, tmp }: { readonly home: string; readonly tmp: string }): string[] =>
  [home, tmp].flatMap((folder) => readdirSync(folder, { recursive: true }).map(String));

/** Trains and runs a program on the native back end, in a worker thread or on the main thread. */
const program = `
import { isMainThread, Worker } from "node:worker_threads";
import { writeFileSync } from "node:fs";
if (isMainThread && process.argv[2] === "worker") {
  const worker = new Worker(new URL(import.meta.url));
  worker.on("error", (error) => { throw error; });
} else {
  const { compile, nativeBackend } = await import(${JSON.stringify(compileModule)});
  const { init } = await import(${JSON.stringify(compileModule.replace("/compile/", "/arrays/"))});
  await init();
  const spec = { dtype: "float32", shape: [2] };
  const compiled = await compile((x) => x.mul(2), [spec], { backend: await nativeBackend() });
  const value = await compiled.run({ ...spec, data: Float32Array.of(1, 2) });
  process.stdout.write(String((await value.read()).data));
  await compiled.release();
  await new Promise((resolve) => setTimeout(resolve, 300));
}
`;

describe("tinylens keeps to itself", () => {
  it("training writes nothing into the home and the temporary folder", () => {
    const { work, env, ...folders } = emptyHome();
    const words = [bin, "run", "max-of-two", "--smoke", "--device", "native"];
    const { status, stderr } = spawnSync(process.execPath, words, { cwd: work, env });
    expect(status, String(stderr)).toBeLessThan(2);
    expect(litter(folders)).toEqual([]);
    expect(readdirSync(work)).toEqual(["runs"]);
  });

  it.each(["main", "worker"])("nor does a program that uses the library on the %s thread", (at) => {
    const { work, env, ...folders } = emptyHome();
    const file = join(work, "program.mjs");
    writeFileSync(file, program);
    const run = spawnSync(process.execPath, [file, at], { cwd: work, env, encoding: "utf8" });
    expect([run.status, run.stdout], run.stderr).toEqual([0, "2,4"]);
    expect(litter(folders)).toEqual([]);
  });

  it.skipIf(!hasStrace)(
    "training opens no socket, looks no name up and creates nothing outside its run (skipped where strace is not installed)",
    () => {
      const { work, env } = emptyHome();
      const log = join(root, "strace.txt");
      const words = ["-f", "-e", `trace=${straceCalls}`, "-o", log];
      const command = [process.execPath, bin, "run", "max-of-two", "--smoke", "--device", "native"];
      const run = spawnSync("strace", [...words, ...command], { cwd: work, env, encoding: "utf8" });
      expect(run.status, run.stderr).toBeLessThan(2);
      const text = readFileSync(log, "utf8");
      expect(text).toContain(`${work}/runs/max-of-two-`);
      expect(straceFindings(text, [`${work}/runs`])).toEqual([]);
    },
  );
});

describe("the reading of strace's output", () => {
  it.each([
    "12 socket(AF_INET, SOCK_STREAM|SOCK_CLOEXEC, IPPROTO_TCP) = 17",
    "12 connect(17, {sa_family=AF_INET6, sin6_port=htons(443)}, 28) = -1 EINPROGRESS",
    '12 openat(AT_FDCWD, "/etc/resolv.conf", O_RDONLY|O_CLOEXEC) = 18',
    '12 openat(AT_FDCWD, "/somewhere/.cache/deviceid", O_RDWR|O_CREAT, 0644) = 19',
    '12 mkdir("/somewhere/.cache", 0777) = 0',
    '12 mkdirat(AT_FDCWD, "/elsewhere", 0777) = 0',
    '12 rename("/a/x", "/a/y") = 0',
  ])("finds %s", (line) => {
    expect(straceFindings(`${line}\n`, ["/there/runs"])).toEqual([line]);
  });

  it("leaves alone what a run does", () => {
    const fine = [
      '12 openat(AT_FDCWD, "/there/runs/a/run.json", O_WRONLY|O_CREAT, 0666) = 20',
      '12 openat(AT_FDCWD, "/usr/lib/libm.so.6", O_RDONLY|O_CLOEXEC) = 3',
      "12 socketpair(AF_UNIX, SOCK_STREAM, 0, [4, 5]) = 0",
    ];
    expect(straceFindings(fine.join("\n"), ["/there/runs"])).toEqual([]);
  });
});
