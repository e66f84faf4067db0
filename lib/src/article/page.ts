/** An article read to its end: what a page shows and what a run reports. */

import { InputError } from "../core/errors.ts";
import { shown } from "../core/text.ts";
import type { PlotlyFigure } from "../figures/figure.ts";
import type { Block, TableRow, ViewValue } from "./block.ts";
import type { JudgedClaim } from "./claim.ts";
import type { Finding, Sentence } from "./finding.ts";

/** One thing under a heading, in reading order; texts are Markdown. */
export type PageItem =
  | { readonly kind: "prose"; readonly text: string }
  /** TeX. */
  | { readonly kind: "formula"; readonly tex: string }
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
  | { readonly kind: "claim"; readonly id: string }
  /** One of several parts is seen, `first` to begin with. */
  | {
      readonly kind: "explore";
      readonly field: string;
      readonly first: ViewValue;
      readonly parts: readonly PagePart[];
    };

/** What stands on the page for one value of a field of the view. */
export interface PagePart {
  readonly value: ViewValue;
  readonly items: readonly PageItem[];
}

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
 * section, for ids that are used twice, and for metrics that are no numbers.
 */
export async function readArticle(
  blocks: AsyncIterable<Block>,
  onBlock: OnBlock = () => {},
): Promise<Page> {
  const reader = new Reader(onBlock);
  await reader.read(blocks);
  return reader.page();
}

type ShownBlock = Extract<
  Block,
  { kind: "claim" | "prose" | "formula" | "table" | "figure" | "explore" }
>;
type Explored = Extract<Block, { kind: "explore" }>;

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
      await this.#add(block);
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

  async #add(block: Block): Promise<void> {
    if (block.kind === "summary") this.#summarize(block.text);
    else if (block.kind === "section") {
      this.#sections.push({ title: this.#say([block.title]), items: [] });
    } else if (block.kind === "metrics") this.#count(block.values);
    else this.#show(await this.#item(block));
  }

  #count(values: Readonly<Record<string, number>>): void {
    for (const [name, value] of Object.entries(values)) {
      if (typeof value === "number" || value === undefined) continue;
      throw new InputError(`article: the metric ${name} must be a number, got ${shown(value)}`);
    }
    this.#metrics = { ...this.#metrics, ...values };
  }

  #summarize(text: readonly Sentence[]): void {
    if (this.#summary !== undefined) throw new InputError("article: it has two summaries");
    this.#summary = this.#say(text);
  }

  async #item(block: ShownBlock, suffix = ""): Promise<PageItem | undefined> {
    switch (block.kind) {
      case "formula":
        return block;
      case "explore":
        return this.#explored(block);
      case "claim":
        this.#own("claim", block.claim.id);
        this.#claims.push(block.claim);
        return { kind: "claim", id: block.claim.id };
      case "prose": {
        const text = this.#say(block.text);
        return text === "" ? undefined : { kind: "prose", text };
      }
      case "table": {
        const id = this.#own("figure", `${block.id}${suffix}`);
        return { ...block, id, title: this.#say([block.title]) };
      }
      case "figure": {
        const id = this.#own("figure", `${block.id}${suffix}`);
        return { ...block, id, title: this.#say([block.title]), see: this.#say(block.see) };
      }
    }
  }

  /** Its findings are those of the part that is seen first: others are not what the article says. */
  async #explored({ field, values, value, section }: Explored): Promise<PageItem> {
    const parts: PagePart[] = [];
    for (const one of values.includes(value) ? values : [value, ...values]) {
      const items: PageItem[] = [];
      const found = this.#findings.length;
      for await (const block of section(one)) {
        if (!["prose", "formula", "figure", "table"].includes(block.kind)) {
          throw new InputError(`article: a ${block.kind} cannot stand in what ${field} explores`);
        }
        const suffix = `-${field}-${String(one).replace(/[^\w.-]/g, "_")}`;
        const item = await this.#item(block as ShownBlock, suffix);
        if (item !== undefined) items.push(item);
      }
      if (one !== value) this.#findings.length = found;
      parts.push({ value: one, items });
    }
    return { kind: "explore", field, first: value, parts };
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

  #own(what: string, id: string): string {
    const key = `${what} ${id}`;
    if (this.#ids.has(key)) {
      throw new InputError(`article: ids must be unique, got the ${what} "${id}" twice`);
    }
    this.#ids.add(key);
    return id;
  }
}
