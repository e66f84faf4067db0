/** Changed .pt, .safetensors, JSON files and configurations through the readers. */

import type { Campaign } from "./campaign.ts";
import { caseOptions, runCases } from "./harness.ts";

export const campaign: Campaign = {
  name: "fuzz",
  summary:
    "changed .pt, .safetensors, JSON files and configurations, read in process (--cases 60000 --seed 1 --only N)",
  run: (args, log) =>
    runCases(
      new URL("./fuzz-files.ts", import.meta.url),
      caseOptions(args, { cases: 60_000 }),
      log,
    ),
};
