import { availableParallelism, totalmem } from "node:os";
import { telemetryIsOff } from "../../compile/backends/native/telemetry.ts";
import { type BackendName, backendNames } from "../../compile/index.ts";
import { sentence } from "../../core/text.ts";
import { version } from "../../runs/index.ts";
import type { Context } from "../context.ts";
import { selfTest } from "../self-test.ts";
import type { Command } from "./command.ts";

/** What the doctor found out about a device. */
interface Finding {
  readonly device: BackendName;
  readonly works: boolean;
  readonly text: string;
}

/** `tinylens doctor`: what is installed, which back ends work, a self-test. */
export const doctor: Command = {
  name: "doctor",
  define(parser, context, done) {
    parser
      .description("what is installed, which devices work, threads, a self-test")
      .option("--json", "print one JSON object")
      .action(async (flags: { readonly json?: boolean }) => {
        const findings: Finding[] = [];
        for (const device of backendNames) findings.push(await examine(context, device));
        const machine = {
          tinylens: version(),
          node: process.versions.node,
          platform: `${process.platform} ${process.arch}`,
          threads: availableParallelism(),
          telemetry: telemetryIsOff() ? "off" : "on, by ORT_DISABLE_TELEMETRY",
          memoryGB: Math.round(totalmem() / 2 ** 30),
        };
        const { stdout } = context;
        if (flags.json === true)
          stdout.write(`${JSON.stringify({ machine, devices: findings })}\n`);
        else stdout.write(text(machine, findings));
        done(findings.some(({ works }) => works) ? 0 : 2);
      });
  },
};

async function examine(context: Context, device: BackendName): Promise<Finding> {
  try {
    const { milliseconds, error } = await selfTest(await context.backend(device), context.now);
    const found = `gradient step of a small network in ${milliseconds.toFixed(1)} ms, error ${error.toExponential(1)}`;
    return { device, works: error < 1e-5, text: found };
  } catch (error) {
    return {
      device,
      works: false,
      text: sentence(error instanceof Error ? error.message : String(error)),
    };
  }
}

function text(machine: Readonly<Record<string, unknown>>, findings: readonly Finding[]): string {
  const facts = Object.entries(machine).map(([name, value]) => `${name.padEnd(11)}${value}`);
  const states = findings.map(
    ({ device, works, text: found }) =>
      `${device.padEnd(11)}${works ? "works" : "does not work"}: ${found}`,
  );
  return `${[...facts, ...states].join("\n")}\n`;
}
