import { execFileSync } from "node:child_process";
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
import { dirname, join, relative, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Model } from "../src/models/model.ts";
import { glossaryTerms } from "./support/glossary.ts";
import { anchors, codeBlocks, links, promisedOutput } from "./support/markdown.ts";
import { isTest, readSources, repository } from "./support/sources.ts";
import { codeSpans, tableRows } from "./support/table.ts";
import { typeErrors } from "./support/types.ts";

function read(path: string): string {
  return readFileSync(join(repository, path), "utf8");
}

/** Every Markdown file of the repository, relative to its root. */
function documents(): string[] {
  const under = (folder: string) =>
    readdirSync(join(repository, folder), { recursive: true, encoding: "utf8" })
      .filter((path) => path.endsWith(".md") && !path.includes("node_modules"))
      .map((path) => join(folder, path));
  const top = ["README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md"];
  return [...top, ...under("docs"), ...under("examples"), ...under("lib/src")];
}

/** Links of a document that lead nowhere. `textOf` reads a file, or says it is not there. */
function brokenLinks(
  path: string,
  text: string,
  textOf: (path: string) => string | undefined,
): string[] {
  return links(text)
    .filter((link) => !/^[a-z]+:/.test(link))
    .filter((link) => {
      const [file = "", anchor] = link.split("#");
      const target = file === "" ? path : join(dirname(path), file);
      const found = textOf(target);
      if (found === undefined) return true;
      return anchor !== undefined && !anchors(found).includes(anchor);
    })
    .map((link) => `${path}: ${link}`);
}

function textOnDisk(path: string): string | undefined {
  const full = resolve(repository, path);
  if (relative(repository, full).startsWith("..") || !existsSync(full)) return undefined;
  return path.endsWith(".md") ? readFileSync(full, "utf8") : "";
}

/** Names of exported error classes in the library. */
function errorClasses(): string[] {
  return readSources()
    .filter((file) => !isTest(file))
    .flatMap(({ text }) => [...text.matchAll(/^export class (\w+) extends \w*Error\b/gm)])
    .map((match) => match[1] ?? "");
}

describe("links", () => {
  it("inside the repository lead somewhere", () => {
    expect(documents().flatMap((path) => brokenLinks(path, read(path), textOnDisk))).toEqual([]);
  });

  it("are seen to be broken", () => {
    const text = "# A\n[ok](#a) [no](#b) [gone](x.md) [out](https://x.org/#c) `[code](y.md)`\n";
    expect(
      brokenLinks("docs/a.md", text, (path) => (path === "docs/a.md" ? text : undefined)),
    ).toEqual(["docs/a.md: #b", "docs/a.md: x.md"]);
  });
});

describe("docs/errors.md", () => {
  it("has a heading for each error class, and none for another", () => {
    const headings = [...read("docs/errors.md").matchAll(/^## (\w+)$/gm)].map((match) => match[1]);
    expect(headings.toSorted()).toEqual(errorClasses().toSorted());
  });

  it("quotes messages that the code has", () => {
    const sources = readSources()
      .map(({ text }) => text)
      .join("\n");
    const fragments = [...read("docs/errors.md").matchAll(/^\| `([^`]+)` \|/gm)].map((match) =>
      longestFixedPart(match[1] ?? ""),
    );
    expect(fragments.length).toBeGreaterThan(5);
    expect(fragments.filter((fragment) => !sources.includes(fragment))).toEqual([]);
  });

  it("would not be fooled by a message that is made up", () => {
    expect(longestFixedPart('WHERE: the moon "M" must be full, got N; wait')).toBe("must be full");
    expect(longestFixedPart('run: unknown study "NAME"')).toBe("study");
  });
});

/** The longest run of words in a message; of "unknown KIND" the kind, which the class puts in. */
function longestFixedPart(message: string): string {
  const words = message.replace("unknown ", "").replace(/"[^"]*"/g, "0");
  const parts = words.split(/[^a-z -]+/).map((part) => part.trim());
  return parts.reduce((best, part) => (part.length > best.length ? part : best), "");
}

describe("docs/glossary.md", () => {
  it("names each axis once", () => {
    const axes = glossaryTerms("Axes");
    expect(axes.length).toBeGreaterThan(10);
    expect(new Set(axes).size).toBe(axes.length);
  });

  it("gives each hook point the axes it has", async () => {
    const rows = [...read("docs/glossary.md").matchAll(/^\| `([\w.{}]*hook_\w+)` \| ([^|]+) \|/gm)];
    const axesOf = new Map(
      rows.map(([, name, axes]) => [name, (axes ?? "").trim().split(", or ")]),
    );
    const { readBarrel } = await import("./support/registries.ts");
    const { modelConfigs } = await import("./support/configs.ts");
    const models = Object.values(await readBarrel("models")) as Model<unknown>[];
    const points = models.flatMap((model) =>
      modelConfigs(model).flatMap(([, config]) => model.points(config)),
    );
    const seen = points.map(({ name, axes }) => ({
      name: name.replace(/^blocks\.\d+/, "blocks.{layer}"),
      axes,
    }));
    const wrong = seen.filter(({ name, axes }) => axesOf.get(name)?.includes(axes) !== true);
    expect(wrong).toEqual([]);
    const unused = [...axesOf.keys()].filter((name) => !seen.some((one) => one.name === name));
    expect(unused).toEqual([]);
  });
});

/** Lines in the last column of tables of two columns that stand in none of the programs. */
function linesNotRun(text: string): string[] {
  const plain = (code: string) => code.replace(/\s+/g, "").replaceAll(",)", ")");
  const programs = plain(
    codeBlocks(text)
      .map(({ code }) => code)
      .join("\n"),
  );
  return tableRows(text)
    .filter((row) => row.length === 2)
    .flatMap((row) => codeSpans(row[1] ?? ""))
    .filter((line) => !programs.includes(plain(line)));
}

describe("docs/from-transformerlens.md", () => {
  const text = read("docs/from-transformerlens.md");

  it("runs every line that it sets beside one of TransformerLens", () => {
    expect(tableRows(text).length).toBeGreaterThan(40);
    expect(linesNotRun(text)).toEqual([]);
  });

  it("would be seen to promise a line that is not run", () => {
    expect(
      linesNotRun(
        "| a | b |\n| --- | --- |\n| `x` | `f(1)` |\n| `y` | `g()` |\n```ts\nf( 1 );\n```\n",
      ),
    ).toEqual(["g()"]);
  });

  it("finds induction heads in under 40 lines", () => {
    const program = codeBlocks(text).find(({ code }) => code.includes("detectHead("));
    const lines = program?.code.split("\n").filter((line) => line !== "" && !line.startsWith("//"));
    expect(lines?.length).toBeGreaterThan(20);
    expect(lines?.length).toBeLessThan(40);
  });
});

/** Documents whose TypeScript blocks are programs; those under docs/reference hold declarations. */
const guides = documents().filter((path) => !path.startsWith(join("docs", "reference")));

describe("code blocks", () => {
  let folder: string;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "tinylens-docs-"));
    symlinkSync(join(repository, "node_modules"), join(folder, "node_modules"));
  });

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** What a block prints, line by line, when it is run as a program of its own. */
  function outputOf(code: string): string[] {
    const cwd = mkdtempSync(join(folder, "block-"));
    mkdirSync(cwd, { recursive: true });
    const file = join(cwd, "block.ts");
    writeFileSync(file, code);
    const output = execFileSync(process.execPath, [file], {
      cwd,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
      timeout: 120_000,
    });
    return output.split("\n").filter((line) => line !== "");
  }

  const blocks = guides.flatMap((path) =>
    codeBlocks(read(path))
      .filter(({ language }) => language === "ts")
      .map(({ code, line }) => ({ title: `${path}:${line}`, code })),
  );

  it("are there", () => {
    expect(blocks.length).toBeGreaterThan(2);
  });

  it.each(blocks)("run and print what they say: $title", ({ code }) => {
    expect(outputOf(code)).toEqual(promisedOutput(code));
  });

  it("have the types they need", () => {
    const files = blocks.map(
      ({ code }, i) => [join(repository, `docs/block-${i}.ts`), code] as const,
    );
    expect(typeErrors(Object.fromEntries(files))).toEqual([]);
  });

  it("would be seen to misuse a type", () => {
    const code = 'import { sizeOf } from "tinylens/core";\nsizeOf("x");\n';
    expect(typeErrors({ [join(repository, "docs/planted.ts")]: code })).toEqual([
      "planted.ts: Argument of type 'string' is not assignable to parameter of type 'Shape'.",
    ]);
  });

  it("would be seen to print something else, or to throw", () => {
    const code = 'import { sizeOf } from "tinylens/core";\nconsole.log(sizeOf([2, 3])); // → 7\n';
    expect(promisedOutput(code)).toEqual(["7"]);
    expect(outputOf(code)).toEqual(["6"]);
    expect(() => outputOf('throw new Error("planted");')).toThrow("planted");
  });
});
