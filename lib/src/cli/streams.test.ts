import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";

const bin = fileURLToPath(new URL("../../bin/tinylens.js", import.meta.url));
const root = mkdtempSync(join(tmpdir(), "tinylens-streams-"));
let next = 0;
const fresh = (): string => mkdtempSync(join(root, `${next++}-`));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const smoke = "run max-of-two --smoke --device native";

/** A line of bash in which `tinylens` is the command. */
function bash(line: string, cwd: string) {
  const script = `tinylens() { ${JSON.stringify(process.execPath)} ${JSON.stringify(bin)} "$@"; }\n${line}`;
  const { status, stdout, stderr } = spawnSync("bash", ["-c", script], { cwd, encoding: "utf8" });
  return { status, stdout, stderr };
}

/** The state that `run.json` of the only run in `out` says. */
function stateIn(out: string): string {
  const [name = ""] = readdirSync(out);
  return JSON.parse(readFileSync(join(out, name, "run.json"), "utf8")).state;
}

describe.skipIf(spawnSync("bash", ["--version"]).status !== 0)(
  "streams that close (skipped where there is no bash)",
  () => {
    it("a closed pipe is no error and leaves no trace", () => {
      const { stdout, stderr } = bash(`tinylens list | true; echo \${PIPESTATUS[0]}`, fresh());
      expect([stdout, stderr]).toEqual(["0\n", ""]);
    });

    it("training goes on to its end when nobody reads its progress", () => {
      const cwd = fresh();
      const line = `{ tinylens ${smoke} 2>&1 >claims.txt; echo $? >code; } | true; cat code`;
      const { stdout } = bash(line, cwd);
      expect(Number(stdout)).toBeLessThan(2);
      expect(stateIn(join(cwd, "runs"))).toBe("done");
      expect(readFileSync(join(cwd, "claims.txt"), "utf8")).toContain("claims hold");
    });

    it("training goes on to its end when nobody reads its result", () => {
      const cwd = fresh();
      const { stdout, stderr } = bash(`tinylens ${smoke} | true; echo \${PIPESTATUS[0]}`, cwd);
      expect(Number(stdout)).toBeLessThan(2);
      expect(stderr).not.toContain("Error");
      expect(stateIn(join(cwd, "runs"))).toBe("done");
    });

    it.skipIf(!existsSync("/dev/full"))(
      "a full device is code 2 and one sentence (skipped where there is no /dev/full)",
      () => {
        const cwd = fresh();
        expect(bash("tinylens list >/dev/full", cwd)).toEqual({
          status: 2,
          stdout: "",
          stderr:
            "tinylens: cannot write standard output: the disk is full; free some space and run the same command again\n",
        });
        expect(bash(`tinylens ${smoke} >/dev/full 2>/dev/full`, cwd).status).toBe(2);
        expect(stateIn(join(cwd, "runs"))).toBe("done");
      },
    );

    it("a working folder that was deleted is one sentence", () => {
      const { status, stderr } = bash("mkdir gone; cd gone; rmdir ../gone; tinylens runs", fresh());
      expect([status, stderr]).toEqual([
        2,
        "tinylens: the working folder is not there any more; change to another one\n",
      ]);
    });

    it("training goes on when its working folder is deleted and its runs are elsewhere", () => {
      const cwd = fresh();
      const out = join(cwd, "out");
      mkdirSync(out);
      const line = `mkdir gone; cd gone; (while [ -z "$(ls ${out})" ]; do sleep 0.05; done; rmdir ../gone) & tinylens ${smoke} --out ${out}`;
      const { status, stderr } = bash(line, cwd);
      expect(status, stderr).toBeLessThan(2);
      expect(existsSync(join(cwd, "gone"))).toBe(false);
      expect(stateIn(out)).toBe("done");
    });

    it("two Ctrl-C end a process whose threads wait for a disk that never answers", async () => {
      const cwd = fresh();
      spawnSync("mkfifo", [join(cwd, "pipe")]);
      const block = `
        import { open } from "node:fs";
        process.on("newListener", (signal) => {
          if (signal !== "SIGHUP") return;
          for (let i = 0; i < 4; i++) open(${JSON.stringify(join(cwd, "pipe"))}, "r", () => {});
          process.stderr.write("blocked");
        });`;
      const preload = `data:text/javascript,${encodeURIComponent(block)}`;
      const words = ["--import", preload, bin, ...smoke.split(" ")];
      const child = spawn(process.execPath, words, { cwd, stdio: ["ignore", "ignore", "pipe"] });
      const answers = [
        ["blocked", "SIGTERM"],
        ["press Ctrl-C again", "SIGINT"],
      ] as const;
      let stderr = "";
      let sent = 0;
      child.stderr.on("data", (chunk: Buffer) => {
        stderr += chunk;
        const [sign, signal] = answers[sent] ?? [];
        if (sign === undefined || !stderr.includes(sign)) return;
        sent++;
        child.kill(signal);
      });
      const ended = await new Promise((resolve) => {
        child.on("close", (code, signal) => resolve([code, signal]));
      });
      expect(ended, stderr).toEqual([null, "SIGINT"]);
    });
  },
);
