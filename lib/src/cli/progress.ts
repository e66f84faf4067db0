/** Progress on standard error: a live bar on a terminal, else a plain line now and then. */

import { createLogUpdate } from "log-update";
import type { RunProgress } from "../runs/index.ts";
import type { MetricsRow } from "../train/index.ts";
import type { Context, Output } from "./context.ts";
import { barLine, plainLine, type Standing } from "./progress-text.ts";

/** Between two updates of the bar, and between two plain lines, in ms. */
const barEvery = 100;
const lineEvery = 10_000;
/** The speed is that of the last so many ms. */
const rateOver = 10_000;

/** Shows what a run reports; `done` leaves the last state on the screen. */
export interface ProgressView {
  show(progress: RunProgress): void;
  done(): void;
}

export function progressView(
  study: string,
  context: Pick<Context, "stderr" | "now"> & Partial<Pick<Context, "env">>,
): ProgressView {
  const { stderr, now, env = {} } = context;
  const live = env.TERM !== "dumb" && stderr.isTTY === true && (stderr.columns ?? 0) > 0;
  const screen = live ? liveScreen(stderr) : lineScreen(stderr);
  let standing: Standing | undefined;
  let meter = rateMeter(0, 0);
  let last = now();
  const draw = (): void => {
    last = now();
    if (standing !== undefined) screen.draw({ ...standing, rate: meter(standing.step, last) });
  };
  return {
    show(progress) {
      if (progress.kind === "message") return screen.say(`${study}: ${progress.text}`);
      if (progress.kind === "start") {
        const title = progress.part === undefined ? study : `${study} (${progress.part})`;
        const { step, steps } = progress;
        standing = { title, step, steps, rate: undefined, row: undefined };
        meter = rateMeter(step, now());
        last = now();
        return;
      }
      if (standing === undefined) return;
      standing = progressed(standing, progress);
      const ended = progress.kind === "metrics" && standing.step === standing.steps;
      if (ended || now() - last >= screen.every) draw();
    },
    done() {
      screen.done();
    },
  };
}

function progressed(
  standing: Standing,
  progress: { kind: "step"; step: number } | { kind: "metrics"; row: MetricsRow },
): Standing {
  if (progress.kind === "step") return { ...standing, step: progress.step };
  return { ...standing, step: progress.row.step, row: progress.row };
}

interface Screen {
  readonly every: number;
  draw(standing: Standing): void;
  say(text: string): void;
  done(): void;
}

function liveScreen(stderr: Output): Screen {
  const log = createLogUpdate(stderr as unknown as NodeJS.WritableStream);
  return {
    every: barEvery,
    draw: (standing) => {
      log(barLine(standing, stderr.columns ?? 80));
      if (standing.step === standing.steps && standing.row?.step === standing.steps) log.done();
    },
    say: (text) => log(text),
    done: () => log.done(),
  };
}

function lineScreen(stderr: Output): Screen {
  return {
    every: lineEvery,
    draw: (standing) => void stderr.write(`${plainLine(standing)}\n`),
    say: (text) => void stderr.write(`${text}\n`),
    done: () => {},
  };
}

/** Steps per second over the last while, from a start at `step` and `time` (ms). */
function rateMeter(step: number, time: number): (step: number, time: number) => number | undefined {
  const samples = [{ step, time }];
  return (newStep, newTime) => {
    samples.push({ step: newStep, time: newTime });
    while (samples.length > 2 && newTime - (samples[1]?.time ?? 0) > rateOver) samples.shift();
    const first = samples[0] ?? { step, time };
    const rate = ((newStep - first.step) / (newTime - first.time)) * 1000;
    return rate > 0 && Number.isFinite(rate) ? rate : undefined;
  };
}
