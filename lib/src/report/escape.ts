/**
 * Text and data that cannot break out of the page. Every piece of HTML is made by the `html` tag, which
 * escapes whatever is put into it unless that is HTML already.
 */

/** HTML: made by `html`, or trusted because this project wrote it. */
export class Html {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/** What may stand between the braces of `html`; false and undefined are nothing. */
export type HtmlPart = Html | string | number | false | undefined | readonly HtmlPart[];

/** HTML from a template. Values are escaped, lists are joined, HTML stays as it is. */
export function html(strings: TemplateStringsArray, ...parts: readonly HtmlPart[]): Html {
  const pieces = strings.map((text, i) => text + (i < parts.length ? partText(parts[i]) : ""));
  return new Html(pieces.join(""));
}

/** Parts one after the other, with a line break between them. */
export function lines(parts: readonly HtmlPart[]): Html {
  return new Html(parts.map(partText).join("\n"));
}

function partText(part: HtmlPart): string {
  if (part instanceof Html) return part.text;
  if (Array.isArray(part)) return part.map(partText).join("");
  return escapeHtml(plain(part));
}

/** A value from a file may be anything, whatever its type says: it is shown as JSON then. */
function plain(value: unknown): string {
  if (typeof value === "string") return value;
  if (value === undefined || value === false) return "";
  if (typeof value === "object") return JSON.stringify(value) ?? "";
  return String(value);
}

/** Text for HTML content and double-quoted attributes. */
export function escapeHtml(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&#39;");
}

/** JSON for a `<script type="application/json">`: no `<`, so neither `</script>` nor `<!--`. */
export function embedJson(value: unknown): Html {
  return new Html((JSON.stringify(value) ?? "null").replaceAll("<", "\\u003c"));
}

/** Base64 of bytes. */
export function base64(bytes: Uint8Array): string {
  let text = "";
  for (let i = 0; i < bytes.length; i += 0x8000) {
    text += String.fromCharCode(...bytes.subarray(i, i + 0x8000));
  }
  return btoa(text);
}
