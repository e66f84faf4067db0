/** Links, headings and code blocks of Markdown. */

export interface CodeBlock {
  readonly language: string;
  readonly code: string;
  /** Line of the opening fence, from 1. */
  readonly line: number;
}

const fence = /^```(\w*)[^\n]*\n([\s\S]*?)^```\s*$/gm;

export function codeBlocks(text: string): CodeBlock[] {
  return [...text.matchAll(fence)].map((match) => ({
    language: match[1] ?? "",
    code: match[2] ?? "",
    line: text.slice(0, match.index).split("\n").length,
  }));
}

/** Text without code blocks and code spans, in which links and headings are looked for. */
function prose(text: string): string {
  return text.replace(fence, "");
}

/** Targets of links and images. */
export function links(text: string): string[] {
  const withoutSpans = prose(text).replace(/`[^`\n]*`/g, "code");
  return [...withoutSpans.matchAll(/\]\(([^)\s]+)[^)]*\)/g)].map((match) => match[1] ?? "");
}

/** Anchors of the headings, as GitHub makes them. */
export function anchors(text: string): string[] {
  return [...prose(text).matchAll(/^#{1,6} (.+)$/gm)].map((match) =>
    (match[1] ?? "")
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-"),
  );
}

/** The outputs a code block promises: what follows `// → ` on its lines. */
export function promisedOutput(code: string): string[] {
  return [...code.matchAll(/\/\/ → (.*)$/gm)].map((match) => (match[1] ?? "").trim());
}
