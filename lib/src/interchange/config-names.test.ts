import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { InputError } from "../core/errors.ts";
import { fromTransformerLensConfig, ignored } from "./config-names.ts";

/** How far TransformerLens's logits move, by field and kind of model; see goldens/config_fields.py. */
const golden = JSON.parse(
  readFileSync(new URL("../../goldens/config_fields.golden.json", import.meta.url), "utf8"),
) as {
  readonly moved: { readonly [field: string]: { readonly [base: string]: number } };
  readonly refused: { readonly [field: string]: string };
  readonly absent: readonly string[];
};

/** Taken by another path than the logits: the numbers of the weights are those of the file. */
const elsewhere = ["dtype"];

describe("fields of TransformerLens's configuration that are left out", () => {
  it("were all measured, and move no logits", () => {
    expect(golden.absent).toEqual([]);
    for (const field of ignored.filter((name) => !elsewhere.includes(name))) {
      const moved = golden.moved[field];
      if (moved === undefined) expect(golden.refused[field]).toContain("must be set");
      else expect(Math.max(...Object.values(moved)), field).toBe(0);
    }
  });

  it("are refused where they do: final_rms with LN and LNPre", () => {
    const moving = Object.entries(golden.moved.final_rms ?? {}).filter(([, x]) => x > 0);
    expect(moving.map(([base]) => base)).toEqual(["LN", "LNPre"]);
    for (const normalization_type of ["LN", "LNPre", undefined]) {
      const record = { final_rms: true, ...(normalization_type ? { normalization_type } : {}) };
      expect(() => fromTransformerLensConfig(record)).toThrow(
        new InputError(
          `config: final_rms true with normalization_type ${normalization_type ?? "LN"} is not supported: RMSNorm after the last block only; false is`,
        ),
      );
    }
    for (const normalization_type of ["RMS", "RMSPre", null]) {
      const record = { final_rms: true, normalization_type };
      expect(fromTransformerLensConfig(record)).toEqual({ normalizationType: normalization_type });
    }
    expect(fromTransformerLensConfig({ final_rms: false })).toEqual({});
  });
});
