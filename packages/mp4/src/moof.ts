import { CuemuxError } from '@cuemux/core'
import { type BoxPlace, childBoxes, firstOf, u32, u64 } from './boxes.js'
import { TableWriter } from './table-writer.js'
import { type FragmentDefaults, NO_DEFAULTS } from './trex.js'
import { addRun, DATA_OFFSET } from './trun.js'

const BASE_DATA_OFFSET = 0x1
const DESCRIPTION = 0x2
const DURATION = 0x8
const SIZE = 0x10
const FLAGS = 0x20
const BASE_IS_MOOF = 0x20000

/** A track whose fragments are read. Plain data. */
export interface FragmentTrack {
  readonly id: number
  readonly defaults: FragmentDefaults
  /** Of sound and text, every sample is a sync sample, whatever the flags say. */
  readonly kind: 'video' | 'audio' | 'text'
}

/** `tfhd` (ISO/IEC 14496-12 §8.8.7). */
interface TrackFragmentHeader {
  readonly trackId: number
  /** What data offsets count from, where the header says; bytes. */
  readonly base: number | undefined
  readonly isBaseMoof: boolean
  readonly fieldsAt: number
  readonly flags: number
}

function readHeader(bytes: Uint8Array, tfhd: BoxPlace): TrackFragmentHeader | undefined {
  if (tfhd.end - tfhd.body < 8) return undefined
  const flags = u32(bytes, tfhd.body) & 0xffffff
  const hasBase = (flags & BASE_DATA_OFFSET) !== 0
  if (hasBase && tfhd.end - tfhd.body < 16) return undefined
  return {
    trackId: u32(bytes, tfhd.body + 4),
    base: hasBase ? u64(bytes, tfhd.body + 8) : undefined,
    isBaseMoof: (flags & BASE_IS_MOOF) !== 0,
    fieldsAt: tfhd.body + (hasBase ? 16 : 8),
    flags,
  }
}

/** The track's defaults with what the fragment's header says instead. */
function defaultsOf(
  bytes: Uint8Array,
  tfhd: BoxPlace,
  { flags, fieldsAt }: TrackFragmentHeader,
  defaults: FragmentDefaults,
): FragmentDefaults {
  let at = fieldsAt
  const field = (flag: number, otherwise: number): number => {
    if ((flags & flag) === 0 || at + 4 > tfhd.end) return otherwise
    at += 4
    return u32(bytes, at - 4)
  }
  return {
    description: field(DESCRIPTION, defaults.description),
    duration: field(DURATION, defaults.duration),
    size: field(SIZE, defaults.size),
    flags: field(FLAGS, defaults.flags),
  }
}

/** `tfdt` (§8.8.12): decode time of the fragment's first sample, media ticks. */
function decodeTimeOf(bytes: Uint8Array, traf: readonly BoxPlace[]): number | undefined {
  const tfdt = firstOf(traf, 'tfdt')
  if (tfdt === undefined || tfdt.end - tfdt.body < 8) return undefined
  if (bytes[tfdt.body] === 0) return u32(bytes, tfdt.body + 4)
  return tfdt.end - tfdt.body < 12 ? undefined : u64(bytes, tfdt.body + 4)
}

/**
 * The base of a moof whose data would lie in the moof itself, though they lie right behind it: boxes were put before the
 * moof after its base had been written (ffmpeg's `global_sidx` without `default_base_moof`). The moof is meant.
 */
function staleBase(bytes: Uint8Array, place: BoxPlace, moofOffset: number): number | undefined {
  const traf = childBoxes(bytes, place.body, place.end)
  const tfhd = firstOf(traf, 'tfhd')
  const trun = firstOf(traf, 'trun')
  if (tfhd === undefined || trun === undefined || trun.end - trun.body < 12) return undefined
  const base = readHeader(bytes, tfhd)?.base
  if (base === undefined || (u32(bytes, trun.body) & DATA_OFFSET) === 0) return undefined
  const offset = u32(bytes, trun.body + 8) | 0
  return base + offset < moofOffset + bytes.length && offset >= bytes.length ? base : undefined
}

const SENSITIVE = new Set(['senc', 'saiz'])

/** Samples of some tracks as their fragments tell them, as sample tables. */
export class FragmentTables {
  /** By track. */
  readonly writers: ReadonlyMap<number, TableWriter>
  /** Tracks with a fragment that doesn't say its decode time: it follows the one before. */
  readonly untimed: Set<number> = new Set()
  /** Tracks with a fragment that says how its samples are encrypted. */
  readonly encrypted: Set<number> = new Set()
  readonly #tracks: ReadonlyMap<number, FragmentTrack>
  readonly #sizeBytes: number

  /** @param sizeBytes size of the source */
  constructor(tracks: readonly FragmentTrack[], sizeBytes: number) {
    this.#tracks = new Map(tracks.map(track => [track.id, track]))
    this.#sizeBytes = sizeBytes
    this.writers = new Map(tracks.map(track => [track.id, new TableWriter(track.kind === 'audio')]))
  }

  /**
   * Adds the samples of a movie fragment.
   *
   * @param bytes the whole `moof` box
   * @param offsetBytes where it lies in the source
   */
  addMoof(bytes: Uint8Array, offsetBytes: number): void {
    let dataEnd = offsetBytes
    const header = u32(bytes, 0) === 1 ? 16 : 8
    const trafs = childBoxes(bytes, header, bytes.length).filter(box => box.type === 'traf')
    const stale = trafs[0] === undefined ? undefined : staleBase(bytes, trafs[0], offsetBytes)
    for (const traf of trafs) dataEnd = this.#addTraf(bytes, traf, offsetBytes, dataEnd, stale)
  }

  /** Adds a track fragment; returns the end of its data, which is where the next one's begin unless it says otherwise. */
  #addTraf(bytes: Uint8Array, place: BoxPlace, moofOffset: number, dataEnd: number, stale: number | undefined): number {
    const traf = childBoxes(bytes, place.body, place.end)
    const tfhd = firstOf(traf, 'tfhd')
    const header = tfhd === undefined ? undefined : readHeader(bytes, tfhd)
    if (tfhd === undefined || header === undefined) return dataEnd
    const { trackId } = header
    const track = this.#tracks.get(trackId)
    // A track that isn't read still moves the data of those behind it.
    const writer = this.writers.get(trackId) ?? new TableWriter()
    const defaults = defaultsOf(bytes, tfhd, header, track?.defaults ?? NO_DEFAULTS)
    const isMoof = header.base === undefined ? header.isBaseMoof : header.base === stale
    const base = isMoof ? moofOffset : (header.base ?? dataEnd)
    const runs = traf.filter(box => box.type === 'trun')
    let time = decodeTimeOf(bytes, traf)
    if (time === undefined && runs.length > 0) this.untimed.add(trackId)
    time ??= writer.end
    let position = base
    const isAllSync = track?.kind !== 'video'
    for (const trun of runs) {
      const { count } = writer
      const run = { time, base, position, isAllSync, sizeBytes: this.#sizeBytes }
      position = addRun(bytes, trun, defaults, run, writer)
      if (writer.count > count) time = writer.end
      // Samples may share bytes, but not all of them: a film that claims more is made to exhaust its reader.
      if (writer.bytes > this.#sizeBytes * 2) {
        throw new CuemuxError('CORRUPT_INDEX', 'The fragments claim more bytes than the film has.', {
          at: { offsetBytes: moofOffset, path: 'moof/traf/trun' },
        })
      }
    }
    if (traf.some(box => SENSITIVE.has(box.type))) this.encrypted.add(trackId)
    return position
  }
}
