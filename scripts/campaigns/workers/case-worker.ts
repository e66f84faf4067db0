/** The worker thread of `runCases`. */

import { parentPort, workerData } from "node:worker_threads";
import type { CaseModule, Outcome, Task, Verdict } from "../harness.ts";
import { generator } from "../mutate.ts";

const { module, settings, seed, from, to, clock } = workerData as Task;
const present = new Float64Array(clock);

function processorMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

const { setup } = (await import(module)) as CaseModule;
const run = await setup(settings);
for (let index = from; index < to; index++) {
  present[1] = index;
  present[0] = Date.now();
  const begun = processorMs();
  let verdict: Verdict;
  try {
    verdict = await run(index, generator(seed, index));
  } catch (error) {
    const text = error instanceof Error ? error.stack : String(error);
    verdict = { kind: "thrown", fault: `outside the readers: ${text}` };
  }
  const outcome: Outcome = { index, verdict, ms: processorMs() - begun };
  present[0] = 0;
  parentPort?.postMessage(outcome);
}
