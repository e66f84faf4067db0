import { PassThrough } from "node:stream";
import { describe, expect, it } from "vitest";
import type { Output } from "./context.ts";
import { progressView } from "./progress.ts";
import { barLine, duration, lossText, plainLine } from "./progress-text.ts";

const row = { step: 500, trainLoss: 0.0123456, testLoss: 7.5, trainAccuracy: 1, testAccuracy: 0 };
const standing = { title: "modular-addition", step: 500, steps: 2000, rate: 25, row };

describe("where a run stands", () => {
  it("is a plain line with losses, speed and time left", () => {
    expect(plainLine(standing)).toBe(
      "modular-addition: step 500 of 2000, train loss 0.0123, test loss 7.50, 25 steps/s, 60 s left",
    );
  });

  it("leaves out what is not known yet", () => {
    expect(plainLine({ ...standing, step: 0, rate: undefined, row: undefined })).toBe(
      "modular-addition: step 0 of 2000",
    );
  });

  it("is a bar as wide as the terminal allows", () => {
    const wide = barLine(standing, 140);
    expect(wide).toContain("████████░░░░░░░░░░░░░░░░░░░░░░  500/2000  train loss 0.0123");
    for (const columns of [140, 100, 80, 40, 30]) {
      expect(barLine(standing, columns).length).toBeLessThan(columns);
    }
    expect(barLine({ ...standing, step: 2000 }, 140)).not.toContain("░");
  });

  it("reads losses of any size and times of any length", () => {
    expect([4.7349, 0.001, 9.99e-4, 3.5e-7, 0].map(lossText)).toEqual([
      ...["4.73", "0.00100", "9.99e-4", "3.50e-7", "0.00"],
    ]);
    expect([0, 59.2, 119, 121, 7199, 7200].map(duration)).toEqual([
      ...["0 s", "60 s", "119 s", "3 min", "120 min", "2.0 h"],
    ]);
  });
});

describe("progressView", () => {
  it("writes one plain line every ten seconds, with the speed since the start", () => {
    let time = 0;
    let text = "";
    const stderr: Output = { write: (piece) => (text += piece) };
    const view = progressView("study", { stderr, now: () => time });
    view.show({ kind: "start", part: undefined, step: 100, steps: 1100, threads: 2 });
    for (let step = 101; step <= 400; step++) {
      time += 100;
      view.show({ kind: "step", step });
    }
    view.show({ kind: "metrics", row: { ...row, step: 400 } });
    view.show({ kind: "message", text: "analyzing" });
    expect(text.split("\n")).toEqual([
      "study: step 200 of 1100, 10 steps/s, 90 s left",
      "study: step 300 of 1100, 10 steps/s, 80 s left",
      "study: step 400 of 1100, 10 steps/s, 70 s left",
      "study: analyzing",
      "",
    ]);
  });

  it("names the plan that is training", () => {
    let text = "";
    const stderr: Output = { write: (piece) => (text += piece) };
    const view = progressView("study", { stderr, now: () => 0 });
    view.show({ kind: "start", part: "ternary", step: 0, steps: 1, threads: 1 });
    view.show({ kind: "step", step: 1 });
    view.show({ kind: "metrics", row: { ...row, step: 1 } });
    expect(text).toBe("study (ternary): step 1 of 1, train loss 0.0123, test loss 7.50\n");
  });

  it("draws a bar in place on a terminal", () => {
    const stream = new PassThrough();
    const stderr = Object.assign(stream, { isTTY: true, columns: 100 }) as unknown as Output;
    const view = progressView("study", { stderr, now: () => 0 });
    view.show({ kind: "start", part: undefined, step: 0, steps: 10, threads: 1 });
    view.show({ kind: "step", step: 10 });
    view.show({ kind: "metrics", row: { ...row, step: 10 } });
    view.done();
    expect(String(stream.read())).toContain("██████████  10/10  train loss 0.0123");
  });

  it("writes plain lines on a terminal that does not say how wide it is", () => {
    let text = "";
    const stderr: Output = { write: (piece) => (text += piece), isTTY: true, columns: 0 };
    const view = progressView("study", { stderr, now: () => 0 });
    view.show({ kind: "message", text: "analyzing" });
    expect(text).toBe("study: analyzing\n");
  });
});
