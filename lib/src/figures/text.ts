/** Text in figures: shown as it is, whatever characters it has. */

/** Text of a figure: a string is shown letter by letter; for subscripts see `markup`. */
export type Text = string | Markup;

/** Text with Plotly's tags b, i, sub, sup and br, made by `markup`. */
export interface Markup {
  readonly markup: string;
}

/**
 * Text with tags: `` markup`W<sub>E</sub>` ``. Values that are put in are shown as they are, so that
 * `` markup`${token} <sub>${position}</sub>` `` is safe for any token.
 */
export function markup(tags: TemplateStringsArray, ...values: readonly (Text | number)[]): Markup {
  const parts = tags.map((tag, i) => tag + (i < values.length ? plain(values[i] as Text) : ""));
  return { markup: parts.join("") };
}

/**
 * Text in Plotly's pseudo-HTML. Every text of a figure goes through here, since Plotly reads `<s>` as a
 * tag, `&lt;` as an entity, `%{x}` as a variable and `$…$` as TeX. Control characters, which would be
 * invisible, become escapes such as `\n`.
 */
export function plain(text: Text | number): string {
  if (typeof text === "object") return text.markup;
  return String(text)
    .replace(/[&<>${}]/g, entityOf)
    .replace(invisible, escapeOf);
}

/** What a reader sees of pseudo-HTML, for pages and files: `W_E` of `W<sub>E</sub>`. */
export function readableText(pseudoHtml: string): string {
  return pseudoHtml
    .replace(/<br\s*\/?>/gi, " ")
    .replace(/<sub>/gi, "_")
    .replace(/<sup>/gi, "^")
    .replace(/<[^<>]*>/g, "")
    .replace(/&(?:#(\d+)|lt|gt|amp);/g, (entity, code) =>
      code === undefined
        ? ({ "&lt;": "<", "&gt;": ">", "&amp;": "&" }[entity as "&lt;"] as string)
        : String.fromCodePoint(Number(code)),
    );
}

/** A text in an error message. */
export function quoted(text: Text): string {
  return `"${readableText(plain(text))}"`;
}

/** Control characters, line separators, marks of direction, and spaces of no width. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it looks for
const invisible = /[\u0000-\u001f\u007f-\u009f\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;

function entityOf(char: string): string {
  return (
    ({ "&": "&amp;", "<": "&lt;", ">": "&gt;" } as Record<string, string>)[char] ??
    `&#${char.charCodeAt(0)};`
  );
}

const short: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

function escapeOf(char: string): string {
  return short[char] ?? `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
