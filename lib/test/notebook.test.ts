import { execFileSync, spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { promisedOutput } from "./support/markdown.ts";
import {
  type Cell,
  type CellOutput,
  codeCells,
  joined,
  type Notebook,
  programOfCells,
  shownMark,
} from "./support/notebook.ts";
import { repository } from "./support/sources.ts";
import { typeErrors } from "./support/types.ts";

const examples = join(repository, "examples");

function readNotebook(path: string): Notebook {
  return JSON.parse(readFileSync(path, "utf8")) as Notebook;
}

const notebooks = readdirSync(examples)
  .filter((name) => name.endsWith(".ipynb"))
  .map((name) => ({ name, notebook: readNotebook(join(examples, name)) }));

/** Whether a command is on the PATH. */
function has(command: string): boolean {
  return spawnSync(command, ["--version"], { stdio: "ignore" }).status === 0;
}

const kernel = has("deno") && has("jupyter-nbconvert");

interface Ran {
  readonly lines: readonly string[];
  /** MIME types that each cell shows. */
  readonly shown: readonly (readonly string[])[];
}

describe("notebooks in examples/", () => {
  let folder: string;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "tinylens-notebook-"));
    symlinkSync(join(repository, "node_modules"), join(folder, "node_modules"));
  });

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  function runInNode(cells: readonly string[]): Ran {
    const cwd = mkdtempSync(join(folder, "cells-"));
    mkdirSync(cwd, { recursive: true });
    const file = join(cwd, "cells.ts");
    writeFileSync(file, programOfCells(cells));
    const output = execFileSync(process.execPath, [file], {
      cwd,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
      timeout: 240_000,
    });
    const lines = output.split("\n").filter((line) => line !== "");
    const shown = lines.pop()?.replace(shownMark, "") ?? "";
    return { lines, shown: JSON.parse(shown) as string[][] };
  }

  it("are there, for Deno's kernel, without outputs that could be stale", () => {
    expect(notebooks.length).toBeGreaterThan(0);
    for (const { notebook } of notebooks) {
      expect(notebook.nbformat).toBe(4);
      expect(notebook.metadata.kernelspec?.name).toBe("deno");
      const code = notebook.cells.filter(({ cell_type }) => cell_type === "code");
      expect(code.flatMap(({ outputs }) => outputs ?? [])).toEqual([]);
    }
  });

  it.each(notebooks)(
    "run in Node and print what they say: $name",
    ({ notebook }) => {
      const cells = codeCells(notebook);
      const { lines, shown } = runInNode(cells);
      expect(lines).toEqual(promisedOutput(cells.join("\n")));
      expect(shown).toHaveLength(cells.length);
      expect(shown.flat()).toContain("application/vnd.plotly.v1+json");
    },
    300_000,
  );

  it("have the types they need", () => {
    const files = notebooks.map(
      ({ name, notebook }) =>
        [join(examples, `${name}.ts`), `${codeCells(notebook).join("\n")}\nexport {};`] as const,
    );
    expect(typeErrors(Object.fromEntries(files))).toEqual([]);
  });

  /** The code cells of a notebook after `run-notebook.sh`, which must not have failed. */
  function runInKernel(name: string): readonly Cell[] {
    const out = join(folder, "executed");
    const script = join(examples, "run-notebook.sh");
    const { status, stderr } = spawnSync("bash", [script, join(examples, name), out], {
      encoding: "utf8",
      timeout: 120_000,
    });
    expect({ status, stderr: status === 0 ? "" : stderr }).toEqual({ status: 0, stderr: "" });
    expect(existsSync(join(out, name.replace(".ipynb", ".html")))).toBe(true);
    return readNotebook(join(out, name)).cells.filter(isCode);
  }

  it.skipIf(!kernel).each(notebooks)(
    "run in Deno's kernel through nbconvert (skipped where deno or jupyter-nbconvert is not on the PATH): $name",
    ({ name, notebook }) => {
      const cells = codeCells(notebook);
      const inNode = runInNode(cells).shown.map((types) => [...types].sort());
      const printed = cells.map((code) => promisedOutput(code));
      const complete = (outputs: readonly CellOutput[], i: number) =>
        linesOf(outputs).length === printed[i]?.length &&
        typesOf(outputs).length === inNode[i]?.length;
      // The kernel may send what a cell shows after it says that the cell is done; nbconvert then
      // leaves it out. What is missing in one run must be there in another.
      let outputs: (readonly CellOutput[])[] = cells.map(() => []);
      for (let run = 0; run < 4 && !outputs.every(complete); run++) {
        const executed = runInKernel(name);
        expect(executed.map((cell) => cell.execution_count)).toEqual(cells.map((_, i) => i + 1));
        const now = executed.map((cell) => cell.outputs ?? []);
        expect(now.flat().filter(({ output_type }) => output_type === "error")).toEqual([]);
        outputs = outputs.map((before, i) => (complete(before, i) ? before : (now[i] ?? [])));
      }
      expect(outputs.map(linesOf)).toEqual(printed);
      expect(outputs.map(typesOf)).toEqual(inNode);
    },
    500_000,
  );

  it("would be seen to print something else, to show nothing, or to throw", () => {
    const cells = ["const a = 1;", "console.log(a + 1); // → 3", "({ a })"];
    const { lines, shown } = runInNode(cells);
    expect(lines).toEqual(["2"]);
    expect(promisedOutput(cells.join("\n"))).toEqual(["3"]);
    expect(shown).toEqual([[], [], []]);
    const display = '({ [Symbol.for("Jupyter.display")]: () => ({ "text/plain": "x" }) });';
    expect(runInNode([display]).shown).toEqual([["text/plain"]]);
    expect(() => runInNode(['throw new Error("planted");'])).toThrow("planted");
  });
});

/** Lines that a cell printed. */
function linesOf(outputs: readonly CellOutput[]): string[] {
  const text = outputs.map((output) => joined(output.text)).join("");
  return text.split("\n").filter((line) => line !== "");
}

/** MIME types of what a cell shows. */
function typesOf(outputs: readonly CellOutput[]): string[] {
  return outputs.flatMap(({ data }) => Object.keys(data ?? {})).sort();
}

function isCode({ cell_type }: Cell): boolean {
  return cell_type === "code";
}
