/** Words of a command that a person pastes into a shell. */

/**
 * `text` as one word of a POSIX shell, quoted only where it must be. Control characters, which a
 * terminal would act on, are written as escapes that bash, zsh and ksh read.
 */
export function shellQuote(text: string): string {
  if (/^[\w@%+=:,./-]+$/.test(text) && /^[\x20-\x7e]*$/.test(text)) return text;
  if (!/\p{C}|\p{Zl}|\p{Zp}/u.test(text)) return `'${text.replaceAll("'", String.raw`'\''`)}'`;
  const escaped = text
    .replaceAll(/[\\']/g, String.raw`\$&`)
    .replaceAll(/\p{C}|\p{Zl}|\p{Zp}/gu, (char) => {
      const code = (char.codePointAt(0) as number).toString(16);
      return code.length > 4 ? `\\U${code.padStart(8, "0")}` : `\\u${code.padStart(4, "0")}`;
    });
  return `$'${escaped}'`;
}
