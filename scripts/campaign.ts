/**
 * `npm run campaign -- NAME [OPTIONS]`: tries to break tinylens in one way (kills, changed files, hostile
 * files, locks, faults of the disk, script injection). Prints what it found and its counts last; exit
 * code 1 means faults. Without a name it lists the campaigns.
 */

import { readdirSync, readFileSync } from "node:fs";
import type { Campaign } from "./campaigns/campaign.ts";

const folder = new URL("./campaigns/", import.meta.url);

async function campaigns(): Promise<Campaign[]> {
  const files = readdirSync(folder)
    .filter((file) => /^[a-z-]+\.ts$/.test(file))
    .filter((file) =>
      readFileSync(new URL(file, folder), "utf8").includes("export const campaign"),
    );
  const modules = await Promise.all(
    files.map((file) => import(new URL(file, folder).href) as Promise<{ campaign?: Campaign }>),
  );
  return modules.map(({ campaign }) => campaign).filter((campaign) => campaign !== undefined);
}

const [name, ...args] = process.argv.slice(2);
const known = await campaigns();
const chosen = known.find((campaign) => campaign.name === name);
if (chosen === undefined) {
  if (name !== undefined) process.stderr.write(`campaign: unknown campaign "${name}"\n`);
  for (const campaign of known) process.stdout.write(`${campaign.name}  ${campaign.summary}\n`);
  process.exitCode = name === undefined ? 0 : 2;
} else {
  const counts = await chosen.run(args, (line) => process.stdout.write(`${line}\n`));
  const shown = Object.entries(counts).map(([what, count]) => `${what} ${count}`);
  process.stdout.write(`${chosen.name}: ${shown.join(", ")}\n`);
  process.exitCode = counts.faults === 0 ? 0 : 1;
}
