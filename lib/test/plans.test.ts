import { describe, expect, it } from "vitest";
import * as studies from "../src/studies/all.ts";
import type { Study } from "../src/studies/study.ts";
import { trainingPlan } from "../src/train/index.ts";

const all = Object.values(studies) as unknown as readonly Study<object, unknown>[];

describe("the plans of the studies", () => {
  it.each(all)("are whole, and their examples fit their models: $name", (study) => {
    const params = study.params.parse({ ...study.smoke });
    for (const plan of [study.plan(params), ...Object.values(study.companions?.(params) ?? {})]) {
      expect(trainingPlan(plan)).toEqual(plan);
    }
  });
});
