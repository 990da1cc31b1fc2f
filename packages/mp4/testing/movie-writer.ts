import type { ByteSource } from '@cuemux/core'

/** Big-endian 32-bit words. */
export function words(...values: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(values.length * 4)
  const view = new DataView(bytes.buffer)
  values.forEach((value, i) => {
    view.setUint32(i * 4, value >>> 0)
  })
  return bytes
}

/** Bytes of a string, one per character. */
export function ascii(text: string): Uint8Array {
  return Uint8Array.from(text, character => character.charCodeAt(0))
}

/** Byte arrays after one another. */
export function join(...parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}

/** A box with a 32-bit size. */
export function box(type: string, ...parts: readonly Uint8Array[]): Uint8Array {
  const body = join(...parts)
  return join(words(body.length + 8), ascii(type), body)
}

/** A FullBox. */
export function fullBox(type: string, version: number, flags: number, ...parts: readonly Uint8Array[]): Uint8Array {
  return box(type, words((version << 24) | flags), ...parts)
}

/** A track to be written: its tables as they shall stand in the file. */
export interface TrackSpec {
  readonly kind: 'video' | 'audio' | 'text'
  readonly timescale: number
  /** Pairs of count and duration. */
  readonly stts: readonly (readonly [number, number])[]
  /** Pairs of count and offset. */
  readonly ctts?: readonly (readonly [number, number])[]
  readonly cttsVersion?: 0 | 1
  /** Size of each sample. */
  readonly sizes: readonly number[]
  /** Write `stz2` with so many bits. */
  readonly stz2?: 4 | 8 | 16
  /** Write a constant `stsz`. */
  readonly constantSize?: boolean
  /** Samples of each chunk, and the description (from 1) that they have. */
  readonly chunks: readonly (readonly [number, number])[]
  /** Sync samples from 1. */
  readonly stss?: readonly number[]
  /** Duration in the movie's timescale, media time. */
  readonly edits?: readonly (readonly [number, number])[]
  readonly co64?: boolean
  /** Sample entries; one of the kind's own when left out. */
  readonly entries?: readonly Uint8Array[]
  readonly language?: string
  readonly name?: string
  readonly isDisabled?: boolean
  readonly matrix?: readonly number[]
  /** Further boxes of `trak`. */
  readonly extra?: readonly Uint8Array[]
}

/** A film to be written. */
export interface MovieSpec {
  readonly tracks: readonly TrackSpec[]
  readonly timescale?: number
  readonly brand?: string
  readonly moovFirst?: boolean
  readonly largeMdat?: boolean
  /** Boxes between `ftyp` and the rest. */
  readonly before?: readonly Uint8Array[]
  /** Further boxes of `moov`. */
  readonly extra?: readonly Uint8Array[]
}

const AVCC = Uint8Array.from(
  '0164000affe1001967640 00aacd94141fb011000000300100000030300f1226a9801000668ebe3cb22c0'
    .replaceAll(' ', '')
    .match(/../g) ?? [],
  byte => Number.parseInt(byte, 16),
)

/** An `avc1` entry, 64 × 36. */
export function avc1(...extra: readonly Uint8Array[]): Uint8Array {
  const fixed = new Uint8Array(78)
  fixed[7] = 1
  fixed.set([0, 64, 0, 36], 24)
  return box('avc1', fixed, box('avcC', AVCC), ...extra)
}

/** An `esds` of AAC LC, 48 kHz, stereo. */
export function esds(objectType = 0x40): Uint8Array {
  const specific = Uint8Array.of(5, 2, 0x11, 0x90)
  const config = join(Uint8Array.of(4, 13 + specific.length, objectType, 0x15, 0, 0, 0), words(0, 128000), specific)
  return fullBox('esds', 0, 0, Uint8Array.of(3, 3 + config.length, 0, 1, 0), config)
}

/** A sound entry of any type: stereo, 16 bits, 48 kHz. */
export function soundEntry(type: string, ...boxes: readonly Uint8Array[]): Uint8Array {
  const fixed = new Uint8Array(28)
  fixed[7] = 1
  fixed.set([0, 2, 0, 16], 16)
  fixed.set([0xbb, 0x80], 24)
  return box(type, fixed, ...boxes)
}

function defaultEntry(kind: TrackSpec['kind']): Uint8Array {
  if (kind === 'video') return avc1()
  return kind === 'audio' ? soundEntry('mp4a', esds()) : box('wvtt', new Uint8Array(8), box('vttC', ascii('WEBVTT')))
}

const pairs = (list: readonly (readonly [number, number])[]): Uint8Array => words(list.length, ...list.flat())

function sizeBox(track: TrackSpec): Uint8Array {
  const { sizes, stz2 } = track
  if (track.constantSize) return fullBox('stsz', 0, 0, words(sizes[0] ?? 0, sizes.length))
  if (stz2 === undefined) return fullBox('stsz', 0, 0, words(0, sizes.length, ...sizes))
  const packed = new Uint8Array(Math.ceil((sizes.length * stz2) / 8))
  sizes.forEach((size, i) => {
    if (stz2 === 16) packed.set([size >> 8, size & 255], i * 2)
    else if (stz2 === 8) packed[i] = size
    else packed[i >> 1]! |= i % 2 === 0 ? size << 4 : size
  })
  return fullBox('stz2', 0, 0, words(stz2, sizes.length), packed)
}

function sampleTable(track: TrackSpec, offsets: readonly number[]): Uint8Array {
  const entries = track.entries ?? [defaultEntry(track.kind)]
  const runs = track.chunks.flatMap(([samples, description], i) => {
    const last = track.chunks[i - 1]
    return last?.[0] === samples && last[1] === description ? [] : [[i + 1, samples, description]]
  })
  return box(
    'stbl',
    fullBox('stsd', 0, 0, words(entries.length), ...entries),
    fullBox('stts', 0, 0, pairs(track.stts)),
    ...(track.ctts ? [fullBox('ctts', track.cttsVersion ?? 0, 0, pairs(track.ctts))] : []),
    fullBox('stsc', 0, 0, words(runs.length, ...runs.flat())),
    sizeBox(track),
    track.co64
      ? fullBox('co64', 0, 0, words(offsets.length, ...offsets.flatMap(offset => [0, offset])))
      : fullBox('stco', 0, 0, words(offsets.length, ...offsets)),
    ...(track.stss ? [fullBox('stss', 0, 0, words(track.stss.length, ...track.stss))] : []),
  )
}

const HANDLERS = { video: 'vide', audio: 'soun', text: 'text' }
const IDENTITY = [65536, 0, 0, 0, 65536, 0, 0, 0, 1073741824]

function trackBox(track: TrackSpec, id: number, offsets: readonly number[]): Uint8Array {
  const language = [...(track.language ?? 'und')].reduce((sum, letter) => sum * 32 + letter.charCodeAt(0) - 0x60, 0)
  const matrix = track.matrix ?? IDENTITY
  const tkhd = words(0, 0, id, 0, 0, 0, 0, 0, 0, ...matrix, 64 << 16, 36 << 16)
  const handler = join(words(0), ascii(HANDLERS[track.kind]), words(0, 0, 0), ascii(`${track.name ?? ''}\0`))
  return box(
    'trak',
    fullBox('tkhd', 0, track.isDisabled ? 2 : 3, tkhd),
    ...(track.edits
      ? [
          box(
            'edts',
            fullBox('elst', 0, 0, words(track.edits.length, ...track.edits.flatMap(edit => [...edit, 0x10000]))),
          ),
        ]
      : []),
    box(
      'mdia',
      fullBox('mdhd', 0, 0, words(0, 0, track.timescale, 0, language << 16)),
      fullBox('hdlr', 0, 0, handler),
      box('minf', sampleTable(track, offsets)),
    ),
    ...(track.extra ?? []),
  )
}

/** The bytes of one sample: tell track, number and place in it apart. */
export function sampleBytes(track: number, sample: number, size: number): Uint8Array {
  return Uint8Array.from({ length: size }, (_, i) => (track * 97 + sample * 7 + i) & 255)
}

/** The media with its chunks in turns, and where each track's chunks lie in it. */
function media(tracks: readonly TrackSpec[]): { readonly bytes: Uint8Array; readonly offsets: number[][] } {
  const parts: Uint8Array[] = []
  const offsets = tracks.map((): number[] => [])
  const next = tracks.map(() => 0)
  let at = 0
  for (let chunk = 0; chunk < Math.max(...tracks.map(track => track.chunks.length)); chunk++) {
    tracks.forEach((track, t) => {
      const samples = track.chunks[chunk]?.[0]
      if (samples === undefined) return
      offsets[t]!.push(at)
      for (let i = 0; i < samples; i++) {
        const size = track.sizes[next[t]!] ?? 0
        parts.push(sampleBytes(t, next[t]!++, size))
        at += size
      }
    })
  }
  return { bytes: join(...parts), offsets }
}

/** Writes a whole film. */
export function writeMovie(spec: MovieSpec): Uint8Array {
  const ftyp = join(box('ftyp', ascii(spec.brand ?? 'isom'), words(0), ascii('isom')), ...(spec.before ?? []))
  const { bytes, offsets } = media(spec.tracks)
  const moovAt = (shift: number): Uint8Array =>
    box(
      'moov',
      fullBox('mvhd', 0, 0, words(0, 0, spec.timescale ?? 1000, 0, 0x10000), new Uint8Array(76)),
      ...spec.tracks.map((track, t) =>
        trackBox(
          track,
          t + 1,
          offsets[t]!.map(offset => offset + shift),
        ),
      ),
      ...(spec.extra ?? []),
    )
  const mdat = spec.largeMdat ? join(words(1), ascii('mdat'), words(0, bytes.length + 16), bytes) : box('mdat', bytes)
  const header = mdat.length - bytes.length
  if (spec.moovFirst) return join(ftyp, moovAt(ftyp.length + moovAt(0).length + header), mdat)
  return join(ftyp, mdat, moovAt(ftyp.length + header))
}

/** A source over bytes that counts its reads. */
export function memorySource(
  bytes: Uint8Array,
  isRemote = false,
): ByteSource & { readonly reads: (readonly [number, number])[] } {
  const reads: (readonly [number, number])[] = []
  return {
    key: 'memory',
    name: 'memory',
    sizeBytes: bytes.length,
    seekCostBytes: 16,
    reads,
    read(offset, length) {
      const part = bytes.subarray(offset, offset + length)
      reads.push([offset, part.length])
      return isRemote ? Promise.resolve(part.slice()) : part
    },
  }
}
