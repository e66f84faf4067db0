import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import type { NdArray } from "../src/core/nd.ts";
import type { AnyFigure } from "../src/figures/figure.ts";
import type { Study } from "../src/lab/index.ts";
import { TorchGenerator } from "../src/rng/index.ts";
import type { Examples, Task } from "../src/tasks/task.ts";
import {
  barrelText,
  entriesOnDisk,
  exportedEntries,
  exportName,
  mismatches,
  readBarrel,
  registries,
} from "./support/registries.ts";
import { choices, undocumented } from "./support/schemas.ts";
import { sourceFolder } from "./support/sources.ts";

const backends = ["jax", "native", "web"];

/** What a README of an entry must have: a title and some prose. */
function readmeProblem(text: string): string | undefined {
  if (!/^# \S/.test(text)) return "has no title";
  return text.split("\n").slice(1).join("").trim().length < 100 ? "says too little" : undefined;
}

/** Rows of tokens and label as text, to compare as sets. */
function rowsOf({ tokens, labels }: Examples): string[] {
  const count = tokens.shape[0] as number;
  const width = (array: NdArray) => array.data.length / count;
  const row = (array: NdArray, i: number) =>
    array.data.slice(i * width(array), (i + 1) * width(array)).join();
  return Array.from({ length: count }, (_, i) => `${row(tokens, i)} → ${row(labels, i)}`);
}

function exampleProblems(task: Task<unknown>, params: unknown, examples: Examples): string[] {
  const { dVocab, dVocabOut, nCtx } = task.vocabulary(params);
  const { tokens, labels, positions, places } = examples;
  const count = tokens.shape[0] as number;
  const within = (array: NdArray, size: number) => array.data.every((x) => x >= 0 && x < size);
  const checks: readonly (readonly [boolean, string])[] = [
    [tokens.dtype === "int32" && labels.dtype === "int32", "dtypes are not int32"],
    [tokens.shape.join() === `${count},${nCtx}`, `tokens have shape [${tokens.shape}]`],
    [
      labels.shape.join() === labelShape(task, examples, nCtx).join(),
      `labels have shape [${labels.shape}]`,
    ],
    [
      (positions === undefined && places === undefined) === (task.labeled !== "some") &&
        (positions ?? []).every((at, i, all) => at > (all[i - 1] ?? -1) && at < nCtx),
      "the positions of the labels are not ascending ones of a sequence",
    ],
    [
      places === undefined || (places.shape.join() === labels.shape.join() && within(places, nCtx)),
      "the places of the labels are not those of a sequence",
    ],
    [within(tokens, dVocab), "a token is outside the vocabulary"],
    [within(labels, dVocabOut), "a label is outside the vocabulary"],
  ];
  return checks.filter(([holds]) => !holds).map(([, problem]) => problem);
}

function labelShape(
  { labeled }: Task<unknown>,
  { tokens, positions = [], places }: Examples,
  nCtx: number,
): number[] {
  const count = tokens.shape[0] as number;
  const asked = places?.shape[1] ?? positions.length;
  return [count, ...{ last: [], all: [nCtx], some: [asked] }[labeled]];
}

function repeats(examples: Examples): string[] {
  const rows = rowsOf(examples);
  return new Set(rows).size === rows.length ? [] : ["an example occurs twice"];
}

function splitProblems(task: Task<unknown>, params: unknown): string[] {
  const draw = (seed: number) => task.split(params, new TorchGenerator(seed));
  const { train, test } = draw(1);
  const [trainRows, testRows] = [rowsOf(train), rowsOf(test)];
  const trainSet = new Set(trainRows);
  const text = (seed: number) => rowsOf(draw(seed).train).join("\n");
  const dealt = (): (readonly [boolean, string])[] => {
    const all = new Set(rowsOf(task.examples(params)));
    return [
      [testRows.every((row) => !trainSet.has(row)), "train and test share an example"],
      [
        [...trainRows, ...testRows].every((row) => all.has(row)),
        "an example is not one of the task's",
      ],
    ];
  };
  const checks: readonly (readonly [boolean, string])[] = [
    ...(task.drawn === "partition" ? dealt() : []),
    [trainRows.length > 0 && testRows.length > 0, "a part is empty"],
    [trainRows.join("\n") === text(1), "the same seed gives two splits"],
    [text(1) !== text(2), "two seeds give the same split"],
  ];
  const wrong = checks.filter(([holds]) => !holds).map(([, problem]) => problem);
  const parts = [train, test].flatMap((part) => exampleProblems(task, params, part));
  return [...wrong, ...new Set(parts)];
}

/** The task's small parameters, and each with one choice changed. */
function variants({ params, small }: Task<unknown>): unknown[] {
  const own = small as object;
  const changed = choices(params)
    .map(([name, value]) => params.safeParse({ ...own, [name]: value }))
    .filter(({ success }) => success)
    .map(({ data }) => data);
  return [params.parse({ ...own }), ...changed];
}

/** A plan without its functions, which are made anew each time. */
function withoutFunctions(value: unknown): unknown {
  if (typeof value === "function") return "a function";
  if (Array.isArray(value)) return value.map(withoutFunctions);
  if (value === null || typeof value !== "object" || ArrayBuffer.isView(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [name, withoutFunctions(inner)]),
  );
}

describe("registries", () => {
  for (const registry of registries) {
    it(`${registry.folder}/all.ts exports each entry on disk, and nothing else`, async () => {
      const exported = exportedEntries(barrelText(registry.folder));
      expect(mismatches(entriesOnDisk(registry), exported)).toEqual([]);
      expect(Object.keys(await readBarrel(registry.folder)).length).toBe(exported.length);
    });
  }

  it("would not let an entry be forgotten, or outlive its folder", () => {
    const barrel = 'export { bars } from "./bars/index.ts";\nexport { pie } from "./pie.ts";\n';
    expect(mismatches(["line-facets", "bars"], exportedEntries(barrel))).toEqual([
      "line-facets is not exported",
      "pie is not on disk",
    ]);
    expect(exportName("a-b2-c")).toBe("aB2C");
  });

  it("have a folder for each back end, with its index", () => {
    const root = join(sourceFolder, "compile/backends");
    const folders = readdirSync(root, { withFileTypes: true }).filter((one) => one.isDirectory());
    expect(folders.map(({ name }) => name).sort()).toEqual(backends);
    expect(backends.filter((name) => !existsSync(join(root, name, "index.ts")))).toEqual([]);
  });
});

describe("READMEs", () => {
  it.each(["tasks", "studies"])("of %s say what each entry is", (folder) => {
    const registry = registries.find((one) => one.folder === folder);
    const problems = (registry === undefined ? [] : entriesOnDisk(registry)).map((name) => {
      const path = join(sourceFolder, folder, name, "README.md");
      const problem = existsSync(path) ? readmeProblem(readFileSync(path, "utf8")) : "is missing";
      return problem && `${name}/README.md ${problem}`;
    });
    expect(problems.filter((problem) => problem !== undefined)).toEqual([]);
  });

  it("are not accepted without a title or without prose", () => {
    expect(readmeProblem("Something")).toBe("has no title");
    expect(readmeProblem("# Title\n\nShort.\n")).toBe("says too little");
    expect(readmeProblem(`# Title\n\n${"Prose. ".repeat(20)}`)).toBeUndefined();
  });
});

const tasks = Object.entries(await readBarrel("tasks")) as [string, Task<unknown>][];

describe.each(tasks)("task %s", (key, task) => {
  it("is named after its folder and documents every parameter", () => {
    expect(exportName(task.name)).toBe(key);
    expect(undocumented(task.params)).toEqual([]);
    expect(task.title.length * task.source.paper.length).toBeGreaterThan(0);
  });

  it("has examples inside its vocabulary, each once, whatever is chosen", () => {
    for (const params of variants(task)) {
      const examples = task.examples(params);
      const problems = [...exampleProblems(task, params, examples), ...repeats(examples)];
      expect(problems, JSON.stringify(params)).toEqual([]);
    }
  });

  it("splits as it says, and only the seed decides how", () => {
    expect(splitProblems(task, task.params.parse({ ...task.small }))).toEqual([]);
  });

  it("shows every token to a person, each differently", () => {
    const { dVocab, label } = task.vocabulary(task.params.parse({}));
    expect(new Set(Array.from({ length: dVocab }, (_, token) => label(token))).size).toBe(dVocab);
  });
});

describe("the task contract can fail", () => {
  const shape = z.object({ size: z.int().default(3) });
  const examples: Examples = {
    tokens: { dtype: "int32", shape: [2, 1], data: Int32Array.of(0, 5) },
    labels: { dtype: "int32", shape: [2, 1], data: Int32Array.of(0, 0) },
  };
  const broken: Task<unknown> = {
    name: "broken",
    title: "Broken",
    source: { paper: "none" },
    params: shape,
    labeled: "last",
    drawn: "partition",
    small: {},
    vocabulary: () => ({ dVocab: 3, dVocabOut: 1, nCtx: 1, label: String }),
    examples: () => examples,
    split: () => ({ train: examples, test: examples }),
  };

  it("on an undocumented parameter", () => {
    expect(undocumented(shape)).toEqual(["size"]);
    expect(undocumented(z.object({ a: shape.meta({ description: "A." }) }))).toEqual(["a.size"]);
  });

  it("on examples outside the vocabulary or of another shape", () => {
    expect(exampleProblems(broken, {}, examples)).toEqual([
      "labels have shape [2,1]",
      "a token is outside the vocabulary",
    ]);
  });

  it("on a split that overlaps and ignores its seed", () => {
    const outside = exampleProblems(broken, {}, examples);
    const same = "two seeds give the same split";
    expect(splitProblems(broken, {})).toEqual([
      "train and test share an example",
      same,
      ...outside,
    ]);
    expect(splitProblems({ ...broken, drawn: "independent" }, {})).toEqual([same, ...outside]);
  });

  it("on an example that occurs twice, and on positions out of order", () => {
    const { tokens } = examples;
    const zeros = { dtype: "int32", shape: [2, 1], data: new Int32Array(2) } as const;
    expect(repeats({ tokens: zeros, labels: zeros })).toEqual(["an example occurs twice"]);
    expect(exampleProblems({ ...broken, labeled: "some" }, {}, examples)).toContain(
      "the positions of the labels are not ascending ones of a sequence",
    );
    const pair = { tokens, labels: { ...zeros, shape: [2, 1] }, positions: [1] };
    expect(exampleProblems({ ...broken, labeled: "some" }, {}, pair)).toContain(
      "the positions of the labels are not ascending ones of a sequence",
    );
  });

  it("on plans that differ, and not on functions made anew", () => {
    const plan = (steps: number) => ({ steps, columns: [() => steps] });
    expect(withoutFunctions(plan(1))).toEqual(withoutFunctions(plan(1)));
    expect(withoutFunctions(plan(1))).not.toEqual(withoutFunctions(plan(2)));
  });
});

const figures = Object.entries(await readBarrel("figures")) as [string, AnyFigure][];

describe.each(figures)("figure %s", (key, figure) => {
  it("is named after its folder and has an example", () => {
    expect(exportName(figure.name)).toBe(key);
    expect(Object.keys(figure.examples).length).toBeGreaterThan(0);
  });

  it.each(Object.keys(figure.examples))("draws %s as plain JSON, twice the same", (example) => {
    const drawn = figure(figure.examples[example] as never);
    const text = JSON.stringify(drawn);
    expect(JSON.parse(text)).toEqual(drawn);
    expect(JSON.stringify(figure(figure.examples[example] as never))).toBe(text);
    expect(drawn.data.length).toBeGreaterThan(0);
  });
});

const studies = Object.entries(await readBarrel("studies")) as [string, Study][];

describe.each(studies)("study %s", (key, study) => {
  const smoke = () => study.params.parse({ ...(study.smoke as object) });
  const plans = () => study.plans(smoke());

  it("is named after its folder and documents every parameter", () => {
    expect(exportName(study.name)).toBe(key);
    expect(undocumented(study.params)).toEqual([]);
    expect(study.title.length * (study.sources[0]?.paper.length ?? 0)).toBeGreaterThan(0);
    expect(undocumented(study.view)).toEqual([]);
  });

  it("runs without any parameter or view given", () => {
    expect(study.params.safeParse({}).success).toBe(true);
    expect(study.view.safeParse({}).success).toBe(true);
  });

  it("plans the same training twice", () => {
    const told = () =>
      Object.values(plans()).map(({ model, ...rest }) => ({ model: model.name, ...rest }));
    expect(withoutFunctions(told())).toEqual(withoutFunctions(told()));
  });

  it("plans step counts, weights and configurations that fit their models", () => {
    expect(Object.keys(plans())[0]).toBe("model");
    for (const [name, { model, config, initial, steps }] of Object.entries(plans())) {
      expect(name).toMatch(/^[a-z0-9-]+$/);
      expect(model.config.safeParse(config).success, name).toBe(true);
      const shapes = Object.entries(initial).map(([weight, { shape }]) => [weight, [...shape]]);
      const expected = model.parameters(config).map((one) => [one.name, [...one.shape]]);
      expect(Object.fromEntries(shapes)).toEqual(Object.fromEntries(expected));
      expect(steps).toBeGreaterThan(0);
    }
  });
});
