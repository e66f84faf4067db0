/** What the worker sends to the page. */
export type Message =
  | { readonly kind: "row"; readonly step: number; readonly loss: number }
  | { readonly kind: "done" }
  | { readonly kind: "failed"; readonly message: string };
