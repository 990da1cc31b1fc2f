// RFC 8216bis §4.2: attribute lists.

/** Characters that a quoted string can't hold: line ends and the quote; controls have no place in it either. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
const UNQUOTABLE = /["\u0000-\u001f\u007f\u0085\u2028\u2029]+/g

/** A quoted-string; what would end it or the line becomes an apostrophe or a space. */
export function quoted(value: string): string {
  return `"${value.replace(UNQUOTABLE, run => (run === '"' ? "'" : ' '))}"`
}

/** An enumerated-string; what it can't hold is left out. */
export function enumerated(value: string): string {
  return value.replace(/[^A-Za-z0-9_.-]/g, '')
}

/** A decimal-integer; at least 0. */
export function integer(value: number): string {
  return String(Math.max(0, Math.round(value)))
}

/** `NAME=value` of what is there, separated by commas. */
export function attributeList(attributes: readonly (readonly [name: string, value: string | undefined])[]): string {
  let line = ''
  for (const [name, value] of attributes) {
    if (value !== undefined) line += `${line === '' ? '' : ','}${name}=${value}`
  }
  return line
}

/** A URI as a quoted-string: what can't stand in one is percent-encoded, so that it still names the same. */
export function quotedUri(uri: string): string {
  return quoted(uri.replace(/["\s]+/g, run => encodeURIComponent(run)))
}

/** A URI on a line of its own: line ends can't break out, and it can't begin a tag. */
export function uriLine(uri: string): string {
  const line = uri.replace(/\s+/g, run => encodeURIComponent(run))
  return line.startsWith('#') ? `%23${line.slice(1)}` : line
}
