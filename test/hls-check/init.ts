import { type Box, boxesIn, findBox, fourCc, viewOf } from './boxes.js'
import type { Findings } from './findings.js'

/** Default values of a track's samples, from `trex`. */
export interface SampleDefaults {
  readonly duration: number
  readonly size: number
  readonly flags: number
}

/** A track of an init segment, as far as the judge needs it. */
export interface InitTrack {
  readonly id: number
  readonly timescale: number
  readonly kind: 'video' | 'audio' | 'other'
  /** Type of the sample entry, as `avc1`. */
  readonly format: string
  readonly defaults: SampleDefaults
  /** Bytes of a NAL unit's length, for H.264 and HEVC. */
  readonly nalLengthSize: number | undefined
  /** What the configuration says in the terms of RFC 6381, where the judge can read it. */
  readonly codec: string | undefined
}

const SAMPLING_RATES = [96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350]
const KINDS: Readonly<Record<string, InitTrack['kind']>> = { vide: 'video', soun: 'audio' }

/** Reads an init segment and checks it (ISO/IEC 23000-19 §7.3.1). */
export function readInit(bytes: Uint8Array, label: string, findings: Findings): InitTrack[] {
  const top = boxesIn(bytes, 0, bytes.length, findings)
  const [ftyp, moov] = [top[0], top.find(box => box.type === 'moov')]
  if (!findings.expect(ftyp?.type === 'ftyp' && moov !== undefined, 'init is ftyp and moov', label)) return []
  if (ftyp === undefined || moov === undefined) return []
  const brands: string[] = []
  for (let at = ftyp.body; at + 4 <= ftyp.end; at += 4) if (at !== ftyp.body + 4) brands.push(fourCc(bytes, at))
  findings.expect(brands.includes('cmfc'), 'init has the brand cmfc', `${label}: ${brands}`)
  findings.expect(
    brands.some(brand => /^iso[6-9]$/.test(brand)),
    'init has a brand of iso6 or later',
    `${label}: ${brands}`,
  )
  const mvhd = findBox(bytes, [moov.body, moov.end], 'mvhd')
  const view = viewOf(bytes)
  if (mvhd !== undefined) {
    const duration = view.getUint8(mvhd.body) === 1 ? view.getBigUint64(mvhd.body + 24) : view.getUint32(mvhd.body + 16)
    findings.expect(Number(duration) === 0, 'moov says no duration', `${label}: ${duration}`)
  }
  const defaults = readDefaults(bytes, moov, findings)
  return boxesIn(bytes, moov.body, moov.end, findings)
    .filter(box => box.type === 'trak')
    .map(trak => readTrack(bytes, trak, defaults, label, findings))
}

function readDefaults(bytes: Uint8Array, moov: Box, findings: Findings): Map<number, SampleDefaults> {
  const view = viewOf(bytes)
  const mvex = findBox(bytes, [moov.body, moov.end], 'mvex')
  const boxes = mvex === undefined ? [] : boxesIn(bytes, mvex.body, mvex.end, findings)
  return new Map(
    boxes
      .filter(box => box.type === 'trex')
      .map(({ body }) => [
        view.getUint32(body + 4),
        {
          duration: view.getUint32(body + 12),
          size: view.getUint32(body + 16),
          flags: view.getUint32(body + 20),
        },
      ]),
  )
}

function readTrack(
  bytes: Uint8Array,
  trak: Box,
  allDefaults: ReadonlyMap<number, SampleDefaults>,
  label: string,
  findings: Findings,
): InitTrack {
  const view = viewOf(bytes)
  const range: readonly [number, number] = [trak.body, trak.end]
  const [tkhd, mdhd] = [findBox(bytes, range, 'tkhd'), findBox(bytes, range, 'mdia', 'mdhd')]
  const [hdlr, stsd] = [findBox(bytes, range, 'mdia', 'hdlr'), findBox(bytes, range, 'mdia', 'minf', 'stbl', 'stsd')]
  if (tkhd === undefined || mdhd === undefined || hdlr === undefined || stsd === undefined) {
    throw new Error(`${label}: a trak without tkhd, mdhd, hdlr or stsd`)
  }
  const id = view.getUint32(tkhd.body + (view.getUint8(tkhd.body) === 1 ? 20 : 12))
  const timescale = view.getUint32(mdhd.body + (view.getUint8(mdhd.body) === 1 ? 20 : 12))
  const kind = KINDS[fourCc(bytes, hdlr.body + 8)] ?? 'other'
  const defaults = allDefaults.get(id)
  findings.expect(defaults !== undefined, 'every track has trex', `${label}: track ${id}`)
  const edits = findBox(bytes, range, 'edts', 'elst')
  findings.expect(edits === undefined, 'init has no edit list', `${label}: track ${id}`)
  const entry = boxesIn(bytes, stsd.body + 8, stsd.end, findings)[0]
  if (entry === undefined) throw new Error(`${label}: an empty stsd`)
  const base = { id, timescale, kind, format: entry.type, defaults: defaults ?? { duration: 0, size: 0, flags: 0 } }
  if (kind === 'video') return { ...base, ...readVideoEntry(bytes, entry, label, findings) }
  return { ...base, nalLengthSize: undefined, codec: readAudioCodec(bytes, entry, label, findings) }
}

function readVideoEntry(
  bytes: Uint8Array,
  entry: Box,
  label: string,
  findings: Findings,
): Pick<InitTrack, 'nalLengthSize' | 'codec'> {
  const boxes = boxesIn(bytes, entry.body + 78, entry.end, findings)
  const config = boxes.find(box => ['avcC', 'hvcC', 'av1C', 'vpcC'].includes(box.type))
  findings.expect(config !== undefined, 'a video entry has its configuration', `${label}: ${entry.type}`)
  if (config?.type === 'avcC') {
    const levels = [1, 2, 3].map(i => (bytes[config.body + i] ?? 0).toString(16).padStart(2, '0')).join('')
    findings.expect(((bytes[config.body + 5] ?? 0) & 31) > 0, 'avcC has a sequence parameter set', label)
    return { nalLengthSize: ((bytes[config.body + 4] ?? 0) & 3) + 1, codec: `${entry.type}.${levels}` }
  }
  if (config?.type === 'hvcC') return { nalLengthSize: ((bytes[config.body + 21] ?? 0) & 3) + 1, codec: entry.type }
  return { nalLengthSize: undefined, codec: undefined }
}

/** The codec of an `mp4a` entry by its AudioSpecificConfig, which must agree with the entry (ISO/IEC 14496-3 §1.6.2.1). */
function readAudioCodec(bytes: Uint8Array, entry: Box, label: string, findings: Findings): string | undefined {
  if (entry.type !== 'mp4a') return undefined
  const view = viewOf(bytes)
  const channels = view.getUint16(entry.body + 16)
  const rate = view.getUint16(entry.body + 24)
  const esds = boxesIn(bytes, entry.body + 28, entry.end, findings).find(box => box.type === 'esds')
  if (!findings.expect(esds !== undefined, 'mp4a has esds', label) || esds === undefined) return undefined
  const config = decoderSpecificInfo(bytes.subarray(esds.body + 4, esds.end))
  if (config.length < 2) return 'mp4a' // MP3: no DecoderSpecificInfo
  const bits = viewOf(config).getUint16(0)
  const [objectType, rateIndex, layout] = [bits >> 11, (bits >> 7) & 15, (bits >> 3) & 15]
  if (objectType === 2) {
    findings.expect(SAMPLING_RATES[rateIndex] === rate, 'esds and entry agree on the rate', `${label}: ${rate}`)
  }
  findings.expect(layout === channels || layout === 0 || layout === 7, 'esds and entry agree on channels', label)
  return `mp4a.40.${objectType}`
}

/** The payload of the DecoderSpecificInfo (tag 5) inside the descriptors of an `esds`; empty where there is none. */
function decoderSpecificInfo(bytes: Uint8Array): Uint8Array {
  let at = 0
  const header = (): { tag: number; size: number } => {
    const tag = bytes[at++] ?? 0
    let size = 0
    for (let more = true; more; ) {
      const byte = bytes[at++] ?? 0
      size = size * 128 + (byte & 127)
      more = byte >= 128
    }
    return { tag, size }
  }
  while (at < bytes.length) {
    const { tag, size } = header()
    if (tag === 3) at += 3
    else if (tag === 4) at += 13
    else if (tag === 5) return bytes.subarray(at, at + size)
    else at += size
  }
  return bytes.subarray(0, 0)
}
