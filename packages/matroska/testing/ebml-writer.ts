import { type ByteSource, concatBytes } from '@cuemux/core'
import { Id } from '../src/elements.js'

/** Bytes of an element or of a part of one. */
export type Bytes = Uint8Array

export function concat(...parts: readonly Bytes[]): Bytes {
  return concatBytes(parts)
}

/** A size of EBML in `width` bytes; `undefined` for an unknown one. */
export function vint(value: number | undefined, width = 8): Bytes {
  const bytes = new Uint8Array(width)
  if (value === undefined) {
    bytes.fill(255)
    bytes[0] = (0x100 >> (width - 1)) - 1
    return bytes
  }
  let rest = value
  for (let i = width - 1; i >= 0; i--) {
    bytes[i] = rest % 256
    rest = Math.floor(rest / 256)
  }
  bytes[0]! |= 0x80 >> (width - 1)
  return bytes
}

function idBytes(id: number): Bytes {
  const bytes: number[] = []
  for (let rest = id; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256)
  return Uint8Array.from(bytes)
}

/** An element by its ID, with its children or payload. */
export function element(id: number, ...parts: readonly Bytes[]): Bytes {
  const payload = concat(...parts)
  return concat(idBytes(id), vint(payload.length), payload)
}

/** A master of unknown size. */
export function openElement(id: number, ...parts: readonly Bytes[]): Bytes {
  return concat(idBytes(id), vint(undefined), ...parts)
}

export function uint(id: number, value: number): Bytes {
  const bytes = new Uint8Array(8)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(value))
  return element(id, bytes)
}

export function float(id: number, value: number): Bytes {
  const bytes = new Uint8Array(8)
  new DataView(bytes.buffer).setFloat64(0, value)
  return element(id, bytes)
}

export function text(id: number, value: string): Bytes {
  return element(id, new TextEncoder().encode(value))
}

/** EBML header of a Matroska file. */
export function ebmlHeader(docType = 'matroska'): Bytes {
  return element(Id.EBML, text(Id.DocType, docType))
}

/** The body of a block: track, timestamp in its cluster, flags, frames. */
export function block(track: number, time: number, flags: number, ...frames: readonly Bytes[]): Bytes {
  return concat(vint(track, 1), Uint8Array.of((time >> 8) & 255, time & 255, flags), ...frames)
}

export function simpleBlock(track: number, time: number, isKey: boolean, ...frames: readonly Bytes[]): Bytes {
  return element(Id.SimpleBlock, block(track, time, isKey ? 0x80 : 0, ...frames))
}

/** A frame that can be told from others. */
export function frame(length: number, seed: number): Bytes {
  return Uint8Array.from({ length }, (_, i) => (seed * 31 + i * 7) & 255)
}

/** An AudioSpecificConfig: AAC LC, 48 kHz, stereo. */
export const AAC_CONFIG: Bytes = Uint8Array.of(0x11, 0x90)

/** A picture track of a codec that needs no configuration; 25 frames a second. */
export function videoEntry(...more: readonly Bytes[]): Bytes {
  return element(
    Id.TrackEntry,
    uint(Id.TrackNumber, 1),
    uint(Id.TrackUID, 101),
    uint(Id.TrackType, 1),
    text(Id.CodecID, 'V_MPEG4/ISO/AVC'),
    uint(Id.DefaultDuration, 40_000_000),
    element(Id.Video, uint(Id.PixelWidth, 64), uint(Id.PixelHeight, 36)),
    ...more,
  )
}

/** A sound track: AAC, 48 kHz. */
export function audioEntry(...more: readonly Bytes[]): Bytes {
  return element(
    Id.TrackEntry,
    uint(Id.TrackNumber, 2),
    uint(Id.TrackUID, 102),
    uint(Id.TrackType, 2),
    text(Id.CodecID, 'A_AAC'),
    element(Id.CodecPrivate, AAC_CONFIG),
    element(Id.Audio, float(Id.SamplingFrequency, 48000), uint(Id.Channels, 2)),
    ...more,
  )
}

/** A text track. */
export function textEntry(codecId = 'S_TEXT/UTF8', ...more: readonly Bytes[]): Bytes {
  return element(
    Id.TrackEntry,
    uint(Id.TrackNumber, 3),
    uint(Id.TrackUID, 103),
    uint(Id.TrackType, 17),
    text(Id.CodecID, codecId),
    ...more,
  )
}

/** A block with its duration, and what else lies in its group. */
export function textBlock(time: number, duration: number, cue: string, ...more: readonly Bytes[]): Bytes {
  const body = block(3, time, 0, new TextEncoder().encode(cue))
  return element(Id.BlockGroup, element(Id.Block, body), uint(Id.BlockDuration, duration), ...more)
}

/** One cue of a film under construction: its time and the cluster (by number) that it leads to. */
export interface CuePlan {
  readonly time: number
  readonly cluster: number
  readonly track?: number
  readonly relative?: number
  readonly duration?: number
}

/** What {@link film} builds. */
export interface FilmPlan {
  readonly info?: readonly Bytes[]
  readonly tracks: readonly Bytes[]
  /** Between Tracks and the first cluster. */
  readonly beforeClusters?: readonly Bytes[]
  readonly clusters: readonly Bytes[]
  readonly cues?: readonly CuePlan[]
  /** Behind Cues. */
  readonly atEnd?: readonly Bytes[]
  /** Leaves SeekHead out. */
  readonly withoutSeekHead?: boolean
  /** The Segment has no size. */
  readonly isOpen?: boolean
  /** SeekHead leads to a second SeekHead, which leads to Cues. */
  readonly withTwoSeekHeads?: boolean
}

function seekHead(id: number, position: number): Bytes {
  return element(Id.SeekHead, element(Id.Seek, element(Id.SeekID, idBytes(id)), uint(Id.SeekPosition, position)))
}

function cuePoint(cue: CuePlan, position: number): Bytes {
  return element(
    Id.CuePoint,
    uint(Id.CueTime, cue.time),
    element(
      Id.CueTrackPositions,
      uint(Id.CueTrack, cue.track ?? 1),
      uint(Id.CueClusterPosition, position),
      ...(cue.relative === undefined ? [] : [uint(Id.CueRelativePosition, cue.relative)]),
      ...(cue.duration === undefined ? [] : [uint(Id.CueDuration, cue.duration)]),
    ),
  )
}

/** A whole file; all sizes are of eight bytes, so that positions are known before the cues are. */
export function film(plan: FilmPlan): Bytes {
  const seekBytes = plan.withoutSeekHead ? 0 : seekHead(Id.Cues, 0).length
  const body = [
    element(Id.Info, uint(Id.TimestampScale, 1_000_000), ...(plan.info ?? [])),
    element(Id.Tracks, ...plan.tracks),
    ...(plan.beforeClusters ?? []),
  ]
  let position = body.reduce((sum, part) => sum + part.length, seekBytes)
  const positions = plan.clusters.map(cluster => {
    const at = position
    position += cluster.length
    return at
  })
  const second = plan.withTwoSeekHeads ? seekHead(Id.Cues, position + seekBytes) : new Uint8Array(0)
  const points = (plan.cues ?? []).map(cue => cuePoint(cue, positions[cue.cluster] ?? 2 ** 40))
  const segment = [
    ...(plan.withoutSeekHead ? [] : [seekHead(plan.withTwoSeekHeads ? Id.SeekHead : Id.Cues, position)]),
    ...body,
    ...plan.clusters,
    second,
    ...(plan.cues === undefined ? [] : [element(Id.Cues, ...points)]),
    ...(plan.atEnd ?? []),
  ]
  return concat(ebmlHeader(), plan.isOpen ? openElement(Id.Segment, ...segment) : element(Id.Segment, ...segment))
}

/** A cluster with its timestamp. */
export function cluster(time: number, ...blocks: readonly Bytes[]): Bytes {
  return element(Id.Cluster, uint(Id.Timestamp, time), ...blocks)
}

/** A source over bytes that notes its reads. */
export interface CountingSource extends ByteSource {
  readonly reads: [offset: number, length: number][]
}

export function sourceOf(bytes: Bytes, seekCostBytes = 0): CountingSource {
  const reads: [number, number][] = []
  return {
    key: 'test',
    name: 'test.mkv',
    sizeBytes: bytes.length,
    seekCostBytes,
    reads,
    read(offset, length) {
      const part = bytes.subarray(offset, offset + length)
      reads.push([offset, part.length])
      return part
    },
  }
}
