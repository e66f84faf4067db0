/** The few marks of Markdown that prose may use, and formulas between dollar signs. */

import { UnknownNameError } from "../core/errors.ts";
import { type Html, html } from "./escape.ts";
import { inlineFormula } from "./formula.ts";

/** HTML of a paragraph's text. `figures` maps figure ids to their numbers, for `[](#id)`. */
export function inlineMarkdown(prose: string, figures: ReadonlyMap<string, number>): Html {
  const token =
    /`([^`]+)`|\$([^$]+)\$|\[([^\]]*)\]\(([^)\s]+)\)|\*\*(\S(?:.*?\S)??)\*\*|\*(\S(?:.*?\S)??)\*/s;
  const parts: (Html | string)[] = [];
  let rest = prose;
  for (let match = token.exec(rest); match; match = token.exec(rest)) {
    const [whole, code, tex, text, target, strong, emphasis] = match;
    parts.push(rest.slice(0, match.index));
    if (code !== undefined) parts.push(html`<code>${code}</code>`);
    else if (tex !== undefined) parts.push(inlineFormula(tex));
    else if (target !== undefined) parts.push(link(text ?? "", target, figures));
    else if (strong !== undefined) {
      parts.push(html`<strong>${inlineMarkdown(strong, figures)}</strong>`);
    } else parts.push(html`<em>${inlineMarkdown(emphasis ?? "", figures)}</em>`);
    rest = rest.slice(match.index + whole.length);
  }
  return html`${[...parts, rest]}`;
}

/** The text without its marks, for attributes and file contents. */
export function plainText(prose: string, figures: ReadonlyMap<string, number>): string {
  const text = inlineMarkdown(prose, figures).text.replaceAll(/<[^>]*>/g, "");
  const entities: Record<string, string> = { lt: "<", gt: ">", quot: '"', "#39": "'", amp: "&" };
  return text.replaceAll(/&(lt|gt|quot|#39|amp);/g, (_, name: string) => entities[name] as string);
}

function link(text: string, target: string, figures: ReadonlyMap<string, number>): Html {
  if (target.startsWith("#")) {
    const number = figures.get(target.slice(1));
    if (number === undefined) {
      throw new UnknownNameError("report", "figure", target.slice(1), [...figures.keys()]);
    }
    const shown = text === "" ? `Figure ${number}` : inlineMarkdown(text, figures);
    return html`<a href="#figure-${target.slice(1)}">${shown}</a>`;
  }
  const shown = inlineMarkdown(text === "" ? target : text, figures);
  if (!/^https?:\/\//.test(target)) return shown;
  return html`<a href="${target}" rel="noreferrer">${shown}</a>`;
}
