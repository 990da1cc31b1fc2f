/** Text as it came out, and what it was taken for. */
export interface DecodedText {
  readonly text: string
  /** The label of the encoding (WHATWG Encoding Standard). */
  readonly encoding: string
}

/** Encodings that subtitles of a language were written in before UTF-8, by primary language subtag. */
const LEGACY: Readonly<Record<string, string>> = {
  ...byLanguages('windows-1251', 'ru uk bg be sr mk kk ky mn tg tt'),
  ...byLanguages('windows-1253', 'el'),
  ...byLanguages('windows-1254', 'tr az'),
  ...byLanguages('windows-1255', 'he iw yi'),
  ...byLanguages('windows-1256', 'ar fa ur ps'),
  ...byLanguages('windows-1257', 'lt lv et'),
  ...byLanguages('windows-1250', 'pl cs sk hu sl hr bs ro sq'),
  ...byLanguages('windows-1258', 'vi'),
  ...byLanguages('windows-874', 'th'),
  ...byLanguages('shift_jis', 'ja'),
  ...byLanguages('gbk', 'zh'),
  ...byLanguages('big5', 'zh-tw zh-hk zh-mo zh-hant'),
  ...byLanguages('euc-kr', 'ko'),
}

function byLanguages(encoding: string, languages: string): Record<string, string> {
  return Object.fromEntries(languages.split(' ').map(language => [language, encoding]))
}

/**
 * Bytes as text, whatever wrote them. In this order: a byte order mark (UTF-8, UTF-16 either way) decides; bytes that
 * are valid UTF-8 are UTF-8, because text in another encoding practically never is; else the encoding that the language
 * was written in before UTF-8 (Windows-1251 for Russian, Shift_JIS for Japanese …); else Windows-1252, in which every
 * byte means something. Statistics are not used: a cue of three words is too short for them, and a wrong guess is worse
 * than a stable one. A caller who knows the encoding gives it as `encoding`. Never throws: what can't be decoded is
 * U+FFFD.
 *
 * @param bytes a whole text
 * @param options what is known beside the bytes
 */
export function decodeText(bytes: Uint8Array, options: DecodeTextOptions = {}): DecodedText {
  const mark = markOf(bytes)
  if (mark !== undefined) return { text: decodeAs(mark, bytes), encoding: mark }
  try {
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(bytes), encoding: 'utf-8' }
  } catch {
    const encoding = supported(options.encoding) ?? supported(legacyEncoding(options.language)) ?? 'windows-1252'
    return { text: decodeAs(encoding, bytes), encoding }
  }
}

/** What is known about a text's encoding. */
export interface DecodeTextOptions {
  /** BCP 47 tag of the text's language. */
  readonly language?: string | undefined
  /** Label of the encoding to use where the bytes are not UTF-8. */
  readonly encoding?: string | undefined
}

/** The encoding that a byte order mark tells. */
function markOf(bytes: Uint8Array): string | undefined {
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) return 'utf-8'
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le'
  return bytes[0] === 0xfe && bytes[1] === 0xff ? 'utf-16be' : undefined
}

function decodeAs(encoding: string, bytes: Uint8Array): string {
  const text = new TextDecoder(encoding).decode(bytes)
  if (encoding !== 'windows-1252') return text
  // Node from 20.18.3 to 24, and others, decode it as Latin 1 (nodejs/node issue 56542).
  return text.replace(/[\u0080-\u009f]/g, character => WINDOWS_1252[character.charCodeAt(0) - 0x80] ?? character)
}

/** 0x80 to 0x9f of Windows-1252; a control character where it has none. */
const WINDOWS_1252: readonly string[] = [...'€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ']

function legacyEncoding(language: string | undefined): string | undefined {
  const tag = language?.toLowerCase() ?? ''
  const parts = tag.split('-')
  for (let count = Math.min(parts.length, 3); count > 0; count--) {
    const encoding = Object.hasOwn(LEGACY, parts.slice(0, count).join('-'))
    if (encoding) return LEGACY[parts.slice(0, count).join('-')]
  }
  return undefined
}

/** An encoding that this engine decodes; builds of Node without full ICU have few. */
function supported(encoding: string | undefined): string | undefined {
  if (encoding === undefined) return undefined
  try {
    return new TextDecoder(encoding).encoding
  } catch {
    return undefined
  }
}
