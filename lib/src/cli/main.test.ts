import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { prose, section, summary } from "../article/index.ts";
import { nativeBackend } from "../compile/index.ts";
import type { Study } from "../lab/index.ts";
import { version } from "../runs/index.ts";
import { trainingOf } from "../runs/testing/small-run.ts";
import { smallStudy } from "../runs/testing/small-study.ts";
import type { StopSignal } from "./context.ts";
import { type Ended, tinylens } from "./testing/terminal.ts";

const root = mkdtempSync(join(tmpdir(), "tinylens-cli-"));
let next = 0;
const fresh = (): string => mkdtempSync(join(root, `${next++}-`));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const quick = ["--set", "steps=8", "--set", "shuffled=false"];
const run = (cwd: string, ...words: string[]): Promise<Ended> =>
  tinylens(cwd, ["run", "small-addition", ...quick, ...words]);

describe("tinylens run", () => {
  it("prints one JSON object on standard output and progress on standard error", async () => {
    const cwd = fresh();
    const { code, stdout, stderr } = await run(cwd, "--json");
    expect(code).toBe(0);
    expect(stdout.trim().split("\n")).toHaveLength(1);
    const object = JSON.parse(stdout);
    expect(Object.keys(object)).toEqual([
      ...["study", "run", "report", "params", "device", "seconds", "loaded", "resumed"],
      ...["claims", "metrics"],
    ]);
    expect(object).toMatchObject({
      study: "small-addition",
      params: { steps: 8, shuffled: false },
      device: "native",
      loaded: false,
      resumed: false,
    });
    expect(Object.keys(object.claims[0])).toEqual([
      ...["id", "text", "source", "expected", "tolerance", "measured", "holds"],
    ]);
    expect(object.run.startsWith(join(cwd, "runs", "small-addition-"))).toBe(true);
    expect(stderr).toMatch(
      /^small-addition: step 8 of 8, train loss [\d.]+, test loss [\d.]+, \d+ steps\/s, 0 s left$/m,
    );
    expect(stderr).toContain("small-addition: measuring weightsSize at step 8\n");
  });

  it("loads the same run and prints the same claims", async () => {
    const cwd = fresh();
    const first = JSON.parse((await run(cwd, "--json")).stdout);
    const { stdout, stderr } = await run(cwd, "--json");
    expect(JSON.parse(stdout)).toEqual({ ...first, loaded: true });
    expect(stderr).toBe("");
  });

  it("prints the claims as text without --json", async () => {
    const { stdout } = await run(fresh());
    expect(stdout).toMatch(
      /^small-addition \(\d+ s\)\n {2}holds {2}The last training loss is small\.\n/,
    );
    expect(stdout).toMatch(/expected 10 \(at most: [^)]+\), measured 1\.\d+; a test, section 1\n/);
    expect(stdout).toMatch(
      /1 of 1 claims hold; report: runs\/small-addition-\w{8}\/report\.html\n$/,
    );
  });

  it("says that no claims are made, which is no failure", async () => {
    const article = async function* () {
      yield summary("Nothing is claimed.");
      yield section("Nothing");
      yield prose("Nothing was asked.");
    };
    const study = { ...smallStudy, article } as unknown as Study;
    const cwd = fresh();
    const words = ["run", "small-addition", ...quick];
    const { code, stdout } = await tinylens(cwd, words, { studies: { study } });
    expect(code).toBe(0);
    expect(stdout).toMatch(/\n?no claims are made for these settings; report: runs\//);
    const listed = await tinylens(cwd, ["runs"], { studies: { study } });
    expect(listed.stdout).toMatch(/ {2}- +steps=8/);
  });

  it("ends with 1 when a claim fails", async () => {
    const { code, stdout } = await run(fresh(), "--set", "limit=0.001");
    expect(code).toBe(1);
    expect(stdout).toContain("fails  The last training loss is small.");
    expect(stdout).toContain("0 of 1 claims hold");
  });

  it("takes --seed, --smoke, --out, --fresh and --threads", async () => {
    const cwd = fresh();
    const words = ["run", "small-addition", "--smoke", "--seed", "5", "--out", "here", "--json"];
    const first = JSON.parse((await tinylens(cwd, [...words, "--threads", "2"])).stdout);
    expect(first.params).toMatchObject({ seed: 5, steps: 4, shuffled: false });
    expect(first.run).toContain(join(cwd, "here"));
    const record = JSON.parse(readFileSync(join(first.run, "run.json"), "utf8"));
    expect(record.threads).toBe(2);
    const again = JSON.parse((await tinylens(cwd, [...words, "--fresh"])).stdout);
    expect(again).toMatchObject({ loaded: false, run: first.run, claims: first.claims });
  });

  it("reads each value by the type of its parameter", async () => {
    const { stdout } = await run(
      fresh(),
      ...["--set", "optimizer=sgd", "--set", "lr=1e-3", "--set", "pause=0", "--json"],
    );
    expect(JSON.parse(stdout).params).toMatchObject({
      optimizer: "sgd",
      lr: 1e-3,
      shuffled: false,
    });
  });

  it.each(["web", "jax"])("runs on device %s with nearly the same losses", async (device) => {
    const [native, other] = [
      await run(fresh(), "--json"),
      await run(fresh(), "--json", "--device", device),
    ];
    const [first, second] = [native, other].map(({ stdout }) => JSON.parse(stdout));
    expect(second.device).toBe(device);
    expect(Math.abs(second.metrics.loss - first.metrics.loss)).toBeLessThan(1e-5);
  });
});

describe("Ctrl-C", () => {
  it("stops after the current step with 130 and says how to go on; then the run goes on", async () => {
    const cwd = fresh();
    let interrupt = (): void => {};
    const words = [
      "run",
      "small-addition",
      "--set",
      "shuffled=false",
      "--set",
      "steps=2000",
      "--json",
    ];
    const stopping = await tinylens(cwd, words, {
      onInterrupt: (handler) => {
        interrupt = () => handler("SIGINT");
        return () => {};
      },
      backend: async () => {
        setTimeout(() => interrupt(), 150);
        return nativeBackend();
      },
    });
    expect(stopping.code).toBe(130);
    expect(stopping.stderr).toContain(
      "stopping after this step; press Ctrl-C again to stop at once\n",
    );
    expect(stopping.stderr).toMatch(
      /stopped at step \d+ of 2000; run the same command again to go on from there\n$/,
    );
    expect(JSON.parse(stopping.stdout)).toMatchObject({ interrupted: true, claims: [] });
    const rest = await tinylens(cwd, words);
    expect(JSON.parse(rest.stdout)).toMatchObject({ resumed: true, loaded: false });
    expect(rest.code).toBe(0);
  });

  it.each<[StopSignal[], number]>([
    [["SIGINT", "SIGINT"], 1],
    [["SIGTERM", "SIGINT"], 1],
    [["SIGHUP", "SIGQUIT"], 1],
    [["SIGHUP", "SIGHUP", "SIGTERM"], 0],
  ])("the signals %j end the process at once %i times", async (signals, times) => {
    let ended = 0;
    let interrupt = (_: StopSignal): void => {};
    await tinylens(fresh(), ["run", "small-addition", ...quick], {
      onInterrupt: (handler) => {
        interrupt = handler;
        return () => {};
      },
      backend: async () => {
        for (const signal of signals) interrupt(signal);
        return nativeBackend();
      },
      endAtOnce: () => {
        ended++;
      },
    });
    expect(ended).toBe(times);
  });
});

describe("the other commands", () => {
  it("list studies, tasks and models", async () => {
    const { stdout, code } = await tinylens(fresh(), ["list"], {
      tasks: {
        sums: { name: "sums", title: "Sums" },
        maxima: { name: "max-of-2", title: "Maxima" },
      },
    });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^studies\n {2}small-addition {2}Addition modulo 7\ntasks\n/);
    expect(stdout).toContain("tasks\n  sums      Sums\n  max-of-2  Maxima\nmodels\n");
    expect(stdout).toMatch(
      /\n {2}hooked-transformer {2}Transformer with TransformerLens's semantics\n/,
    );
  });

  it("show runs as a table and as JSON", async () => {
    const cwd = fresh();
    const name = (JSON.parse((await run(cwd, "--json")).stdout).run as string).split("/").at(-1);
    const { stdout } = await tinylens(cwd, ["runs"]);
    const [header, row, ...others] = stdout.trimEnd().split("\n");
    expect(header).toMatch(/^run +state +steps +train loss +test loss +claims +parameters$/);
    expect(row).toMatch(
      new RegExp(`^${name} +done +8/8 +1\\.\\d+ +\\d\\.\\d+ +1/1 +steps=8 shuffled=false$`),
    );
    expect(others).toEqual([]);
    const json = JSON.parse((await tinylens(cwd, ["runs", "--json"])).stdout);
    expect(json.runs).toMatchObject([{ name, state: "done", step: 8, last: { step: 8 } }]);
  });

  it("write a report anew", async () => {
    const cwd = fresh();
    const { run: folder } = JSON.parse((await run(cwd, "--json")).stdout);
    rmSync(join(folder, "report.html"));
    const name = folder.split("/").at(-1);
    const { code, stdout } = await tinylens(cwd, ["report", name, "--json"]);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      study: "small-addition",
      run: folder,
      loaded: true,
    });
    expect(existsSync(join(folder, "report.html"))).toBe(true);
  });

  it("analyze a checkpoint", async () => {
    const cwd = fresh();
    await run(cwd);
    const training = await trainingOf(join(cwd, "runs"), { steps: 8 });
    const file = join(training, "checkpoints/8.safetensors");
    const words = ["analyze", "small-addition", "--checkpoint", file, ...quick, "--json"];
    const { code, stdout } = await tinylens(cwd, words);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ loaded: true, claims: [{ id: "loss" }] });
    expect(readdirSync(join(cwd, "runs"))).toHaveLength(3);
  });

  it("examine the machine", async () => {
    const { code, stdout } = await tinylens(fresh(), ["doctor", "--json"]);
    const { machine, devices } = JSON.parse(stdout);
    expect(code).toBe(0);
    const { node } = process.versions;
    expect(machine).toMatchObject({ tinylens: version(), node, telemetry: "off" });
    expect(
      devices.map(({ device, works }: { device: string; works: boolean }) => [device, works]),
    ).toEqual([
      ["native", true],
      ["web", true],
      ["jax", true],
    ]);
  });

  it("find a device that computes wrongly", async () => {
    const backend = await nativeBackend();
    const wrong = {
      ...backend,
      upload: ({ dtype, shape, data }: Parameters<typeof backend.upload>[0]) =>
        backend.upload({ dtype, shape, data: data.map((x) => x * 1.01) }),
    };
    const { code, stdout } = await tinylens(fresh(), ["doctor"], { backend: async () => wrong });
    expect(code).toBe(2);
    expect(stdout).toMatch(
      /^native {5}does not work: gradient step of a small network in .* error \d/m,
    );
  });

  it("say the version and the help", async () => {
    expect(await tinylens(fresh(), ["--version"])).toMatchObject({
      code: 0,
      stdout: `${version()}\n`,
    });
    const help = await tinylens(fresh(), ["run", "--help"]);
    expect(help.code).toBe(0);
    expect(help.stdout).toContain("--set <name=value>");
    expect((await tinylens(fresh(), [])).code).toBe(2);
  });
});

describe("wrong input ends with 2 and one sentence", () => {
  const small = ["run", "small-addition"];
  it.each<[string[], string]>([
    [["rnu"], 'tinylens: unknown command "rnu"; did you mean run, runs, new?'],
    [["run"], "run: needs a study: small-addition"],
    [["run", "small-adition"], 'run: unknown study "small-adition"; did you mean small-addition?'],
    [[...small, "--sed", "3"], 'run: unknown option "--sed"; did you mean --set, --seed, --out?'],
    [
      [...small, "--set", "step=3"],
      'small-addition: unknown parameter "step"; did you mean steps, seed, lr?',
    ],
    [[...small, "--set", "steps"], "--set: must be name=value, got steps"],
    [[...small, "--set", "steps=0"], "small-addition: steps: must be more than 0, got 0"],
    [[...small, "--set", "steps=1.5"], "small-addition: steps: must be a whole number, got 1.5"],
    [[...small, "--set", "lr=fast"], "small-addition: lr: must be a finite number, got fast"],
    [
      [...small, "--set", "shuffled=yes"],
      "small-addition: shuffled: must be true or false, got yes",
    ],
    [
      [...small, "--set", "optimizer=adm"],
      "small-addition: optimizer: must be one of adamw, sgd, got adm",
    ],
    [
      [...small, "--device", "gpu"],
      '--device: unknown device "gpu"; did you mean web, jax, native?',
    ],
    [[...small, "--threads", "two"], "--threads: must be a whole number from 1 to 256, got two"],
    [["analyze", "small-addition"], "required option '--checkpoint <file>' not specified"],
    [
      ["analyze", "small-addition", "--checkpoint", "/nowhere/x.pt"],
      "--checkpoint: cannot read /nowhere/x.pt: it is not there; check the path",
    ],
  ])("%j", async (words, message) => {
    expect(await tinylens(fresh(), words)).toEqual({
      code: 2,
      stdout: "",
      stderr: `tinylens: ${message}\n`,
    });
  });

  it("when a run is not there", async () => {
    const cwd = fresh();
    const { code, stderr } = await tinylens(cwd, ["report", "x"]);
    expect([code, stderr]).toEqual([
      2,
      `tinylens: report: there are no runs in ${join(cwd, "runs")}\n`,
    ]);
  });

  it("when the loss is no number", async () => {
    const words = ["--set", "optimizer=sgd", "--set", "lr=1e30", "--set", "weightDecay=0"];
    const { code, stderr } = await run(fresh(), ...words);
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /^tinylens: train: the loss is \S+ at step [12]; try a learning rate below 1e\+30$/m,
    );
  });

  it("but a fault of tinylens says so, with the place on request", async () => {
    const broken = { backend: () => Promise.reject(new TypeError("x is undefined")) };
    const words = [...small, ...quick];
    const { code, stderr } = await tinylens(fresh(), words, broken);
    expect([code, stderr]).toEqual([
      2,
      "tinylens: x is undefined\nthis is a fault of tinylens; TINYLENS_DEBUG=1 shows where\n",
    ]);
    const shown = await tinylens(fresh(), words, { ...broken, env: { TINYLENS_DEBUG: "1" } });
    expect(shown.stderr).toMatch(/TypeError: x is undefined\n {4}at /);
  });
});
