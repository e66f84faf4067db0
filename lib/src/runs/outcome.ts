import { join } from "node:path";
import type { BackendName } from "../compile/index.ts";
import type { Claim } from "../core/claim.ts";
import type { RunRecord } from "./record.ts";

/** How a run ended. */
export interface RunOutcome {
  readonly study: string;
  /** Path of the run folder. */
  readonly run: string;
  /** Path of the page. */
  readonly report: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly device: BackendName;
  /** Time spent over all sessions, in seconds. */
  readonly seconds: number;
  /** Whether a finished run was found. */
  readonly loaded: boolean;
  /** Whether an unfinished run was found and gone on with. */
  readonly resumed: boolean;
  /** True when it was stopped; there are no claims then. */
  readonly interrupted: boolean;
  readonly step: number;
  readonly steps: number;
  readonly claims: readonly Claim[];
  readonly metrics: Readonly<Record<string, number>>;
}

/** The outcome of the run in folder `run`. */
export function outcome(
  run: string,
  { study, params, device, seconds, step, steps, claims, metrics }: RunRecord,
  how: Pick<RunOutcome, "loaded" | "resumed"> & Partial<Pick<RunOutcome, "interrupted" | "report">>,
): RunOutcome {
  const fields = { study, run, params, device, seconds, step, steps, claims, metrics };
  return { interrupted: false, report: join(run, "report.html"), ...how, ...fields };
}
