import { gunzipSync } from "node:zlib";
import { expect, it } from "vitest";
import { plotlyBundle } from "./index.ts";

it("packs the Plotly bundle with its license, small enough for a report", () => {
  const packed = plotlyBundle();
  expect(packed.length).toBeLessThan(550_000);
  expect(gunzipSync(packed).toString("utf8")).toMatch(/plotly\.js .* v4\.[\s\S]*MIT/);
});
