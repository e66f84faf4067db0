import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["lib/src/**/*.test.ts", "lib/test/**/*.test.ts"],
    execArgv: ["--expose-gc"],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    pool: "forks",
    // By default one core is left free: of two, that would be half.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    // Tests that import ONNX Runtime themselves must not send its telemetry either.
    env: { ORT_DISABLE_TELEMETRY: "1" },
  },
});
