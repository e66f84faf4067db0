/** A report as one HTML file that needs no network. */

import type { PageItem } from "../article/index.ts";
import { InputError } from "../core/errors.ts";
import { chipHtml, claimsHtml, sourceHtml, verdictHtml } from "./claims.ts";
import { pageScript } from "./client/script.ts";
import { base64, embedJson, Html, html, lines } from "./escape.ts";
import { exploreHtml } from "./explore-html.ts";
import { figureHtml, figureRule } from "./figure-html.ts";
import { formulaHtml } from "./formula.ts";
import { inlineMarkdown, plainText } from "./markdown.ts";
import { bundleHash, contentPolicy, sourceHash } from "./policy.ts";
import type { ReportFigure, ReportInput, ReportSection } from "./report.ts";
import { bylineHtml, runHtml } from "./run-facts.ts";
import { styleSheet } from "./style.ts";
import { plotlyTemplate } from "./theme.ts";

/**
 * The page. `plotly` is the source of the Plotly bundle, plain or gzip-compressed (see
 * `plotlyBundle` in `tinylens/report/node`). Throws `InputError` for figure ids that are repeated or not
 * usable, `UnknownNameError` for a link to a figure that is not there.
 */
export function renderReport(input: ReportInput, plotly: Uint8Array): string {
  const figures = numbered(input.sections);
  const sections = withAnchors(input.sections);
  const rules = sections.flatMap((section) => figuresOf(section).map(figureRule));
  const style = [styleSheet(), ...rules].join("\n");
  const script = pageScript();
  const policy = contentPolicy(
    [sourceHash(style), sourceHash("")],
    [sourceHash(script), bundleHash(plotly)],
  );
  const templates = { light: plotlyTemplate("light"), dark: plotlyTemplate("dark") };
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="description" content="${plainText(input.summary, figures)}">
<meta name="generator" content="tinylens">
<title>${input.title}</title>
<style>${new Html(style)}</style>
</head>
<body>
<a class="skip" href="#main">Skip to the article</a>
<button type="button" id="theme" class="quiet" aria-label="Dark theme" aria-pressed="false" title="Switch between light and dark">◐</button>
${contentsHtml(input, sections)}
<main id="main">
${headerHtml(input, figures)}
<noscript><p class="notice">The figures of this page are drawn by a script, which is switched off.</p></noscript>
${lines(sections.map((section) => sectionHtml(section, input, figures)))}
${claimsHtml(input.claims, input.study, figures)}
${runHtml(input)}
</main>
<script type="application/json" id="templates">${embedJson(templates)}</script>
<script type="text/plain" id="plotly">${base64(plotly)}</script>
<script>${new Html(script)}</script>
</body>
</html>
`;
  return page.text;
}

interface AnchoredSection extends ReportSection {
  readonly anchor: string;
}

/** Numbers of the figures by id, in reading order; those of parts that replace each other share theirs. */
function numbered(sections: readonly ReportSection[]): ReadonlyMap<string, number> {
  const numbers = new Map<string, number>();
  const add = (id: string, number: number): void => {
    if (!/^[A-Za-z][\w.-]*$/.test(id)) {
      throw new InputError(
        `report: a figure id is a letter, then letters, digits, "-", "_" or ".", got "${id}"`,
      );
    }
    if (numbers.has(id))
      throw new InputError(`report: figure ids must be unique, got "${id}" twice`);
    numbers.set(id, number);
  };
  let last = 0;
  for (const item of sections.flatMap(({ items }) => items)) {
    const parts = item.kind === "explore" ? item.parts.map(({ items }) => items) : [[item]];
    const figures = parts.map((items) => figuresOf({ items }));
    for (const same of figures) for (const [i, { id }] of same.entries()) add(id, last + i + 1);
    last += Math.max(...figures.map(({ length }) => length));
  }
  return numbers;
}

/** Figures, those of every part included. */
function figuresOf({ items }: Pick<ReportSection, "items">): ReportFigure[] {
  return items.flatMap((item) => {
    if (item.kind === "explore") return item.parts.flatMap(figuresOf);
    return item.kind === "figure" ? [item] : [];
  });
}

function withAnchors(sections: readonly ReportSection[]): AnchoredSection[] {
  return sections.map((section, i) => {
    const words = section.title.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-");
    return { ...section, anchor: `section-${i + 1}-${words.replaceAll(/^-|-$/g, "")}` };
  });
}

function contentsHtml(input: ReportInput, sections: readonly AnchoredSection[]): Html {
  const entries: readonly (readonly [string, string])[] = [
    ["top", "Summary"],
    ...sections.map(({ anchor, title }) => [anchor, title] as const),
    ...(input.claims.length > 0 ? [["claims", "Claims"] as const] : []),
    ["reproduce", "How to reproduce"],
    ["run", "The run"],
  ];
  const items = entries.map(([anchor, title]) => html`<li><a href="#${anchor}">${title}</a></li>`);
  return html`<nav class="contents" aria-label="Contents"><ol>${items}</ol></nav>`;
}

function headerHtml(input: ReportInput, figures: ReadonlyMap<string, number>): Html {
  return html`<header id="top">
<p class="kicker">tinylens report</p>
<h1>${input.title}</h1>
<p class="summary">${inlineMarkdown(input.summary, figures)}</p>
${verdictHtml(input.claims)}
${bylineHtml(input, sourceHtml(input.source))}
</header>`;
}

function sectionHtml(
  { anchor, title, items }: AnchoredSection,
  input: ReportInput,
  figures: ReadonlyMap<string, number>,
): Html {
  return html`<section aria-labelledby="${anchor}">
<h2 id="${anchor}">${title}</h2>
${lines(items.map((item) => itemHtml(item, input, figures)))}
</section>`;
}

function itemHtml(item: PageItem, input: ReportInput, figures: ReadonlyMap<string, number>): Html {
  switch (item.kind) {
    case "formula":
      return formulaHtml(item.tex);
    case "explore":
      return exploreHtml(item, (one) => itemHtml(one, input, figures));
    case "prose":
      return html`<p>${inlineMarkdown(item.text, figures)}</p>`;
    case "figure":
      return figureHtml(item, input.study, figures);
    case "table":
      return tableHtml(item, figures);
    case "claim": {
      const claim = input.claims.find(({ id }) => id === item.id);
      return claim === undefined ? html`` : chipHtml(claim, figures);
    }
  }
}

function tableHtml(
  { id, title, rows }: Extract<PageItem, { readonly kind: "table" }>,
  figures: ReadonlyMap<string, number>,
): Html {
  const columns = Object.keys(rows[0] ?? {});
  const head = columns.map((name) => html`<th scope="col">${inlineMarkdown(name, figures)}</th>`);
  const body = rows.map((row) => {
    const cells = columns.map((name) => html`<td>${inlineMarkdown(row[name] ?? "", figures)}</td>`);
    return html`<tr>${cells}</tr>`;
  });
  return html`<div class="scroll" id="table-${id}"><table>
<caption>${inlineMarkdown(title, figures)}</caption>
<thead><tr>${head}</tr></thead>
<tbody>
${lines(body)}
</tbody></table></div>`;
}
