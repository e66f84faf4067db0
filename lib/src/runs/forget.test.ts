import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { MissingError } from "../core/errors.ts";
import { ownIdentity } from "./process-identity.ts";
import { runSmall, trainingOf } from "./testing/small-run.ts";

const root = mkdtempSync(join(tmpdir(), "tinylens-forget-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** Every file below a folder with its bytes, locks left out. */
const filesIn = (folder: string): [string, Buffer][] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.startsWith("holder-"))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
    .map((path) => [path, readFileSync(path)]);

/** Lock a folder as another process would; gives what ends that. */
function locked(folder: string): () => void {
  const stat = readFileSync(`/proc/${process.ppid}/stat`, "utf8");
  const started = stat.split(") ")[1]?.split(" ")[19] ?? "";
  const lock = join(folder, "lock");
  mkdirSync(lock, { recursive: true });
  const holder = { ...ownIdentity(), pid: process.ppid, started };
  writeFileSync(join(lock, "holder-0123456789abcdef"), JSON.stringify(holder));
  return () => rmSync(lock, { recursive: true });
}

describe("a run that begins again with fresh", () => {
  it("deletes nothing where the device is not there", async () => {
    const out = join(root, "device");
    await runSmall(out);
    const before = filesIn(out);
    const backend = () => Promise.reject(new MissingError("web: no adapter"));
    await expect(runSmall(out, {}, { fresh: true, device: "web", backend })).rejects.toThrow(
      "no adapter",
    );
    expect(filesIn(out)).toEqual(before);
  });

  it("deletes nothing while another process trains what it would delete", async () => {
    const out = join(root, "trained");
    await runSmall(out);
    const before = filesIn(out);
    const unlock = locked(await trainingOf(out));
    await expect(runSmall(out, {}, { fresh: true })).rejects.toThrow(/^training \S+: locked by/);
    expect(filesIn(out)).toEqual(before);
    unlock();
    expect(await runSmall(out, {}, { fresh: true })).toMatchObject({ loaded: false });
  });

  it("deletes nothing while another run works with the training", async () => {
    const out = join(root, "shared");
    await runSmall(out);
    const other = await runSmall(out, { limit: 9 });
    const before = filesIn(out);
    const unlock = locked(other.run);
    await expect(runSmall(out, {}, { fresh: true })).rejects.toThrow(
      `--fresh would delete training ${basename(await trainingOf(out))}, with which run ${basename(other.run)} works; wait for it or stop it`,
    );
    expect(filesIn(out)).toEqual(before);
    unlock();
    expect(await runSmall(out, {}, { fresh: true })).toMatchObject({ loaded: false });
    expect(existsSync(other.report)).toBe(true);
  });
});
