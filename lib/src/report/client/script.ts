/** The page's script: the text of the functions in this folder, and of one that reads a figure's texts. */

import { readableText } from "../../figures/text.ts";
import { controlFunctions } from "./controls.ts";
import { csvFunctions } from "./csv.ts";
import { figureFunctions } from "./figures.ts";
import { pageFunctions, sharedFunctions } from "./page.ts";

/** JavaScript for an inline `<script>`; holds no `</script`. */
export function pageScript(): string {
  const [csvOf] = csvFunctions;
  const [addControls] = controlFunctions;
  const [startPage] = pageFunctions;
  const functions = [
    ...[readableText, ...csvFunctions, ...controlFunctions],
    ...[...sharedFunctions, ...pageFunctions],
  ];
  const parts = [
    `csvOf: ${csvOf.name}`,
    `addControls: ${addControls.name}`,
    `textOf: ${readableText.name}`,
  ];
  const start = `${startPage.name}({ ${parts.join(", ")} });`;
  return scriptOf(functions, start);
}

/** The script of a page of figures alone; holds no `</script`. */
export function figurePageScript(): string {
  const [drawFigures] = figureFunctions;
  const parts = sharedFunctions.map(({ name }) => name);
  const start = `${drawFigures.name}({ ${parts.join(", ")} });`;
  return scriptOf([...sharedFunctions, ...figureFunctions], start);
}

function scriptOf(functions: readonly ((...args: never[]) => unknown)[], start: string): string {
  const source = [...functions.map(String), start].join("\n");
  return `(() => {\n"use strict";\n${source}\n})();`.replaceAll("</", "<\\/");
}
