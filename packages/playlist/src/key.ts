import type { Attributes } from './attribute-reader.js'
import { enumerated, maybeQuoted, quoted, quotedUri, tagLine } from './attributes.js'

/** EXT-X-KEY and EXT-X-SESSION-KEY (RFC 8216bis §4.4.4.4, §4.4.6.5): how segments are encrypted. */
export interface PlaylistKey {
  /** `NONE`, `AES-128`, `SAMPLE-AES`, `SAMPLE-AES-CTR`, or what others have. */
  readonly method: string
  readonly uri?: string | undefined
  /** The initialization vector, as `0x` and hexadecimal digits. */
  readonly iv?: string | undefined
  readonly keyFormat?: string | undefined
  readonly keyFormatVersions?: string | undefined
}

/** The EXT-X-KEY or EXT-X-SESSION-KEY tag with its line end. */
export function keyTag(name: 'EXT-X-KEY' | 'EXT-X-SESSION-KEY', key: PlaylistKey): string {
  return tagLine(name, [
    ['METHOD', enumerated(key.method)],
    ['URI', key.uri === undefined ? undefined : quotedUri(key.uri)],
    ['IV', key.iv === undefined ? undefined : enumerated(key.iv)],
    ['KEYFORMAT', maybeQuoted(key.keyFormat)],
    ['KEYFORMATVERSIONS', key.keyFormatVersions === undefined ? undefined : quoted(key.keyFormatVersions)],
  ])
}

/** Reads EXT-X-KEY or EXT-X-SESSION-KEY; `undefined` where it lacks what it needs. */
export function readKey(attributes: Attributes, add: (message: string) => void): PlaylistKey | undefined {
  const method = attributes.raw('METHOD')
  if (method === undefined || method === '') {
    add('A key needs METHOD: NONE, AES-128, SAMPLE-AES or SAMPLE-AES-CTR.')
    return undefined
  }
  const uri = method === 'NONE' ? undefined : attributes.needed('URI')
  if (method !== 'NONE' && uri === undefined) return undefined
  const iv = attributes.raw('IV')
  if (iv !== undefined && !/^0[xX][0-9A-Fa-f]{1,32}$/.test(iv)) add('IV must be 0x and up to 32 hexadecimal digits.')
  return {
    method,
    uri,
    iv,
    keyFormat: attributes.string('KEYFORMAT'),
    keyFormatVersions: attributes.string('KEYFORMATVERSIONS'),
  }
}
