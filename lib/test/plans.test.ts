import { describe, expect, it } from "vitest";
import type { Study } from "../src/lab/index.ts";
import * as studies from "../src/studies/all.ts";
import { trainingPlan } from "../src/train/index.ts";

const all = Object.values(studies) as readonly Study[];

describe("the plans of the studies", () => {
  it.each(all)("are whole, and their examples fit their models: $name", (study) => {
    const params = study.params.parse({ ...(study.smoke as object) });
    for (const plan of Object.values(study.plans(params))) {
      expect(trainingPlan(plan)).toEqual(plan);
    }
  });
});
