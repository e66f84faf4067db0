import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { z } from "zod";
import type { Study } from "../lab/index.ts";
import * as studies from "../studies/all.ts";
import { paramFacts, paramHelp } from "./param-facts.ts";
import { tinylens } from "./testing/terminal.ts";

const root = mkdtempSync(join(tmpdir(), "tinylens-params-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const every = Object.values(studies) as readonly Study[];

describe("the facts of parameters", () => {
  const params = z.object({
    p: z.int().min(2).default(113).meta({ description: "the modulus" }),
    lr: z.number().positive().max(1).default(1e-3).meta({ description: "speed", unit: "1/step" }),
    kind: z.enum(["a", "b"]).default("a").meta({ description: "which" }),
    on: z.boolean().default(false).meta({ description: "whether" }),
    seeds: z.array(z.int().min(0)).min(1).default([1, 2]).meta({ description: "which seeds" }),
  });
  const study = { ...every[0], name: "made-up", params } as unknown as Study;

  it("say the default, the unit, the meaning and what is allowed", () => {
    expect(paramFacts(params)).toEqual([
      fact("p", 113, undefined, "the modulus", "whole number at least 2"),
      fact("lr", 1e-3, "1/step", "speed", "number more than 0 and at most 1"),
      fact("kind", "a", undefined, "which", "a or b"),
      fact("on", false, undefined, "whether", "true or false"),
      fact("seeds", [1, 2], undefined, "which seeds", "list at least 1 (whole number at least 0)"),
    ]);
  });

  it("are a line each in the help, defaults first as --set takes them", () => {
    expect(paramHelp(study).split("\n").slice(0, 3)).toEqual([
      "Parameters of made-up, with their defaults:",
      "  p=113      the modulus (whole number at least 2)",
      "  lr=0.001   speed (number more than 0 and at most 1, in 1/step)",
    ]);
  });

  it.each(every.map((one) => [one.name, one] as const))("are complete for %s", (_, one) => {
    const facts = paramFacts(one.params);
    expect(facts.length).toBeGreaterThan(0);
    expect(facts.filter(({ meaning }) => meaning === "")).toEqual([]);
    const open = facts.filter((known) => known.default === null);
    expect(open.filter(({ meaning }) => !meaning.includes("default"))).toEqual([]);
  });
});

describe("the command line shows them", () => {
  it("in the help of a study", async () => {
    const { code, stdout } = await tinylens(root, ["run", "small-addition", "--help"]);
    expect(code).toBe(0);
    expect(stdout).toContain("Parameters of small-addition, with their defaults:\n");
    expect(stdout).toMatch(/^ {2}steps=\d+ +\S.*\(whole number more than 0/m);
    const general = await tinylens(root, ["run", "--help"]);
    expect(general.stdout).toContain("tinylens run STUDY --help lists the parameters of a study.");
  });

  it("in list --json", async () => {
    const { code, stdout } = await tinylens(root, ["list", "--json"]);
    expect(code).toBe(0);
    const { studies: listed, tasks, models } = JSON.parse(stdout);
    expect(listed[0]).toMatchObject({ name: "small-addition", title: "Addition modulo 7" });
    const steps = listed[0].params.find(({ name }: { name: string }) => name === "steps");
    expect(steps.allowed).toMatch(/^whole number/);
    expect(tasks.length + models.length).toBeGreaterThan(3);
  });
});

function fact(
  name: string,
  value: unknown,
  unit: string | undefined,
  meaning: string,
  allowed: string,
) {
  return { name, default: value, unit, meaning, allowed };
}
