import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { checkPackage, createPackageFromTarballData } from "@arethetypeswrong/core";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { entryFiles } from "../../scripts/reference/surface.ts";
import * as studies from "../src/studies/all.ts";
import { codeBlocks, links, promisedOutput } from "./support/markdown.ts";
import { type Project, packedProject } from "./support/packed.ts";
import { isTest, readSources, repository } from "./support/sources.ts";

/** Paths that do not belong in the published package. */
function strays(paths: readonly string[]): string[] {
  return paths.filter(
    (path) =>
      !/^(dist\/.*\.(js|js\.map|d\.ts)|bin\/tinylens\.js|package\.json|README\.md|LICENSE)$/.test(
        path,
      ) ||
      path.includes(".test.") ||
      path.includes("/testing/"),
  );
}

const specifiers = Object.keys(entryFiles());

function readJson(path: string): unknown {
  return JSON.parse(readFileSync(path, "utf8"));
}

/** The oldest Node that `engines` admits. */
const oldest = "24.0.0";

/** A folder with other Nodes, each in a folder named after its version; `.ci/run` fills it. */
const nodes = process.env.TINYLENS_NODES;

describe("the package", () => {
  let project: Project;

  beforeAll(() => {
    project = packedProject();
  }, 600_000);

  afterAll(() => project.remove());

  function node(args: readonly string[]): string {
    return execFileSync(process.execPath, args, {
      cwd: project.folder,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
    });
  }

  function onNode(version: string, args: readonly string[]) {
    const build = `node-${process.platform}-${process.arch}`;
    const binary = join(nodes ?? "", version, "node_modules", build, "bin/node");
    return spawnSync(binary, args, { cwd: project.folder, encoding: "utf8" });
  }

  it("has the built files of every module, the command, the license, and nothing else", () => {
    const expected = readSources()
      .filter((file) => !isTest(file))
      .map(({ path }) => `dist/${path.replace(/\.ts$/, ".js")}`);
    expect(strays(project.files)).toEqual([]);
    expect(
      [...expected, "bin/tinylens.js", "LICENSE", "README.md"].filter(
        (path) => !project.files.includes(path),
      ),
    ).toEqual([]);
  });

  it("would not take a test, a golden file or a source along", () => {
    expect(
      strays([
        "dist/a.js",
        "dist/a.test.js",
        "dist/b/testing/c.js",
        "src/a.ts",
        "dist/x.golden.json",
        "LICENSE",
      ]),
    ).toEqual(["dist/a.test.js", "dist/b/testing/c.js", "src/a.ts", "dist/x.golden.json"]);
  });

  it("loads each subpath in Node without the sources", () => {
    expect(specifiers).toContain("tinylens/report/node");
    const code = `
      const counts = {};
      for (const name of ${JSON.stringify(specifiers)}) counts[name] = Object.keys(await import(name)).length;
      console.log(JSON.stringify(counts));
      process.exit(0);
    `;
    const counts = JSON.parse(node(["--input-type=module", "-e", code]));
    expect(Object.keys(counts)).toEqual(specifiers);
    expect(Object.entries(counts).filter(([, count]) => count === 0)).toEqual([]);
  });

  it("runs the command from the built files", () => {
    const output = node([join(project.installed, "bin/tinylens.js"), "list"]);
    expect(output).toMatch(/^\s*modular-addition\b/m);
  });

  it("runs the README's example", () => {
    const blocks = codeBlocks(readFileSync(join(repository, "README.md"), "utf8"));
    const code = blocks.find(({ language }) => language === "ts")?.code ?? "";
    writeFileSync(join(project.folder, "example.mts"), code);
    const printed = node(["example.mts"]).trim().split("\n");
    expect(printed).toEqual(promisedOutput(code));
    expect(printed.length).toBeGreaterThan(1);
  });

  it("refuses an engine without Float16Array in one sentence, whatever is imported", () => {
    const code = `
      delete globalThis.Float16Array;
      const said = new Set();
      for (const name of ${JSON.stringify(specifiers)}) {
        await import(name).then(() => said.add(name), (error) => said.add(error.name + ": " + error.message));
      }
      console.log(JSON.stringify([...said]));
      process.exit(0);
    `;
    expect(JSON.parse(node(["--input-type=module", "-e", code]))).toEqual([
      `MissingError: tinylens: needs Node 24 or later, this is ${process.versions.node}`,
    ]);
  });

  describe.skipIf(nodes === undefined)("on other Nodes, which TINYLENS_NODES has", () => {
    it("ends in one sentence on Node 20", () => {
      const command = [join(project.installed, "bin/tinylens.js"), "list"];
      const { status, stderr } = onNode("20.20.2", command);
      expect(stderr).toBe("tinylens: needs Node 24 or later, this is 20.20.2\n");
      expect(status).toBe(2);
      const code = 'import("tinylens").catch(({ message }) => console.log(message));';
      expect(onNode("20.20.2", ["--input-type=module", "-e", code]).stdout).toBe(
        "tinylens: needs Node 24 or later, this is 20.20.2\n",
      );
    });

    it("runs the README's example and the guide on the oldest Node declared", () => {
      const programs = ["README.md", "docs/guide.md"].flatMap((path) =>
        codeBlocks(readFileSync(join(repository, path), "utf8")),
      );
      for (const { code } of programs.filter(({ language }) => language === "ts")) {
        writeFileSync(join(project.folder, "example.mts"), code);
        const { stdout, stderr, status } = onNode(oldest, ["--no-warnings", "example.mts"]);
        expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
        expect(stdout.split("\n").filter((line) => line !== "")).toEqual(promisedOutput(code));
      }
    }, 600_000);

    const names = Object.values(studies).map(({ name }) => name);

    it.each(names)(
      "runs the smoke run of %s on the oldest Node declared",
      (name) => {
        const command = [
          join(project.installed, "bin/tinylens.js"),
          "run",
          name,
          "--smoke",
          "--json",
        ];
        const { stdout, stderr, status } = onNode(oldest, command);
        if (status !== 0 && status !== 1) expect(stderr).toBe("");
        expect(JSON.parse(stdout)).toBeTypeOf("object");
      },
      600_000,
    );
  });

  it("has source maps that hold their sources", () => {
    const maps = project.files.filter((path) => path.endsWith(".js.map"));
    const without = maps.filter((path) => {
      const { sourcesContent } = readJson(join(project.installed, path)) as {
        readonly sourcesContent?: readonly string[];
      };
      return sourcesContent?.length !== 1;
    });
    expect(maps.length).toBeGreaterThan(100);
    expect(without).toEqual([]);
  });

  it("has a README whose links lead somewhere from anywhere", () => {
    const readme = readFileSync(join(project.installed, "README.md"), "utf8");
    const targets = links(readme);
    expect(targets.length).toBeGreaterThan(10);
    expect(targets.filter((target) => !/^(https:|#)/.test(target))).toEqual([]);
    const start = "https://github.com/tinylens/tinylens/blob/main/";
    const own = targets.filter((target) => target.startsWith(start));
    const files = own.map((target) => target.slice(start.length).split("#")[0] ?? "");
    expect(files.filter((path) => !existsSync(join(repository, path)))).toEqual([]);
  });

  it("has nothing that publint complains of", async () => {
    const { messages, pkg } = await publint({ pkgDir: project.installed, pack: false });
    expect(messages.map((message) => formatMessage(message, pkg))).toEqual([]);
  });

  it("has types that resolve for ES modules under every resolution", async () => {
    const data = new Uint8Array(readFileSync(project.tarball));
    const result = await checkPackage(createPackageFromTarballData(data));
    if (result.types === false) throw new Error("no types");
    const wrong = result.problems.filter(
      (problem) =>
        // A package of ES modules alone: CommonJS loads it by `import()`, and Node 10 not at all.
        problem.kind !== "CJSResolvesToESM" &&
        !("resolutionKind" in problem && problem.resolutionKind === "node10"),
    );
    expect(wrong).toEqual([]);
    expect(Object.keys(result.entrypoints).length).toBeGreaterThan(specifiers.length);
  });

  it("has types that are clean without skipLibCheck, the optional peers, and newer libraries than ES2022", () => {
    const lines = specifiers.map((name, i) => `export * as m${i} from "${name}";\n`);
    writeFileSync(join(project.folder, "all.mts"), lines.join(""));
    for (const name of ["onnxruntime-node", "onnxruntime-web"]) {
      rmSync(join(project.folder, "node_modules", name));
    }
    const args = ["--noEmit", "--strict", "--target", "es2022", "--module", "nodenext"];
    const tsc = join(repository, "node_modules/typescript/bin/tsc");
    const { status, stdout } = spawnSync(
      process.execPath,
      [tsc, ...args, "--types", "node", "all.mts"],
      { cwd: project.folder, encoding: "utf8" },
    );
    expect(stdout).toBe("");
    expect(status).toBe(0);
  }, 300_000);
});

describe("the package of the checkout", () => {
  it("names the oldest Node that the guard of the library asks for", () => {
    const { engines } = readJson(join(repository, "lib/package.json")) as {
      readonly engines: { readonly node: string };
    };
    expect(engines.node).toBe(">=24");
    const guard = readFileSync(join(repository, "lib/src/core/runtime.ts"), "utf8");
    expect(guard).toContain("needs Node 24 or later");
  });

  it("is not packed as it is: its exports are sources", () => {
    const { status, stderr } = spawnSync("npm", ["pack", "--dry-run"], {
      cwd: join(repository, "lib"),
      encoding: "utf8",
    });
    expect(status).not.toBe(0);
    expect(stderr).toContain("tinylens: run npm run pack in the root folder instead");
  });

  it("has a guard in every entry file", () => {
    const unguarded = Object.entries(entryFiles()).filter(
      ([, path]) => !/^import "[./]+\/(core\/)?runtime\.ts";$/m.test(readFileSync(path, "utf8")),
    );
    expect(unguarded).toEqual([]);
  });
});

interface Lock {
  readonly packages: Readonly<
    Record<string, { readonly optionalDependencies?: Readonly<Record<string, string>> }>
  >;
}

/** Optional dependencies (mostly builds for one platform) that a lock file does not list. */
function unlocked({ packages }: Lock): string[] {
  return Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies)
      .filter((name) => !(`node_modules/${name}` in packages))
      .filter((name) => !(`${path}/node_modules/${name}` in packages))
      .map((name) => `${path} lacks ${name}`),
  );
}

describe("the lock file", () => {
  it("lists the builds for every platform, or npm ci would fail there", () => {
    expect(unlocked(readJson(join(repository, "package-lock.json")) as Lock)).toEqual([]);
  });

  it("would be seen to lack one", () => {
    const packages = { "node_modules/a": { optionalDependencies: { "a-win32": "1.0.0" } } };
    expect(unlocked({ packages })).toEqual(["node_modules/a lacks a-win32"]);
  });
});
