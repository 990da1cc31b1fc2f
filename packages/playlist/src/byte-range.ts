import type { Attributes } from './attribute-reader.js'
import { integer, quotedUri, tagLine } from './attributes.js'

/** A part of a resource. */
export interface ByteRange {
  readonly lengthBytes: number
  readonly offsetBytes: number
}

/** EXT-X-MAP (RFC 8216bis §4.4.4.5): the init segment. */
export interface InitMap {
  readonly uri: string
  readonly byteRange?: ByteRange | undefined
}

/** `length@offset`, as EXT-X-BYTERANGE (§4.4.4.2) has it. */
export function rangeText({ lengthBytes, offsetBytes }: ByteRange): string {
  return `${integer(lengthBytes)}@${integer(offsetBytes)}`
}

/** The EXT-X-MAP tag with its line end. */
export function mapTag({ uri, byteRange }: InitMap): string {
  return tagLine('EXT-X-MAP', [
    ['URI', quotedUri(uri)],
    ['BYTERANGE', byteRange && `"${rangeText(byteRange)}"`],
  ])
}

/** Reads `length[@offset]`; `undefined` where it is neither. */
export function readRange(text: string): { lengthBytes: number; offsetBytes: number | undefined } | undefined {
  const match = /^(\d{1,16})(?:@(\d{1,16}))?$/.exec(text)
  if (match === null) return undefined
  const lengthBytes = Number(match[1])
  const offsetBytes = match[2] === undefined ? undefined : Number(match[2])
  return Number.isSafeInteger(lengthBytes + (offsetBytes ?? 0)) ? { lengthBytes, offsetBytes } : undefined
}

/** Where the byte ranges of one kind of resource (segments, parts) end that have been read so far. */
export class RangeEnds {
  #uri: string | undefined
  #endBytes = 0

  /**
   * The range in full: without an offset it begins where the one before it, of the same resource, ended (§4.4.4.2).
   *
   * @param miss told where that is not known
   */
  complete(uri: string, range: { lengthBytes: number; offsetBytes: number | undefined }, miss: () => void): ByteRange {
    if (range.offsetBytes === undefined && this.#uri !== uri) miss()
    const offsetBytes = range.offsetBytes ?? (this.#uri === uri ? this.#endBytes : 0)
    this.#uri = uri
    this.#endBytes = offsetBytes + range.lengthBytes
    return { lengthBytes: range.lengthBytes, offsetBytes }
  }

  /** Takes note of a whole resource, behind which no range goes on. */
  reset(): void {
    this.#uri = undefined
  }
}

/** Reads EXT-X-MAP; `undefined` without a URI. */
export function readMap(attributes: Attributes, add: (message: string) => void): InitMap | undefined {
  const uri = attributes.needed('URI')
  if (uri === undefined) return undefined
  const text = attributes.string('BYTERANGE')
  if (text === undefined) return { uri }
  const range = readRange(text)
  if (range === undefined) add('EXT-X-MAP: BYTERANGE must be LENGTH@OFFSET.')
  return range === undefined
    ? { uri }
    : { uri, byteRange: { lengthBytes: range.lengthBytes, offsetBytes: range.offsetBytes ?? 0 } }
}
