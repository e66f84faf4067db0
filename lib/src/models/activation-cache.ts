import type { Tensor } from "../arrays/index.ts";
import { UnknownNameError } from "../core/errors.ts";
import { getActName } from "./act-name.ts";
import type { Cache } from "./run.ts";

/** Activations by name, short names allowed: `cache.get("pattern", 0)`. */
export class ActivationCache {
  readonly #values: Cache;
  readonly #nLayers: number;

  constructor(values: Cache, nLayers: number) {
    this.#values = values;
    this.#nLayers = nLayers;
  }

  /**
   * An activation by full or short name (see `getActName`). A negative layer counts from the end.
   * @throws UnknownNameError naming the nearest activations in the cache.
   */
  get(name: string, layer?: number, layerType?: string): Tensor {
    const value = this.#values.get(this.#fullName(name, layer, layerType));
    if (value !== undefined) return value;
    const full = this.#fullName(name, layer, layerType);
    throw new UnknownNameError("ActivationCache", "activation", full, this.names());
  }

  has(name: string, layer?: number, layerType?: string): boolean {
    return this.#values.has(this.#fullName(name, layer, layerType));
  }

  /** Full names in the order of firing. */
  names(): readonly string[] {
    return [...this.#values.keys()];
  }

  entries(): readonly (readonly [name: string, value: Tensor])[] {
    return [...this.#values];
  }

  #fullName(name: string, layer?: number, layerType?: string): string {
    if (this.#values.has(name)) return name;
    const from = layer !== undefined && layer < 0 ? layer + this.#nLayers : layer;
    return getActName(name, from, layerType);
  }
}
