/** Skip trigrams: three heads of width one learn a table of ten pairs, amid noise. */

export { skipTrigram } from "./article.ts";
