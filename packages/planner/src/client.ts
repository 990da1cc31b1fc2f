import { type AudioCodec, CuemuxError, type VideoCodec } from '@cuemux/core'

/** The clients that are known by name. */
export type ClientName = 'browser' | 'safari' | 'chromecast' | 'native'

/** What a client plays without encoding. Plain data, so that it can be part of a cache's key. */
export interface ClientProfile {
  /** Its name, or `listed` for a capability list. */
  readonly name: ClientName | 'listed'
  /** Who it is, as in "plays in every browser". */
  readonly label: string
  /** Who it is, as in "does not play in this browser". */
  readonly negativeLabel: string
  /** Codecs that it plays; empty for a capability list. */
  readonly codecs: readonly (VideoCodec | AudioCodec)[]
  /** Any bit depth and chroma format, and any AAC object type; else what the hardware decoders of its kind play. */
  readonly playsAnyProfile: boolean
  /** RFC 6381 strings or their beginnings up to a dot; only for a capability list. */
  readonly capabilities: readonly string[] | undefined
}

const BASE = ['h264', 'aac', 'mp3', 'opus', 'flac'] as const

function preset(
  name: ClientName,
  label: string,
  negativeLabel: string,
  codecs: readonly (VideoCodec | AudioCodec)[],
  playsAnyProfile = false,
): ClientProfile {
  return { name, label, negativeLabel, codecs, playsAnyProfile, capabilities: undefined }
}

const PRESETS: Readonly<Record<ClientName, ClientProfile>> = {
  browser: preset('browser', 'every browser', 'this browser', BASE),
  safari: preset('safari', 'Safari', 'Safari', [...BASE, 'hevc', 'ac3', 'eac3', 'alac']),
  chromecast: preset('chromecast', 'Chromecast', 'Chromecast', BASE),
  native: preset(
    'native',
    'native players',
    'fragmented MP4',
    [...BASE, 'hevc', 'av1', 'vp9', 'vp8', 'ac3', 'eac3', 'alac', 'pcm'],
    true,
  ),
}

const MAX_CAPABILITIES = 256
const MAX_CAPABILITY_LENGTH = 64
// RFC 6381 §3.3: the sample entry's four characters, then dotted parts. `mp3` is one that browsers use beside it.
const CAPABILITY = /^[A-Za-z0-9-]{3,4}(\.[A-Za-z0-9-]+)*$/

/**
 * The profile of a client: a preset by name (`browser`, `safari`, `chromecast`, `native`; nothing means `browser`), or a
 * list of RFC 6381 strings that the client plays. An entry covers every string that it is, or of which it is the
 * beginning up to a dot: `mp4a.40` covers `mp4a.40.2`. `avc1` and `avc3` alone stand for 8-bit 4:2:0.
 *
 * @throws CuemuxError `BAD_REQUEST` for an unknown name or a list with an entry that is no codec string
 */
export function resolveClient(client?: string | readonly string[]): ClientProfile {
  if (client === undefined) return PRESETS.browser
  if (typeof client === 'string') {
    if (isClientName(client)) return PRESETS[client]
    throw badClient(`client "${client.slice(0, MAX_CAPABILITY_LENGTH)}" is not known`)
  }
  if (!Array.isArray(client)) throw badClient('client is neither a name nor a list')
  if (client.length === 0) throw badClient('the list of what the client plays is empty')
  if (client.length > MAX_CAPABILITIES) throw badClient(`the list has more than ${MAX_CAPABILITIES} entries`)
  for (const entry of client) {
    if (typeof entry !== 'string' || entry.length > MAX_CAPABILITY_LENGTH || !CAPABILITY.test(entry)) {
      throw badClient(`"${String(entry).slice(0, MAX_CAPABILITY_LENGTH)}" is no RFC 6381 codec string`)
    }
  }
  return {
    name: 'listed',
    label: 'this player',
    negativeLabel: 'this player',
    codecs: [],
    playsAnyProfile: false,
    capabilities: [...client],
  }
}

function isClientName(name: string): name is ClientName {
  return Object.hasOwn(PRESETS, name)
}

function badClient(what: string): CuemuxError {
  const names = Object.keys(PRESETS).join(', ')
  return new CuemuxError('BAD_REQUEST', `${what}; allowed are ${names}, or a list such as ["avc1", "mp4a.40.2"].`)
}

/**
 * Whether an entry of a capability list covers a codec string: by prefix at a dot; the letters' case counts only
 * where it tells codecs apart, which it doesn't for Opus and FLAC.
 */
export function coversCodec(capability: string, codecString: string): boolean {
  const wanted = foldCase(codecString)
  const given = foldCase(capability)
  return wanted === given || wanted.startsWith(`${given}.`)
}

function foldCase(codec: string): string {
  const lower = codec.toLowerCase()
  return lower === 'opus' || lower === 'flac' ? lower : codec
}
