/** The package as users have it: packed, and unpacked into a project of its own. */

import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildPackage, type Packed, packPackage } from "../../../scripts/pack.ts";
import { repository } from "./sources.ts";

export interface Project extends Packed {
  /** A project that depends on the package. */
  readonly folder: string;
  /** The package inside the project's `node_modules`. */
  readonly installed: string;
  remove(): void;
}

/** A project with the packed tarball in its `node_modules`, next to what the checkout has installed. */
export function packedProject(): Project {
  const above = mkdtempSync(join(tmpdir(), "tinylens-package-"));
  const built = join(above, "tinylens");
  buildPackage(built, ["--noCheck"]); // `npm run check` has checked the same files
  const packed = packPackage(built);
  const folder = join(above, "project");
  const installed = join(folder, "node_modules/tinylens");
  mkdirSync(installed, { recursive: true });
  writeFileSync(join(folder, "package.json"), '{ "name": "project", "private": true }\n');
  execFileSync("tar", ["-xzf", packed.tarball, "-C", installed, "--strip-components=1"]);
  for (const name of readdirSync(join(repository, "node_modules"))) {
    if (name === "tinylens" || name.startsWith(".")) continue;
    symlinkSync(join(repository, "node_modules", name), join(folder, "node_modules", name));
  }
  const remove = () => rmSync(above, { recursive: true, force: true });
  return { ...packed, folder, installed, remove };
}
