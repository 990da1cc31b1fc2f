import {
  type AudioCodec,
  type Colour,
  colourPoint,
  type HdrMetadata,
  type TextCodec,
  type VideoCodec,
} from '@cuemux/core'
import { type BoxPlace, boxAt, boxByPath, childBoxes, firstOf, fourcc, payload, u16, u32 } from './boxes.js'
import { audioCodecOf, readEsds, videoCodecOf } from './esds.js'
import { isIsoDepth, isoPcm, quickTimePcm } from './quicktime-pcm.js'

/** The fixed part of a sample entry, and the boxes behind it (those of QuickTime's `wave` among them). */
export interface EntryFields {
  readonly kind: 'video' | 'audio' | 'text' | 'other'
  readonly boxes: readonly BoxPlace[]
  /** Video: pixels. */
  readonly width: number
  readonly height: number
  /** Audio. */
  readonly channels: number
  readonly sampleRate: number
  readonly sampleBits: number
  /** `formatSpecificFlags` of QuickTime's version 2; 0 in others. */
  readonly formatFlags: number
}

const NOTHING = { boxes: [], width: 0, height: 0, channels: 0, sampleRate: 0, sampleBits: 0, formatFlags: 0 }

const TEXT_HANDLERS = new Set(['text', 'sbtl', 'subt', 'clcp'])

/** What a handler's tracks are. */
export function kindOf(handler: string): EntryFields['kind'] {
  if (handler === 'vide') return 'video'
  if (handler === 'soun') return 'audio'
  return TEXT_HANDLERS.has(handler) ? 'text' : 'other'
}

/** Whether a box lies there, rather than bytes that happen to be read as one. */
function isBoxAt(bytes: Uint8Array, at: number, end: number): boolean {
  return at === end || (boxAt(bytes, at, end) !== undefined && /^[\w ©.-]{4}$/.test(fourcc(bytes, at + 4)))
}

/** A sound entry: ISO's (§12.2.3), or QuickTime's version 1 or 2 with its further fields. */
function soundFields(bytes: Uint8Array, entry: BoxPlace): EntryFields {
  const at = entry.body
  if (entry.end - at < 28) return { ...NOTHING, kind: 'audio' }
  const version = u16(bytes, at + 8)
  let boxesAt = at + 28
  let channels = u16(bytes, at + 16)
  let sampleBits = u16(bytes, at + 18)
  let sampleRate = u32(bytes, at + 24) / 65536
  let formatFlags = 0
  if (version === 1 && !isBoxAt(bytes, boxesAt, entry.end)) boxesAt += 16
  if (version === 2 && entry.end - boxesAt >= 36) {
    sampleRate = new DataView(bytes.buffer, bytes.byteOffset).getFloat64(boxesAt + 4)
    channels = u32(bytes, boxesAt + 12)
    sampleBits = u32(bytes, boxesAt + 20)
    formatFlags = u32(bytes, boxesAt + 24)
    boxesAt += 36
  }
  const boxes = childBoxes(bytes, Math.min(boxesAt, entry.end), entry.end)
  const wave = firstOf(boxes, 'wave')
  if (wave !== undefined) boxes.push(...childBoxes(bytes, wave.body, wave.end))
  return {
    ...NOTHING,
    kind: 'audio',
    boxes,
    channels: Math.min(channels, 255),
    sampleRate: Number.isFinite(sampleRate) ? Math.round(sampleRate) : 0,
    sampleBits: Math.min(sampleBits, 64),
    formatFlags,
  }
}

/** Reads a sample entry's fixed part and finds the boxes behind it. */
export function entryFields(bytes: Uint8Array, entry: BoxPlace, handler: string): EntryFields {
  const kind = kindOf(handler)
  if (kind === 'audio') return soundFields(bytes, entry)
  if (kind !== 'video' || entry.end - entry.body < 78) return { ...NOTHING, kind }
  return {
    ...NOTHING,
    kind,
    width: u16(bytes, entry.body + 24),
    height: u16(bytes, entry.body + 26),
    boxes: childBoxes(bytes, entry.body + 78, entry.end),
  }
}

/** The four characters of an entry as it would be without encryption, and whether it is encrypted. */
export function entryFormat(
  bytes: Uint8Array,
  entry: BoxPlace,
  fields: EntryFields,
): { readonly format: string; readonly isEncrypted: boolean } {
  if (entry.type !== 'encv' && entry.type !== 'enca' && entry.type !== 'enct') {
    return { format: entry.type, isEncrypted: entry.type === 'drmi' || entry.type === 'drms' }
  }
  const original = boxByPath(bytes, fields.boxes, 'sinf', 'frma')
  const isWhole = original !== undefined && original.end - original.body >= 4
  return { format: isWhole ? fourcc(bytes, original.body) : entry.type, isEncrypted: true }
}

/** The mean bit rate that the entry states, in `btrt` (§8.5.2.2) or `esds`, bits/s; 0 where it doesn't. */
export function statedBitrate(bytes: Uint8Array, fields: EntryFields): number {
  const btrt = firstOf(fields.boxes, 'btrt')
  if (btrt !== undefined && btrt.end - btrt.body >= 12) return u32(bytes, btrt.body + 8)
  return readEsds(configOf(bytes, fields.boxes, 'esds'))?.averageBitrate ?? 0
}

/** A codec with its configuration, as core's `SampleDescription.config` wants it. */
interface EntryCodec<Codec> {
  readonly codec: Codec
  readonly config: Uint8Array
  /** The entry by which ISO files have it, where that is another one; `undefined` in it where they don't. */
  readonly isoEntry?: { readonly type: string | undefined }
}

/** Video entries with the box of their configuration. */
const VIDEO_FORMATS: ReadonlyMap<string, readonly [VideoCodec, string]> = new Map([
  ['avc1', ['h264', 'avcC']],
  ['avc2', ['h264', 'avcC']],
  ['avc3', ['h264', 'avcC']],
  ['avc4', ['h264', 'avcC']],
  ['dva1', ['h264', 'avcC']],
  ['dvav', ['h264', 'avcC']],
  ['hvc1', ['hevc', 'hvcC']],
  ['hev1', ['hevc', 'hvcC']],
  ['dvh1', ['hevc', 'hvcC']],
  ['dvhe', ['hevc', 'hvcC']],
  ['av01', ['av1', 'av1C']],
  ['dav1', ['av1', 'av1C']],
  ['vp09', ['vp9', 'vpcC']],
  ['vp08', ['vp8', 'vpcC']],
  ['m1v ', ['mpeg1', '']],
  ['m2v1', ['mpeg2', '']],
] as const)

/** Sound entries with the box of their configuration. */
const AUDIO_FORMATS: ReadonlyMap<string, readonly [AudioCodec, string]> = new Map([
  ['Opus', ['opus', 'dOps']],
  ['fLaC', ['flac', 'dfLa']],
  ['ac-3', ['ac3', 'dac3']],
  ['ec-3', ['eac3', 'dec3']],
  ['alac', ['alac', 'alac']],
  ['mlpa', ['truehd', 'dmlp']],
  ['.mp3', ['mp3', '']],
  ['ms\0U', ['mp3', '']],
  ['.mp2', ['mp2', '']],
  ['dtsc', ['dts', 'ddts']],
  ['dtsh', ['dts', 'ddts']],
  ['dtsl', ['dts', 'ddts']],
  ['dtse', ['dts', 'ddts']],
  ['dtsx', ['dts', 'udts']],
  ['ipcm', ['pcm', 'pcmC']],
  ['fpcm', ['pcm', 'pcmC']],
])

const EMPTY = new Uint8Array(0)

function configOf(bytes: Uint8Array, boxes: readonly BoxPlace[], type: string): Uint8Array {
  const found = type === '' ? undefined : firstOf(boxes, type)
  return found === undefined ? EMPTY : payload(bytes, found)
}

/** The video codec of an entry. */
export function videoEntry(bytes: Uint8Array, format: string, fields: EntryFields): EntryCodec<VideoCodec> {
  const known = VIDEO_FORMATS.get(format)
  if (known !== undefined) {
    return { codec: known[0], config: configOf(bytes, fields.boxes, known[1]) }
  }
  const esds = format === 'mp4v' ? readEsds(configOf(bytes, fields.boxes, 'esds')) : undefined
  return esds === undefined
    ? { codec: 'unknown', config: EMPTY }
    : { codec: videoCodecOf(esds.objectType), config: esds.config }
}

/** The audio codec of an entry. */
export function audioEntry(bytes: Uint8Array, format: string, fields: EntryFields): EntryCodec<AudioCodec> {
  const known = AUDIO_FORMATS.get(format)
  if (known !== undefined) return { codec: known[0], config: configOf(bytes, fields.boxes, known[1]) }
  const pcm = quickTimePcm(bytes, format, fields)
  if (pcm !== undefined) {
    const { config, sampleEntry } = isoPcm(pcm)
    return { codec: 'pcm', config, isoEntry: { type: isIsoDepth(pcm) ? sampleEntry : undefined } }
  }
  const esds = format === 'mp4a' ? readEsds(configOf(bytes, fields.boxes, 'esds')) : undefined
  if (esds === undefined) return { codec: 'unknown', config: EMPTY }
  const codec = audioCodecOf(esds.objectType)
  return { codec, config: codec === 'aac' ? esds.config : EMPTY }
}

/** The subtitle codec of an entry. */
export function textCodec(format: string): TextCodec {
  if (format === 'tx3g' || format === 'text') return 'tx3g'
  if (format === 'c608') return 'c608'
  return format === 'wvtt' ? 'webvtt' : 'unknown'
}

/**
 * What a subtitle codec needs beside its samples: of tx3g the entry's own fields from `displayFlags` on (3GPP TS 26.245
 * §5.16), of WebVTT the header in `vttC`.
 */
export function textConfig(bytes: Uint8Array, entry: BoxPlace, codec: TextCodec): Uint8Array {
  // Behind the size and type: six reserved bytes and the data reference's number.
  const fields = entry.body + 8
  if (fields > entry.end) return EMPTY
  if (codec === 'tx3g') return bytes.slice(fields, entry.end)
  const vttC = codec === 'webvtt' ? firstOf(childBoxes(bytes, fields, entry.end), 'vttC') : undefined
  return vttC === undefined ? EMPTY : payload(bytes, vttC).slice()
}

/** `colr` by code points (§12.1.5); QuickTime's `nclc` has no range flag. */
export function readColour(bytes: Uint8Array, fields: EntryFields): Colour | undefined {
  for (const colr of fields.boxes.filter(child => child.type === 'colr')) {
    const at = colr.body
    const type = colr.end - at >= 10 ? fourcc(bytes, at) : ''
    if (type !== 'nclx' && type !== 'nclc') continue
    return {
      primaries: colourPoint(u16(bytes, at + 4)),
      transfer: colourPoint(u16(bytes, at + 6)),
      matrix: colourPoint(u16(bytes, at + 8)),
      fullRange: type === 'nclx' && colr.end - at >= 11 && bytes[at + 10]! >= 128,
    }
  }
  return undefined
}

/** `pasp` (§12.1.4); `undefined` where it is missing or says nothing. */
export function readPixelAspect(bytes: Uint8Array, fields: EntryFields): readonly [number, number] | undefined {
  const pasp = firstOf(fields.boxes, 'pasp')
  if (pasp === undefined || pasp.end - pasp.body < 8) return undefined
  const width = u32(bytes, pasp.body)
  const height = u32(bytes, pasp.body + 4)
  return width > 0 && height > 0 ? [width, height] : undefined
}

/** `clap` (§12.1.4), its payload; `undefined` where it is missing or too short. */
export function readCleanAperture(bytes: Uint8Array, fields: EntryFields): Uint8Array | undefined {
  const clap = firstOf(fields.boxes, 'clap')
  return clap === undefined || clap.end - clap.body < 32 ? undefined : bytes.slice(clap.body, clap.body + 32)
}

/** Mastering display, light level and Dolby Vision records. */
export function readHdr(bytes: Uint8Array, fields: EntryFields): HdrMetadata {
  const { boxes } = fields
  const dolby = boxes.find(child => child.type === 'dvcC' || child.type === 'dvvC' || child.type === 'dvwC')
  return {
    ...masteringDisplay(bytes, boxes),
    ...(dolby !== undefined && dolby.end - dolby.body >= 4
      ? { dolbyVision: { box: dolby.type as 'dvcC' | 'dvvC' | 'dvwC', payload: payload(bytes, dolby) } }
      : {}),
  }
}

/** `mdcv` and `clli` as they are; VP9's `SmDm` and `CoLL` put into their form. */
function masteringDisplay(bytes: Uint8Array, boxes: readonly BoxPlace[]): Pick<HdrMetadata, 'mdcv' | 'clli'> {
  const take = (type: string, skip: number, length: number): Uint8Array | undefined => {
    const found = firstOf(boxes, type)
    if (found === undefined || found.end - found.body < skip + length) return undefined
    return bytes.subarray(found.body + skip, found.body + skip + length)
  }
  const smdm = take('SmDm', 4, 24)
  const mdcv = take('mdcv', 0, 24) ?? (smdm === undefined ? undefined : mdcvOfSmdm(smdm))
  const clli = take('clli', 0, 4) ?? take('CoLL', 4, 4)
  return { ...(mdcv === undefined ? {} : { mdcv }), ...(clli === undefined ? {} : { clli }) }
}

/**
 * `SmDm` (VP codec binding): R, G, B, white in 0.16 fixed point, luminances in 24.8 and 18.14. `mdcv` wants G, B, R,
 * white in 0.00002 and luminances in 0.0001 cd/m².
 */
function mdcvOfSmdm(smdm: Uint8Array): Uint8Array {
  const mdcv = new Uint8Array(24)
  const view = new DataView(mdcv.buffer)
  const order = [4, 8, 0, 12]
  order.forEach((from, i) => {
    view.setUint16(i * 4, Math.round((u16(smdm, from) / 65536) * 50000))
    view.setUint16(i * 4 + 2, Math.round((u16(smdm, from + 2) / 65536) * 50000))
  })
  view.setUint32(16, Math.round((u32(smdm, 16) / 256) * 10000))
  view.setUint32(20, Math.round((u32(smdm, 20) / 16384) * 10000))
  return mdcv
}
