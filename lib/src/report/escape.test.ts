import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { base64, embedJson, escapeHtml } from "./escape.ts";

describe("escaping", () => {
  it("leaves no character of text that HTML reads as markup", () => {
    expect(escapeHtml(`<b class="x">'&amp;'`)).toBe(
      "&lt;b class=&quot;x&quot;&gt;&#39;&amp;amp;&#39;",
    );
  });

  it("embeds any JSON so that no script can end early, and reads it back", () => {
    expect(embedJson("</script><!--")).toBe('"\\u003c/script>\\u003c!--"');
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = embedJson(value);
        expect(text).not.toContain("<");
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  it("encodes bytes as Node's own Buffer does", () => {
    const bytes = Uint8Array.from({ length: 70_001 }, (_, i) => (i * i) % 256);
    expect(base64(bytes)).toBe(Buffer.from(bytes).toString("base64"));
  });
});
