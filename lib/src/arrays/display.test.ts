import { beforeAll, describe, expect, it } from "vitest";
import { nd } from "../core/nd.ts";
import { displayArray } from "./display.ts";
import { arange, grad, init, type Tensor, tensor, zeros } from "./index.ts";

beforeAll(() => init());

/** What Deno's kernel gets for a value. */
function shownBy(value: Tensor): Readonly<Record<string, string>> {
  const display = Symbol.for("Jupyter.display") as never;
  return (value[display] as () => Readonly<Record<string, string>>).call(value);
}

/** Texts of the cells of each row, headers included. */
function cells(html: string): string[][] {
  return [...html.matchAll(/<tr>(.*?)<\/tr>/g)].map((row) =>
    [...(row[1] ?? "").matchAll(/<t[hd][^>]*>([^<]*)/g)].map((cell) => cell[1] ?? ""),
  );
}

describe("a tensor in a notebook", () => {
  it("shows dtype, shape, a summary and a table", () => {
    const { "text/plain": plain, "text/html": html = "" } = shownBy(
      tensor([
        [1, -2],
        [0.5, 2.34567],
      ]),
    );
    expect(plain).toBe("Tensor(float32[2,2] 1 -2 0.5 2.3457)");
    expect(html).toContain("<b>Tensor float32[2, 2]</b><br>min -2, mean 0.4614, max 2.346");
    expect(cells(html)).toEqual([
      ["", "0", "1"],
      ["0", "1", "-2"],
      ["1", "0.5", "2.346"],
    ]);
  });

  it("shows the first matrix of a higher rank, and the ends of long axes", () => {
    const html = shownBy(arange(2 * 3 * 40).reshape([2, 3, 40]))["text/html"] ?? "";
    expect(html).toContain("<caption>[0, :, :]</caption>");
    const [header, first] = cells(html);
    expect(header).toEqual(["", ..."0 1 2 3 4 5 … 34 35 36 37 38 39".split(" ")]);
    expect(first).toEqual(["0", ..."0 1 2 3 4 5 … 34 35 36 37 38 39".split(" ")]);
    expect(cells(html)).toHaveLength(4);
    expect(cells(shownBy(zeros([100, 2]))["text/html"] ?? "")).toHaveLength(14);
  });

  it("colors by sign and magnitude, half opaque at the largest", () => {
    const html = displayArray("", nd("float64", [3], [-4, 2, Number.NaN]))["text/html"];
    expect([...html.matchAll(/rgba\(([^)]*)\)/g)].map((match) => match[1])).toEqual([
      "178,24,43,0.5",
      "33,102,172,0.25",
      "33,102,172,0",
    ]);
    expect(html).toContain("min -4, mean -1, max 2, 1 not finite");
  });

  it.each([
    [
      "a number",
      tensor(7),
      "<b>Tensor float32[]</b>",
      [
        ["", ""],
        ["", "7"],
      ],
    ],
    [
      "a list",
      tensor([1, 2]),
      "min 1, mean 1.5, max 2",
      [
        ["", "0", "1"],
        ["", "1", "2"],
      ],
    ],
    ["truth values", tensor([1, 0, 1], { dtype: "bool" }), "2 of 3 true", undefined],
    ["no number at all", zeros([2, 0]), "<b>Tensor float32[2, 0]</b></div>", []],
    ["only gaps", tensor([Number.NaN, Infinity]), "<br>2 not finite", undefined],
  ] as const)("shows %s", (_, value, part, table) => {
    const html = shownBy(value)["text/html"] ?? "";
    expect(html).toContain(part);
    if (table !== undefined) expect(cells(html)).toEqual(table);
  });

  it("is text alone where there are no numbers", () => {
    const freed = tensor([1]);
    freed.dispose();
    expect(shownBy(freed)).toEqual({ "text/plain": "Tensor(freed)" });
    let traced: unknown;
    grad((x) => {
      traced = shownBy(x);
      return x.sum();
    })(tensor([1, 2]));
    expect(traced).toEqual({ "text/plain": "Tensor(traced float32[2])" });
  });
});
