/**
 * `npm run bench`: tinylens's training step of `modular-addition` against its peers, in one run on
 * one machine, taking turns; then against jax-js's jit from tiny sizes to the study's.
 *
 *   --python PROGRAM   a Python with PyTorch 2 (default python3)
 *   --spike DIR        the engine experiment (default ../shared/design/engine-spike)
 *   --rounds N         turns of each contestant (default 5)
 *   --turn MS          length of a turn (default 1000)
 *   --only TEXT        only contestants with this text in their title, beside tinylens
 *   --no-sweep         leave out the sizes
 *   --json             print one JSON object
 *
 * A contestant that cannot run here is left out, with the reason on standard error.
 */

import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { type Command, type Contestant, compete, type Result, start } from "./contestant.ts";
import { sizeArguments, sweepSizes } from "./peers/modular-addition.ts";

const here = import.meta.dirname;

const { values: flags } = parseArgs({
  options: {
    python: { type: "string", default: "python3" },
    spike: { type: "string", default: resolve(here, "../../shared/design/engine-spike") },
    rounds: { type: "string", default: "5" },
    turn: { type: "string", default: "1000" },
    only: { type: "string", default: "" },
    "no-sweep": { type: "boolean", default: false },
    json: { type: "boolean", default: false },
  },
});

function node(title: string, file: string, ...args: readonly string[]): Command {
  const path = join(here, file);
  return { title, program: process.execPath, args: [path, ...args] };
}

function python(title: string, file: string, ...args: readonly string[]): Command {
  return { title, program: flags.python, args: [join(here, "peers", file), ...args] };
}

const tinylens = node("tinylens", "tinylens.ts");

function peers(): Command[] {
  const list = [
    python("PyTorch, as TransformerLens", "modular_addition_transformerlens.py", "--steps", "20"),
    ...["autograd", "written out"].map((gradients) =>
      python(
        `PyTorch, hand-optimized, gradients ${gradients}`,
        "modular_addition_optimized.py",
        ...["--steps", "20", "--variants", gradients],
      ),
    ),
    ...["1", "2"].map((threads) =>
      node(`jax-js jit, ${threads} threads`, "peers/jaxjs.ts", "--threads", threads),
    ),
  ];
  if (existsSync(flags.spike)) {
    list.unshift(node("engine spike", "peers/spike.ts", "--spike", flags.spike));
  } else {
    process.stderr.write(`left out: engine spike, no folder ${flags.spike}\n`);
  }
  return list.filter(({ title }) => title.includes(flags.only));
}

async function started(commands: readonly Command[]): Promise<Contestant[]> {
  const contestants: Contestant[] = [];
  for (const command of commands) {
    try {
      contestants.push(await start(command));
    } catch (error) {
      process.stderr.write(`left out: ${error instanceof Error ? error.message : error}\n`);
    }
  }
  return contestants;
}

async function race(commands: readonly Command[], rounds: number, turnMs: number) {
  const contestants = await started(commands);
  const results = await compete(contestants, rounds, turnMs);
  for (const contestant of contestants) await contestant.stop();
  return results;
}

/** Largest difference of two runs' losses over their first 20 steps, in nats. */
function lossDifference(a: Result, b: Result): number {
  const pairs = a.losses.slice(0, 20).map((loss, i) => Math.abs(loss - (b.losses[i] ?? loss)));
  return Math.max(...pairs);
}

async function sweep(rounds: number, turnMs: number) {
  const rows = [];
  for (const [size, sizes] of Object.entries(sweepSizes)) {
    const args = sizeArguments(sizes);
    const commands = [
      node("tinylens", "tinylens.ts", ...args),
      ...["1", "2"].map((threads) =>
        node(`jax-js jit, ${threads} threads`, "peers/jaxjs.ts", "--threads", threads, ...args),
      ),
    ];
    const [own, ...others] = await race(commands, rounds, turnMs);
    if (own === undefined || others.length === 0) continue;
    const jaxjs = Math.min(...others.map(({ msPerStep }) => msPerStep));
    rows.push({ size, tinylens: own.msPerStep, jaxjs, ratio: jaxjs / own.msPerStep });
  }
  return rows;
}

const [rounds, turnMs] = [Number(flags.rounds), Number(flags.turn)];
const [own, ...others] = await race([tinylens, ...peers()], rounds, turnMs);
if (own === undefined) throw new Error("tinylens's own step does not run here");
const steps = [own, ...others].map((result) => ({
  name: result.name,
  threads: result.threads,
  msPerStep: result.msPerStep,
  ratio: result.msPerStep / own.msPerStep,
  lossDifference: lossDifference(own, result),
}));
const sizes = flags["no-sweep"] ? [] : await sweep(Math.min(rounds, 3), turnMs / 2);

if (flags.json) {
  console.log(JSON.stringify({ steps, sizes }));
} else {
  console.log("ratio: time of the contestant over time of tinylens; losses: first 20 steps, nats");
  for (const { name, threads, msPerStep, ratio, lossDifference: difference } of steps) {
    const columns = [
      name.padEnd(58),
      `${threads} threads`,
      `${msPerStep.toFixed(2)} ms`.padStart(11),
      `${ratio.toFixed(2)}x`.padStart(8),
      `losses within ${difference.toExponential(1)}`,
    ];
    console.log(columns.join("  "));
  }
  for (const { size, tinylens: ms, jaxjs, ratio } of sizes) {
    console.log(
      `${size.padEnd(16)} tinylens ${ms.toFixed(3)} ms, jax-js ${jaxjs.toFixed(3)} ms, ${ratio.toFixed(1)}x`,
    );
  }
}
process.exit(0);
