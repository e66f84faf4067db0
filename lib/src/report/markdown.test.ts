import { describe, expect, it } from "vitest";
import { UnknownNameError } from "../core/errors.ts";
import { inlineMarkdown, plainText } from "./markdown.ts";

const figures = new Map([
  ["losses", 1],
  ["norms", 2],
]);

describe("prose", () => {
  it.each([
    ["*a* and *b*", "<em>a</em> and <em>b</em>"],
    ["**six *key* frequencies**", "<strong>six <em>key</em> frequencies</strong>"],
    ["`W_E * <x>`", "<code>W_E * &lt;x&gt;</code>"],
    ["2 * 3 * 4 < 5 & 6", "2 * 3 * 4 &lt; 5 &amp; 6"],
    [
      "[the *paper*](https://a.org/?x=1&y)",
      '<a href="https://a.org/?x=1&amp;y" rel="noreferrer">the <em>paper</em></a>',
    ],
    ["see [](#norms)", 'see <a href="#figure-norms">Figure 2</a>'],
    ["[the losses](#losses)", '<a href="#figure-losses">the losses</a>'],
    ["<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"],
    ["[x](javascript:alert)", "x"],
    ["$x$ is", "<math><mi>x</mi></math> is"],
    ["$5 and \\frac$", "$5 and \\frac$"],
  ])("reads %s", (prose, html) => {
    expect(inlineMarkdown(prose, figures).text).toBe(html);
  });

  it("refuses a link to a figure that is not there", () => {
    const read = (): unknown => inlineMarkdown("[](#norm)", figures);
    expect(read).toThrow(UnknownNameError);
    expect(read).toThrow('report: unknown figure "norm"; did you mean norms, losses?');
  });

  it("can be stripped of its marks", () => {
    expect(plainText('*a* < `b` & [](#losses) "c"', figures)).toBe('a < b & Figure 1 "c"');
  });
});
