import { defineConfig } from "vite";

// WebAssembly has threads, and memory that they share, only in a page that is isolated from other origins.
const headers = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
};

export default defineConfig({
  base: "./",
  server: { headers },
  preview: { headers },
  // ONNX Runtime starts its threads from its own file, which a worker in the old format does not have.
  worker: { format: "es" },
});
