import { availableParallelism, cpus } from "node:os";
import { type Backend, type BackendName, backendNames, openBackend } from "../../compile/index.ts";
import { MissingError } from "../../core/errors.ts";
import { planNamed, type Study } from "../../lab/index.ts";
import {
  type BenchCase,
  benchPlan,
  measurePeak,
  type Peak,
  type Ratio,
  ratios,
} from "../bench/index.ts";
import type { Context } from "../context.ts";
import { findDevice, findStudy } from "../find.ts";
import type { Command } from "./command.ts";

interface BenchFlags {
  readonly device?: string;
  readonly json?: boolean;
}

/** Facts of the machine, with its best float32 matrix product. */
interface Machine {
  readonly processor: string;
  readonly cores: number;
  readonly node: string;
  readonly peakGflops: number;
}

/** Five turns of a second each, after a few steps to warm up. */
const timing = { rounds: 5, turnMs: 1000, warmUp: 3 };

/** `tinylens bench`: each study's training step on each device, and the machine's peak. */
export const bench: Command = {
  name: "bench",
  define(parser, context, done) {
    parser
      .argument("[study]", "only this one: its name, or ./FILE.ts (default: all)")
      .description("ms per training step and share of this machine's matrix-multiply peak")
      .option("--device <name>", "only native, web or jax (default: all that work)")
      .option("--json", "print one JSON object")
      .action(async (name: string | undefined, { device, json }: BenchFlags) => {
        const { stdout, now } = context;
        const asked = findDevice(device);
        const studies =
          name === undefined ? Object.values(context.studies) : [findStudy(context, "bench", name)];
        const backends = await openBackends(context, asked);
        const peak = await measurePeak(backends[0] as Backend, now, [
          ...new Set([1, availableParallelism()]),
        ]);
        const cases = await benchStudies(context, studies, backends, peak);
        const machine = describeMachine(peak);
        const found = { machine, cases, ratios: ratios(cases) };
        stdout.write(
          json === true ? `${JSON.stringify(found)}\n` : text(machine, cases, found.ratios),
        );
        done(0);
      });
  },
};

/** The back end asked for, or all that work here, fastest kind first. */
async function openBackends(
  context: Context,
  asked: BackendName | undefined,
): Promise<readonly Backend[]> {
  if (asked !== undefined) return [await openBackend(asked, { open: context.backend })];
  const backends: Backend[] = [];
  for (const name of backendNames) {
    try {
      backends.push(await context.backend(name));
    } catch (error) {
      if (!(error instanceof MissingError)) throw error;
      context.stderr.write(`left out: ${error.message}\n`);
    }
  }
  return backends;
}

async function benchStudies(
  { stderr, now }: Context,
  studies: readonly Study[],
  backends: readonly Backend[],
  peak: Peak,
): Promise<readonly BenchCase[]> {
  const cases: BenchCase[] = [];
  for (const study of studies) {
    stderr.write(`${study.name} …\n`);
    const plan = planNamed(study, study.plans(study.params.parse({})), "model");
    const leaveOut = (device: BackendName, reason: string): void => {
      stderr.write(`left out: ${study.name} on ${device}: ${reason}\n`);
    };
    const timed = await benchPlan(study.name, plan, backends, peak, { ...timing, now }, leaveOut);
    cases.push(...timed);
  }
  return cases;
}

function describeMachine(peak: Peak): Machine {
  return {
    processor: cpus()[0]?.model ?? process.arch,
    cores: availableParallelism(),
    node: process.versions.node,
    peakGflops: peak.gflops,
  };
}

function text(machine: Machine, cases: readonly BenchCase[], found: readonly Ratio[]): string {
  const { processor, cores, node, peakGflops } = machine;
  const rows = cases.map(({ name, device, threads, msPerStep, flopPerStep, peakShare }) =>
    [
      name.padEnd(24),
      device.padEnd(7),
      `${threads} threads`,
      `${msPerStep.toFixed(2)} ms`.padStart(11),
      `${(flopPerStep / 1e9).toFixed(2)} GFLOP`.padStart(12),
      `${(100 * peakShare).toFixed(0)} % of peak`.padStart(13),
    ].join("  "),
  );
  const comparisons = found.map(
    ({ name, device, over, times }) =>
      `${name}: ${device} is ${times.toFixed(1)}x as fast as ${over}`,
  );
  const head = `${processor}, ${cores} cores, Node ${node}, ${peakGflops.toFixed(0)} GFLOP/s at best`;
  return `${[head, ...rows, ...comparisons].join("\n")}\n`;
}
