import type { MetricsRow } from "../train/index.ts";

/** What a person watching a run is told. */
export type RunProgress =
  /** Training of the study's own model (`part` undefined) or of another of its plans begins at `step`. */
  | {
      readonly kind: "start";
      readonly part: string | undefined;
      readonly step: number;
      readonly steps: number;
      readonly threads: number;
    }
  | { readonly kind: "step"; readonly step: number }
  | { readonly kind: "metrics"; readonly row: MetricsRow }
  | { readonly kind: "message"; readonly text: string };

/** Called as a run goes on. */
export type OnProgress = (progress: RunProgress) => void;
