/** An article read to its end: what a page shows and what a run reports. */

import { InputError } from "../core/errors.ts";
import type { PlotlyFigure } from "../figures/figure.ts";
import type { Block, TableRow } from "./block.ts";
import type { JudgedClaim } from "./claim.ts";
import type { Finding, Sentence } from "./finding.ts";

/** One thing under a heading, in reading order; texts are Markdown. */
export type PageItem =
  | { readonly kind: "prose"; readonly text: string }
  | {
      readonly kind: "figure";
      readonly id: string;
      readonly title: string;
      readonly see: string;
      readonly figure: PlotlyFigure;
      readonly folded: boolean;
    }
  | {
      readonly kind: "table";
      readonly id: string;
      readonly title: string;
      readonly rows: readonly TableRow[];
    }
  /** The place where a claim is found out; the claim is in `Page.claims`. */
  | { readonly kind: "claim"; readonly id: string };

/** A heading with what stands under it, in reading order. */
export interface PageSection {
  readonly title: string;
  readonly items: readonly PageItem[];
}

/** An article as a page shows it. */
export interface Page {
  /** One paragraph: the question and the answer. */
  readonly summary: string;
  readonly sections: readonly PageSection[];
  readonly claims: readonly JudgedClaim[];
  readonly findings: readonly Finding[];
  readonly metrics: Readonly<Record<string, number>>;
}

/** Called with each block as it comes. */
export type OnBlock = (block: Block) => void;

/**
 * Read an article to its end. Throws `InputError` for two summaries, for content before the first
 * section, and for ids that are used twice.
 */
export async function readArticle(
  blocks: AsyncIterable<Block>,
  onBlock: OnBlock = () => {},
): Promise<Page> {
  const reader = new Reader(onBlock);
  await reader.read(blocks);
  return reader.page();
}

type ShownBlock = Extract<Block, { kind: "claim" | "prose" | "table" | "figure" }>;

class Reader {
  #summary: string | undefined;
  #metrics: Readonly<Record<string, number>> = {};
  readonly #sections: { title: string; items: PageItem[] }[] = [];
  readonly #claims: JudgedClaim[] = [];
  readonly #findings: Finding[] = [];
  readonly #ids = new Set<string>();
  readonly #onBlock: OnBlock;

  constructor(onBlock: OnBlock) {
    this.#onBlock = onBlock;
  }

  async read(blocks: AsyncIterable<Block>): Promise<void> {
    for await (const block of blocks) {
      this.#onBlock(block);
      this.#add(block);
    }
  }

  page(): Page {
    return {
      summary: this.#summary ?? "",
      sections: this.#sections.filter(({ items }) => items.length > 0),
      claims: this.#claims,
      findings: this.#findings,
      metrics: this.#metrics,
    };
  }

  #add(block: Block): void {
    if (block.kind === "summary") this.#summarise(block.text);
    else if (block.kind === "section") {
      this.#sections.push({ title: this.#say([block.title]), items: [] });
    } else if (block.kind === "metrics") this.#metrics = { ...this.#metrics, ...block.values };
    else this.#show(this.#item(block));
  }

  #summarise(text: readonly Sentence[]): void {
    if (this.#summary !== undefined) throw new InputError("article: it has two summaries");
    this.#summary = this.#say(text);
  }

  #item(block: ShownBlock): PageItem | undefined {
    switch (block.kind) {
      case "claim":
        this.#own("claim", block.claim.id);
        this.#claims.push(block.claim);
        return { kind: "claim", id: block.claim.id };
      case "prose": {
        const text = this.#say(block.text);
        return text === "" ? undefined : { kind: "prose", text };
      }
      case "table":
        this.#own("figure", block.id);
        return { ...block, title: this.#say([block.title]) };
      case "figure":
        this.#own("figure", block.id);
        return { ...block, title: this.#say([block.title]), see: this.#say(block.see) };
    }
  }

  #show(item: PageItem | undefined): void {
    if (item === undefined) return;
    const section = this.#sections.at(-1);
    if (section === undefined) {
      throw new InputError(`article: a ${item.kind} stands before the first section`);
    }
    section.items.push(item);
  }

  /** The text of sentences; their findings are noted. */
  #say(sentences: readonly Sentence[]): string {
    return sentences
      .map((sentence) => {
        if (typeof sentence === "string") return sentence;
        this.#findings.push(sentence);
        return sentence.text;
      })
      .join("");
  }

  #own(what: string, id: string): void {
    const key = `${what} ${id}`;
    if (this.#ids.has(key)) {
      throw new InputError(`article: ids must be unique, got the ${what} "${id}" twice`);
    }
    this.#ids.add(key);
  }
}
