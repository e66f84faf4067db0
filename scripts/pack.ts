/**
 * `npm run pack [-- FOLDER]`: builds the package to publish. Writes `FOLDER/tinylens/`, the package as it is
 * installed, and `FOLDER/tinylens-VERSION.tgz`; FOLDER is `dist` unless given. The package in the
 * checkout runs from its sources instead, so that nothing built can be out of date.
 */

import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";
import { entryFiles, root } from "./reference/surface.ts";

const lib = join(root, "lib");

/** What of `lib/package.json` is used here; everything else is published as it is. */
export interface Manifest {
  readonly [field: string]: unknown;
  readonly repository: { readonly url: string };
  readonly sideEffects: readonly string[];
}

/** `./src/a/b.ts` of the checkout is `./dist/a/b.js` in the package. */
function builtPath(source: string, extension: string): string {
  return source.replace(/^\.\/src\//, "./dist/").replace(/\.ts$/, extension);
}

/** The manifest that is published: the one of the checkout with built files in place of sources. */
export function publishedManifest(manifest: Manifest, entries: Readonly<Record<string, string>>) {
  const { private: _private, scripts: _scripts, exports: _exports, ...rest } = manifest;
  const exports = Object.entries(entries).map(([name, path]) => {
    const source = `./${relative(lib, path).split(sep).join("/")}`;
    const built = { types: builtPath(source, ".d.ts"), default: builtPath(source, ".js") };
    return [name.replace(/^tinylens/, "."), built] as const;
  });
  return {
    ...rest,
    sideEffects: manifest.sideEffects.map((path) => builtPath(path, ".js")),
    exports: { ...Object.fromEntries(exports), "./package.json": "./package.json" },
  };
}

/** The README with its links as addresses, since a package has none of the files they lead to. */
export function publishedReadme(text: string, repository: string): string {
  const base = repository.replace(/^git\+/, "").replace(/\.git$/, "");
  return text.replace(/\]\((?![a-z]+:|#)([^)\s]+)\)/g, (_, path) => `](${base}/blob/main/${path})`);
}

/**
 * Writes the package into `folder`, which must be empty or absent; `options` are further ones of tsc.
 * Throws with what tsc prints.
 */
export function buildPackage(folder: string, options: readonly string[] = []): void {
  const manifest = JSON.parse(readFileSync(join(lib, "package.json"), "utf8")) as Manifest;
  mkdirSync(folder, { recursive: true });
  const tsc = join(root, "node_modules/typescript/bin/tsc");
  const args = [
    tsc,
    "-p",
    join(lib, "tsconfig.build.json"),
    "--outDir",
    join(folder, "dist"),
  ].concat(options);
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
  if (status !== 0) throw new Error(`pack: tsc failed\n${stdout}${stderr}`);
  const published = publishedManifest(manifest, entryFiles());
  writeFileSync(join(folder, "package.json"), `${JSON.stringify(published, null, 2)}\n`);
  writeFileSync(
    join(folder, "README.md"),
    publishedReadme(readText("README.md"), manifest.repository.url),
  );
  writeFileSync(join(folder, "LICENSE"), readText("LICENSE"));
  cpSync(join(lib, "bin"), join(folder, "bin"), { recursive: true });
  chmodSync(join(folder, "bin/tinylens.js"), 0o755);
}

/** What `npm pack` made. */
export interface Packed {
  readonly tarball: string;
  /** Paths inside the package. */
  readonly files: readonly string[];
}

/** Packs the package in `folder` into a tarball next to it. */
export function packPackage(folder: string): Packed {
  const target = dirname(folder);
  const args = ["pack", folder, "--json", "--ignore-scripts", "--pack-destination", target];
  const json = execFileSync("npm", args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  const [packed] = JSON.parse(json) as readonly {
    readonly filename: string;
    readonly files: readonly { readonly path: string }[];
  }[];
  if (packed === undefined) throw new Error("pack: npm packed nothing");
  return {
    tarball: join(target, packed.filename),
    files: packed.files.map(({ path }) => path),
  };
}

function readText(path: string): string {
  return readFileSync(join(root, path), "utf8");
}

if (import.meta.main) {
  const folder = resolve(process.argv[2] ?? "dist", "tinylens");
  rmSync(folder, { recursive: true, force: true });
  buildPackage(folder);
  process.stdout.write(`${relative(process.cwd(), packPackage(folder).tarball)}\n`);
}
