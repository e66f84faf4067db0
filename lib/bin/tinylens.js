#!/usr/bin/env node
import { existsSync, readFileSync } from "node:fs";
import process from "node:process";

const { engines } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
const [needed, found] = [engines.node, process.versions.node].map(
  (text) => text.match(/[\d.]+/)[0],
);
const parts = (version) => version.split(".").map(Number);
const [[major, minor = 0], [ownMajor, ownMinor]] = [parts(needed), parts(found)];
if (ownMajor < major || (ownMajor === major && ownMinor < minor)) {
  process.stderr.write(`tinylens: needs Node ${needed} or later, this is ${found}\n`);
  process.exit(2);
}

const source = new URL("../src/cli/start.ts", import.meta.url);
const built = new URL("../dist/cli/start.js", import.meta.url);
const { start } = await import(existsSync(source) ? source.href : built.href);
await start(process.argv.slice(2));
