import { describe, expect, it } from "vitest";
import { nd } from "../core/nd.ts";
import { columns, tokenTable } from "./token-table.ts";

describe("tokenTable", () => {
  const tokens = nd("int32", [4, 3], [5, 1, 9, 2, 1, 9, 5, 0, 9, 2, 3, 9]);
  const table = tokenTable(tokens);

  it("lists the distinct pairs by position and token", () => {
    expect([...table.tokens.data]).toEqual([2, 5, 0, 1, 3, 9]);
    expect([...table.positions.data]).toEqual([0, 0, 1, 1, 1, 2]);
  });

  it("says where each pair occurs", () => {
    const { data } = table.index;
    for (let i = 0; i < 12; i++) {
      expect(table.tokens.data[data[i] ?? -1]).toBe(tokens.data[i]);
      expect(table.positions.data[data[i] ?? -1]).toBe(i % 3);
    }
  });

  it("is cut into one column per position", () => {
    expect(columns(table).map(({ start, end, index }) => [start, end, ...index.data])).toEqual([
      [0, 2, 1, 0, 1, 0],
      [2, 5, 1, 1, 0, 2],
      [5, 6, 0, 0, 0, 0],
    ]);
  });

  it("refuses tokens that are not a matrix", () => {
    expect(() => tokenTable(nd("int32", [4], [1, 2, 3, 4]))).toThrow(
      'tokenTable: tokens "batch pos": expected [?,?], got [4]',
    );
  });
});
