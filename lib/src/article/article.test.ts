import { describe, expect, it } from "vitest";
import { lines } from "../figures/index.ts";
import {
  aboveChance,
  type Block,
  behavior,
  claim,
  count,
  explore,
  figure,
  formula,
  headline,
  isMost,
  judge,
  list,
  mechanism,
  metrics,
  number,
  percent,
  plural,
  prose,
  type Reference,
  readArticle,
  section,
  summary,
  table,
} from "./index.ts";

const source: Reference = { paper: "a paper", kind: "published" };

async function* from(...blocks: Block[]): AsyncGenerator<Block> {
  yield* blocks;
}

describe("an article", () => {
  const drawn = lines({ series: [{ name: "y", y: [1, 2] }], xLabel: "x", yLabel: "y" });

  it("becomes a page in reading order, with its claims, findings and numbers apart", async () => {
    const seen: string[] = [];
    const page = await readArticle(
      from(
        summary("It ", behavior("works", true, "works", "fails"), "."),
        metrics({ loss: 1 }),
        section(headline(mechanism("copies", false, "It copies", ""), "What is copied")),
        prose("One. ", mechanism("asked", undefined, "never", "never"), "Two."),
        claim("one", "is one", source, 1, 1),
        figure("head-1", "Head 1", ["See", " it."], drawn),
        table("rows", "Rows", [{ a: "1" }]),
        metrics({ accuracy: 0.5 }),
      ),
      ({ kind }) => void seen.push(kind),
    );
    expect(page.summary).toBe("It works.");
    expect(page.metrics).toEqual({ loss: 1, accuracy: 0.5 });
    expect(page.sections).toMatchObject([
      {
        title: "What is copied",
        items: [
          { kind: "prose", text: "One. Two." },
          { kind: "claim", id: "one" },
          { kind: "figure", id: "head-1", title: "Head 1", see: "See it.", folded: false },
          { kind: "table", id: "rows", title: "Rows", rows: [{ a: "1" }] },
        ],
      },
    ]);
    expect(page.findings.map(({ id, holds }) => [id, holds])).toEqual([
      ["works", true],
      ["copies", false],
      ["asked", undefined],
    ]);
    expect(page.claims).toMatchObject([{ id: "one", holds: true }]);
    expect(seen).toContain("figure");
  });

  it("has a part for each value of what is explored, with the ids told apart", async () => {
    const drawn = { data: [], layout: {} };
    async function* parts() {
      yield section("Neurons");
      yield formula("x^2");
      yield explore("neuron", [3, 7], 7, function* (neuron) {
        yield prose(mechanism("tuned", neuron === 7, `${neuron} is tuned.`, `${neuron} is not.`));
        yield figure("map", `Neuron ${neuron}`, "", drawn);
      });
    }
    const page = await readArticle(parts());
    const [tex, explored] = page.sections[0]?.items ?? [];
    expect(tex).toEqual({ kind: "formula", tex: "x^2" });
    expect(explored).toMatchObject({
      field: "neuron",
      first: 7,
      parts: [
        { value: 3, items: [{ text: "3 is not." }, { id: "map-neuron-3" }] },
        { value: 7, items: [{ text: "7 is tuned." }, { id: "map-neuron-7" }] },
      ],
    });
    expect(page.findings.map(({ text }) => text)).toEqual(["7 is tuned."]);
    const claims = explore("neuron", [1], 1, function* () {
      yield section("No");
    });
    const wrong = (async function* () {
      yield section("Neurons");
      yield claims;
    })();
    await expect(readArticle(wrong)).rejects.toThrow(
      "article: a section cannot stand in what neuron explores",
    );
  });

  it("leaves out a paragraph whose findings cannot be asked, and sections without content", async () => {
    const silent = mechanism("asked", undefined, "yes", "no");
    const page = await readArticle(
      from(section("Empty"), prose(silent), section("Full"), prose("x")),
    );
    expect(page.sections.map(({ title }) => title)).toEqual(["Full"]);
  });

  it.each([
    [[summary("a"), summary("b")], "article: it has two summaries"],
    [[prose("a")], "article: a prose stands before the first section"],
    [
      [section("a"), claim("x", "", source, 1, 1), claim("x", "", source, 1, 1)],
      'article: ids must be unique, got the claim "x" twice',
    ],
    [
      [section("a"), figure("x", "", "", drawn), table("x", "", [])],
      'article: ids must be unique, got the figure "x" twice',
    ],
  ])("is refused in one sentence (%#)", async (blocks, message) => {
    await expect(readArticle(from(...blocks))).rejects.toThrow(message);
  });
});

describe("a claim", () => {
  it.each([
    [1, 1, "equal", true],
    [[1, 2], [1, 2], "equal", true],
    [[1, 2], [2, 1], "equal", false],
    [1, 1.5, { within: 0.5, why: "w" }, true],
    [1, 1.51, { within: 0.5, why: "w" }, false],
    [2, 2.2, { share: 0.11, why: "w" }, true],
    [2, 2.3, { share: 0.11, why: "w" }, false],
    [1, 1, { atMost: "w" }, true],
    [1, 1.1, { atMost: "w" }, false],
    [1, 1, { atLeast: "w" }, true],
    [1, 0.9, { atLeast: "w" }, false],
    [[1, 2], 1.5, { between: "w" }, true],
    [[1, 2], 2.5, { between: "w" }, false],
    [[1, 2, 3], [3, 2, 7], { inCommon: 2, why: "w" }, true],
    [[1, 2, 3], [3, 8, 7], { inCommon: 2, why: "w" }, false],
  ] as const)("of %j measured as %j under %j: %s", (expected, measured, rule, holds) => {
    expect(judge("id", "text", source, expected, measured, rule).holds).toBe(holds);
  });

  it.each([
    "equal",
    { within: 1, why: "" },
    { share: 1, why: "" },
    { atMost: "" },
    { atLeast: "" },
  ] as const)("never holds for NaN (%j)", (rule) => {
    expect(judge("id", "", source, 1, Number.NaN, rule).holds).toBe(false);
  });

  it("is not judged before there is a measurement", () => {
    expect(judge("id", "", source, 1, undefined).holds).toBe(undefined);
  });

  it("says its rule with the reason", () => {
    const worded = judge("id", "", source, 1, 1, { share: 0.025, why: "five runs" });
    expect(worded.tolerance).toBe("within 2.5 %: five runs");
  });
});

describe("words", () => {
  it.each([
    [0, "0"],
    [-0.0072, "−0.0072"],
    [1.23456, "1.23"],
    [99_999, "100000"],
    [123_456, "1.23 × 10⁵"],
    [-3.9e-7, "−3.9 × 10⁻⁷"],
    [Number.NaN, "no number"],
    [Number.POSITIVE_INFINITY, "infinity"],
  ])("number(%d) is %s", (value, text) => {
    expect(number(value)).toBe(text);
  });

  it.each([
    [0, "0 %"],
    [1, "100 %"],
    [0.9731, "97.3 %"],
    [5 / 20_000, "0.03 %"],
    [0.9999953, "99.9995 %"],
    [0.9996, "99.96 %"],
    [1e-9, "less than 0.0001 %"],
    [1 - 1e-9, "more than 99.9999 %"],
    [Number.NaN, "no share"],
  ])("percent(%d) is %s", (value, text) => {
    expect(percent(value)).toBe(text);
  });

  it("lists, counts and plurals", () => {
    expect([list([]), list([1]), list([1, 2, 3])]).toEqual(["none", "1", "1, 2 and 3"]);
    expect([count(12_800), plural(1, "head"), plural(3, "frequency", "frequencies")]).toEqual([
      "12,800",
      "1 head",
      "3 frequencies",
    ]);
  });

  it("a share is most when it is half of the way from chance", () => {
    expect(aboveChance(0.25, 0.25)).toBe(0);
    expect(isMost(0.6, 0.25)).toBe(false);
    expect(isMost(0.63, 0.25)).toBe(true);
  });
});

describe("a claim of a study that no compiler has seen", () => {
  const own: Reference = { kind: "own", paper: "this study" };
  const judged = (...[reference, expected, measured, rule]: unknown[]) =>
    judge("x", "is", reference as never, expected as never, measured as never, rule as never);
  it.each<[unknown[], string]>([
    [
      [{ kind: "own" }, 1, 1],
      'paper must say where it is from, such as "this study", got undefined',
    ],
    [[{ kind: "mine", paper: "p" }, 1, 1], 'unknown kind "mine"; did you mean'],
    [[own, 1, 2, { why: "so" }], "the rule must be one of within, share, atMost"],
    [[own, 1, 2, { atMost: "so", within: 1 }], "atMost and within"],
    [[own, 1, null, { atMost: "so" }], "measured must be a number, true, false"],
    [[own, [1, "a"], 1], "expected must be a number, true, false"],
  ])("is refused: %j", (given, message) => {
    expect(() => judged(...given)).toThrow(message);
    expect(() => judged(...given)).toThrow(/^claim "x": /);
  });
  it("counts what is in common once, and takes no number that is none for another", () => {
    const three = { inCommon: 3, why: "so" };
    expect(judged(own, [3, 5, 7], [3, 3, 3], three).holds).toBe(false);
    expect(judged(own, [3, 5, 7], [7, 5, 3], three).holds).toBe(true);
    expect(judged(own, Number.POSITIVE_INFINITY, Number.NaN).holds).toBe(false);
    expect(judged(own, [1, 2], [1, 2]).holds).toBe(true);
  });
  it("has metrics that are numbers", async () => {
    await expect(readArticle(from(metrics({ loss: "low" as never })))).rejects.toThrow(
      'article: the metric loss must be a number, got "low"',
    );
  });
});
