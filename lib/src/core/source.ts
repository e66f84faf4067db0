/** Where a formula, constant or claim is from, e.g. `{ paper: "Nanda et al. 2023", at: "section 4.2", url }`. */
export interface Source {
  readonly paper: string;
  readonly at?: string;
  readonly url?: string;
}
