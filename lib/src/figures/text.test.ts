import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { markup, plain, readableText } from "./text.ts";

describe("text of a figure", () => {
  it.each([
    ["<s>", "&lt;s&gt;"],
    ["&lt;", "&amp;lt;"],
    ["%{x}", "%&#123;x&#125;"],
    ["$a$", "&#36;a&#36;"],
    ["\n", "\\n"],
    ["a\u0000\u202eb", "a\\u0000\\u202eb"],
    [" the", " the"],
    [7, "7"],
  ])("%j is %j in Plotly's pseudo-HTML", (text, expected) => {
    expect(plain(text)).toBe(expected);
  });

  it("keeps the tags of markup and shows its values as they are", () => {
    const inner = markup`W<sub>E</sub>`;
    expect(plain(markup`${"<s>"} <sub>${3}</sub> of ${inner}`)).toBe(
      "&lt;s&gt; <sub>3</sub> of W<sub>E</sub>",
    );
  });

  it("reads as it was written", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        fc.pre(!/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(text));
        expect(readableText(plain(text))).toBe(text);
      }),
    );
    expect(readableText("Q K<sup>T</sup><br>W<sub>E</sub>")).toBe("Q K^T W_E");
  });
});
