import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { base64, embedJson, escapeHtml, Html, type HtmlPart, html, lines } from "./escape.ts";

describe("escaping", () => {
  it("leaves no character of text that HTML reads as markup", () => {
    expect(escapeHtml(`<b class="x">'&amp;'`)).toBe(
      "&lt;b class=&quot;x&quot;&gt;&#39;&amp;amp;&#39;",
    );
  });

  it("embeds any JSON so that no script can end early, and reads it back", () => {
    expect(embedJson("</script><!--").text).toBe('"\\u003c/script>\\u003c!--"');
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const { text } = embedJson(value);
        expect(text).not.toContain("<");
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  it("escapes what a template is given, and leaves HTML as it is", () => {
    const name = `"><script>`;
    const made = html`<b title="${name}">${html`<i>${name}</i>`}${[1, "<", html`<br>`]}</b>`;
    expect(made.text).toBe(
      '<b title="&quot;&gt;&lt;script&gt;"><i>&quot;&gt;&lt;script&gt;</i>1&lt;<br></b>',
    );
    expect(html`${undefined}${false}${0}`.text).toBe("0");
    expect(lines([html`<p>`, "<"]).text).toBe("<p>\n&lt;");
  });

  it.each([
    [{ text: "<b>" }, "{&quot;text&quot;:&quot;&lt;b&gt;&quot;}"],
    [{ toString: 1 }, "{&quot;toString&quot;:1}"],
    [null, "null"],
    [true, "true"],
  ])("shows %j of a file, which no type describes, as text", (value, text) => {
    expect(html`${value as unknown as HtmlPart}`.text).toBe(text);
  });

  it("takes nothing for HTML but what was made here", () => {
    expect(html`${{ ...new Html("<b>") } as unknown as HtmlPart}`.text).not.toContain("<");
  });

  it("encodes bytes as Node's own Buffer does", () => {
    const bytes = Uint8Array.from({ length: 70_001 }, (_, i) => (i * i) % 256);
    expect(base64(bytes)).toBe(Buffer.from(bytes).toString("base64"));
  });
});
