import { describe, expect, it } from "vitest";
import { dateText, durationText, numberHtml, valueHtml } from "./values.ts";

describe("numbers", () => {
  it.each([
    [4.734957695007324, "4.734958"],
    [3.52e-7, "3.52 × 10<sup>−7</sup>"],
    [-0.25, "−0.25"],
    [0, "0"],
    [9999, "9999"],
    [16000, "16,000"],
    [-1234567, "−1,234,567"],
    [2e15, "2 × 10<sup>15</sup>"],
    [Number.NaN, "NaN"],
    [1 / 3, "0.3333333"],
  ])("%d reads %s", (value, html) => {
    expect(numberHtml(value).text).toBe(html);
  });
});

describe("claim values", () => {
  it("show lists, words and verdicts, with the exact value as tooltip", () => {
    expect(valueHtml([5, 12]).text).toBe('<span title="[5,12]">5, 12</span>');
    expect(valueHtml(true).text).toBe('<span title="true">yes</span>');
    expect(valueHtml("at most 3 & <4>").text).toBe(
      '<span title="&quot;at most 3 &amp; &lt;4&gt;&quot;">at most 3 &amp; &lt;4&gt;</span>',
    );
    expect(valueHtml(4.734957695007324).text).toContain('title="4.734957695007324"');
    expect(valueHtml([]).text).toContain("none");
    expect(valueHtml(Array.from({ length: 40 }, (_, i) => i)).text).toContain("11, … (40)");
  });
});

describe("times", () => {
  it.each([
    [0.4567, "0.46 s"],
    [8.42, "8.4 s"],
    [59.999, "60 s"],
    [432.7, "7 min 13 s"],
    [3900, "1 h 5 min"],
  ])("%d s read %s", (seconds, text) => {
    expect(durationText(seconds)).toBe(text);
  });

  it("writes dates out, and leaves what is no date", () => {
    expect(dateText("2026-11-21T23:40:00Z")).toBe("21 November 2026");
    expect(dateText("yesterday")).toBe("yesterday");
  });
});
