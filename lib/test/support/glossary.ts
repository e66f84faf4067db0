/** `docs/glossary.md`: the names in the first column of its tables, by heading. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { repository } from "./sources.ts";

/** Code spans of the first column of each table under the heading `## title`. */
export function glossaryTerms(title: string): string[] {
  const text = readFileSync(join(repository, "docs/glossary.md"), "utf8");
  const section = text.split(/^## /m).find((part) => part.startsWith(`${title}\n`));
  if (section === undefined) throw new Error(`docs/glossary.md has no section "${title}"`);
  return section
    .split("\n")
    .filter((line) => line.startsWith("| `"))
    .flatMap((line) =>
      [...(line.split(" | ")[0] ?? "").matchAll(/`([^`]+)`/g)].map((m) => m[1] ?? ""),
    );
}
