// RFC 8216bis §4.2: attribute lists, written.

/** Line ends, which a quoted string can't hold; other controls have no place in it either. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
const CONTROLS = /[\u0000-\u001f\u007f\u0085\u2028\u2029]+/g

/** A quoted-string; what would end it or the line becomes an apostrophe or a space. */
export function quoted(value: string): string {
  return `"${withoutControls(value).replaceAll('"', "'")}"`
}

/** The text on one line: a blank for each run of controls. */
export function withoutControls(text: string): string {
  return text.replace(CONTROLS, ' ')
}

/** A quoted-string, where there is a value. */
export function maybeQuoted(value: string | undefined): string | undefined {
  return value === undefined ? undefined : quoted(value)
}

/** A quoted-string of values with commas between, where there are any. */
export function quotedList(values: readonly string[] | undefined): string | undefined {
  return values?.length ? quoted(values.join(',')) : undefined
}

/** An enumerated-string; what it can't hold is left out. */
export function enumerated(value: string): string {
  return value.replace(/[^A-Za-z0-9_.-]/g, '')
}

/** A decimal-integer; at least 0. */
export function integer(value: number): string {
  return String(Math.max(0, Math.round(value)))
}

/** A decimal-integer, where there is a value. */
export function maybeInteger(value: number | undefined): string | undefined {
  return value === undefined ? undefined : integer(value)
}

/** A decimal-floating-point of seconds from µs: six decimals at most, which the nearest double prints as just that. */
export function seconds(durationUs: number): string {
  return String(Math.max(0, Math.round(durationUs)) / 1e6)
}

/** Seconds, where there is a value. */
export function maybeSeconds(durationUs: number | undefined): string | undefined {
  return durationUs === undefined ? undefined : seconds(durationUs)
}

/** A decimal-resolution. */
export function resolutionText(size: { readonly width: number; readonly height: number }): string {
  return `${integer(size.width)}x${integer(size.height)}`
}

/** `NAME=value` of what is there, separated by commas. */
export function attributeList(attributes: readonly (readonly [name: string, value: string | undefined])[]): string {
  let line = ''
  for (const [name, value] of attributes) {
    if (value !== undefined) line += `${line === '' ? '' : ','}${name}=${value}`
  }
  return line
}

/** A tag that has attributes, with its line end. */
export function tagLine(name: string, attributes: Parameters<typeof attributeList>[0]): string {
  return `#${name}:${attributeList(attributes)}\n`
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is encoded
const UNPRINTABLE_IN_URI = /[\s\u0000-\u001f\u007f\u0085]+/g
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is encoded
const UNQUOTABLE_IN_URI = /["\s\u0000-\u001f\u007f\u0085]+/g

/** A URI as a quoted-string: what can't stand in one is percent-encoded, so that it still names the same. */
export function quotedUri(uri: string): string {
  return quoted(uri.replace(UNQUOTABLE_IN_URI, run => encodeURIComponent(run)))
}

/** A URI on a line of its own: line ends can't break out, and it can't begin a tag. */
export function uriLine(uri: string): string {
  // hot: most have nothing to encode, and a search that finds nothing costs less than a replacement
  const line =
    uri.search(UNPRINTABLE_IN_URI) < 0 ? uri : uri.replace(UNPRINTABLE_IN_URI, run => encodeURIComponent(run))
  return line.startsWith('#') ? `%23${line.slice(1)}` : line
}
