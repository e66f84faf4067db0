/** What a report is made of: an article's page, and what was run. Plain data. */

import type { PageItem, PageSection } from "../article/index.ts";
import type { Claim } from "../core/claim.ts";
import type { Source } from "../core/source.ts";

/**
 * Prose is text with a few marks of Markdown: `code`, *emphasis*, **strong** and
 * [links](https://…), and formulas in TeX, `$x^2$`. A link with empty text to a figure, `[](#id)`, reads "Figure 3".
 */
export type Prose = string;

/** One picture. Its id: letters, digits, "-", "_" and "."; its anchor and its file names. */
export type ReportFigure = Extract<PageItem, { readonly kind: "figure" }>;

/** A heading with what stands under it, in reading order. */
export type ReportSection = PageSection;

/** One row of the table of parameters. */
export interface ParamFact {
  readonly name: string;
  readonly value: number | string | boolean | readonly (number | string)[];
  readonly meaning: string;
  readonly unit?: string;
}

/** What was run, and where. */
export interface RunFacts {
  readonly params: readonly ParamFact[];
  /** When the study has one. */
  readonly seed?: number;
  readonly device: string;
  readonly threads: number;
  /** Name of a program or library to its version. */
  readonly versions: Readonly<Record<string, string>>;
  /** Training and analysis together. */
  readonly seconds: number;
  /** ISO 8601. */
  readonly date: string;
}

/** Everything on the page. */
export interface ReportInput {
  readonly title: string;
  /** One paragraph: the question and the answer. */
  readonly summary: Prose;
  /** Name of the study; the beginning of downloaded file names. */
  readonly study: string;
  readonly source: Source;
  readonly run: RunFacts;
  readonly claims: readonly Claim[];
  readonly sections: readonly ReportSection[];
  /** The command line that makes this report again. */
  readonly command: string;
}
