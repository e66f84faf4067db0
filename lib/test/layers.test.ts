import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { describe, expect, it } from "vitest";
import {
  folderOf,
  importsOf,
  isTest,
  readSources,
  repository,
  type SourceFile,
  sourceFolder,
  targetOf,
} from "./support/sources.ts";

/** What each folder of the library may import, besides itself. `*` is everything. */
const layers: Readonly<Record<string, readonly string[]>> = {
  ".": ["*"],
  core: [],
  groups: ["core"],
  rng: ["core"],
  io: ["core"],
  figures: ["core"],
  arrays: ["core", "rng"],
  compile: ["core", "arrays"],
  tasks: ["core", "groups", "rng"],
  models: ["core", "arrays", "rng", "compile"],
  train: ["core", "arrays", "rng", "compile", "models", "tasks"],
  analysis: ["core", "arrays", "compile", "models"],
  interchange: ["core", "io", "arrays", "compile", "models"],
  article: ["core", "figures"],
  report: ["core", "figures", "article"],
  lab: [
    ...["core", "io", "rng", "arrays", "compile"],
    ...["models", "tasks", "train", "interchange", "article"],
  ],
  studies: [
    ...["core", "groups", "rng", "io", "figures", "arrays", "compile"],
    ...["tasks", "models", "train", "analysis", "interchange", "article", "report", "lab"],
  ],
  runs: [
    ...["core", "io", "figures", "compile", "models", "tasks", "interchange"],
    ...["train", "studies", "article", "report", "lab"],
  ],
  cli: ["*"],
};

/** Packages with one home: only files whose path starts with one of these may import them. */
const homes: Readonly<Record<string, readonly string[]>> = {
  "@jax-js/jax": ["arrays/", "compile/jaxpr.ts", "compile/backends/jax/"],
  "onnxruntime-node": ["compile/backends/native/"],
  "onnxruntime-web": ["compile/backends/web/"],
  commander: ["cli/"],
  "log-update": ["cli/"],
  picocolors: ["cli/"],
};

/** Folders that run anywhere: nothing of Node in them. */
const pure = [
  ...["core", "groups", "rng", "io", "figures", "tasks", "models", "analysis", "interchange"],
  ...["train", "article", "lab", "studies", "report"],
];

/** Folders that may use jax-js's ownership (`.ref`, `.dispose()` of its arrays). */
const owners = ["arrays", "compile"];
const ownership = ["ref", "dispose"];

const packages = JSON.parse(readFileSync(join(repository, "lib/package.json"), "utf8")) as {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly peerDependencies: Readonly<Record<string, string>>;
};
const declared = Object.keys({ ...packages.dependencies, ...packages.peerDependencies });

function packageOf(specifier: string): string {
  return specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/");
}

function importViolation(path: string, specifier: string): string | undefined {
  const folder = folderOf(path);
  if (specifier.startsWith(".")) {
    const target = folderOf(targetOf(path, specifier));
    const allowed = layers[folder];
    if (allowed === undefined) return `${folder}/ has no row in the table of layers`;
    const fine = target === folder || allowed.includes("*") || allowed.includes(target);
    return fine ? undefined : `${path} imports ${target}`;
  }
  if (specifier.startsWith("node:")) {
    const ofNode = path.startsWith("report/node/");
    return pure.includes(folder) && !ofNode ? `${path} imports ${specifier}` : undefined;
  }
  const name = packageOf(specifier);
  if (!declared.includes(name)) return `${path} imports ${name}, which lib/package.json lacks`;
  const home = homes[name];
  const fine = home === undefined || home.some((start) => path.startsWith(start));
  return fine ? undefined : `${path} imports ${name}`;
}

function violations(files: readonly SourceFile[]): string[] {
  return files
    .filter((file) => !isTest(file))
    .flatMap((file) => importsOf(file).map((specifier) => importViolation(file.path, specifier)))
    .filter((violation) => violation !== undefined);
}

/** Uses of jax-js's `.ref` and `.dispose`, told from others of that name by their types. */
function ownershipUses(
  paths: readonly string[],
  options: ts.CompilerOptions,
  host?: ts.CompilerHost,
) {
  const program = ts.createProgram(paths, options, host);
  const checker = program.getTypeChecker();
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isPropertyAccessExpression(node) && ownership.includes(node.name.text)) {
      const declarations = checker.getSymbolAtLocation(node.name)?.declarations ?? [];
      if (declarations.some((one) => one.getSourceFile().fileName.includes("@jax-js/"))) {
        const source = node.getSourceFile();
        const { line } = source.getLineAndCharacterOfPosition(node.getStart());
        found.push(`${source.fileName}:${line + 1} uses .${node.name.text} of jax-js`);
      }
    }
    ts.forEachChild(node, visit);
  };
  for (const path of paths) {
    const source = program.getSourceFile(path);
    if (source !== undefined) visit(source);
  }
  return found;
}

function compilerOptions(): ts.CompilerOptions {
  const path = join(repository, "lib/tsconfig.json");
  const parsed = ts.getParsedCommandLineOfConfigFile(
    path,
    {},
    {
      ...ts.sys,
      onUnRecoverableConfigFileDiagnostic: (diagnostic) => {
        throw new Error(ts.flattenDiagnosticMessageText(diagnostic.messageText, "\n"));
      },
    },
  );
  if (parsed === undefined) throw new Error(`${path} cannot be read`);
  return { ...parsed.options, noEmit: true, incremental: false };
}

describe("the table of layers", () => {
  it("has a row for every folder on disk", () => {
    const folders = readdirSync(sourceFolder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name);
    expect(folders.filter((name) => layers[name] === undefined)).toEqual([]);
  });

  it("is kept by every source file", () => {
    expect(violations(readSources())).toEqual([]);
  });

  it("has no cycle", () => {
    const visit = (folder: string, above: readonly string[]): void => {
      expect(above).not.toContain(folder);
      for (const next of layers[folder] ?? []) if (next !== "*") visit(next, [...above, folder]);
    };
    for (const folder of Object.keys(layers)) visit(folder, []);
  });
});

describe("the layers test can fail", () => {
  const planted: readonly (readonly [string, string, string])[] = [
    ["core/shape.ts", 'import { tasks } from "../tasks/index.ts";', "core/shape.ts imports tasks"],
    [
      "figures/a/index.ts",
      'import type { T } from "../../arrays/index.ts";',
      "figures/a/index.ts imports arrays",
    ],
    ["models/m.ts", 'export { x } from "../train/x.ts";', "models/m.ts imports train"],
    ["rng/r.ts", 'const io = await import("../io/index.ts");', "rng/r.ts imports io"],
    ["train/t.ts", 'import { numpy } from "@jax-js/jax";', "train/t.ts imports @jax-js/jax"],
    [
      "compile/onnx/o.ts",
      'await import("onnxruntime-node");',
      "compile/onnx/o.ts imports onnxruntime-node",
    ],
    [
      "compile/backends/native/n.ts",
      'import "onnxruntime-web/wasm";',
      "compile/backends/native/n.ts imports onnxruntime-web",
    ],
    ["io/read.ts", 'import { readFileSync } from "node:fs";', "io/read.ts imports node:fs"],
    [
      "io/read.ts",
      'import x from "left-pad";',
      "io/read.ts imports left-pad, which lib/package.json lacks",
    ],
    ["new/a.ts", 'import { nd } from "../core/nd.ts";', "new/ has no row in the table of layers"],
  ];

  it.each(planted)("%s: %s", (path, text, violation) => {
    expect(violations([{ path, text }])).toEqual([violation]);
  });

  it("and leaves alone what is allowed", () => {
    const fine = [
      { path: "train/loop.ts", text: 'import { a } from "../models/index.ts";' },
      { path: "arrays/tensor.ts", text: 'import { numpy } from "@jax-js/jax";' },
      { path: "compile/backends/native/index.ts", text: 'await import("onnxruntime-node");' },
      { path: "core/nd.test.ts", text: 'import { numpy } from "@jax-js/jax";' },
      { path: "io/a.ts", text: '// import { x } from "../tasks/index.ts"\nconst s = "node:fs";' },
    ];
    expect(violations(fine)).toEqual([]);
  });
});

describe("arrays of jax-js", () => {
  const options = compilerOptions();

  it("are referenced and disposed of only where they are owned", () => {
    const paths = readSources()
      .filter((file) => !isTest(file) && !owners.includes(folderOf(file.path)))
      .map(({ path }) => join(sourceFolder, path));
    expect(ownershipUses(paths, options)).toEqual([]);
  });

  it("cannot be referenced or disposed of elsewhere unseen", () => {
    const planted = join(sourceFolder, "train/planted.ts");
    const text =
      'import { numpy } from "@jax-js/jax";\nexport const f = (x: numpy.Array): void => x.ref.dispose();\n';
    const host = ts.createCompilerHost(options);
    const { getSourceFile, fileExists } = host;
    host.fileExists = (path) => path === planted || fileExists(path);
    host.getSourceFile = (path, ...rest) =>
      path === planted
        ? ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true)
        : getSourceFile(path, ...rest);
    expect(ownershipUses([planted], options, host)).toEqual([
      `${planted}:2 uses .dispose of jax-js`,
      `${planted}:2 uses .ref of jax-js`,
    ]);
  });
});
