import { nearUsualRate } from '@cuemux/codecs'
import { type KeyframeTable, rescale, type Track } from '@cuemux/core'
import {
  assembleIndex,
  type BuiltIndex,
  type Candidate,
  findCandidates,
  type IndexInput,
  makeTracks,
  referenceOf,
} from './build-index.js'
import type { ByteWindow } from './byte-window.js'
import { SampleColumns, SampleCursor } from './cursor.js'
import { FORMAT_VERSION } from './format.js'
import { mediaOf } from './fragment-media.js'
import { FragmentTables, type FragmentTrack } from './moof.js'
import { readableSamples } from './readable.js'
import type { ListedFragments } from './sidx.js'
import { findSample } from './span-tables.js'
import { SyncSamples } from './sync-samples.js'
import { lastPresentedEnd } from './timeline.js'
import { topBox } from './top-level.js'

/** Fragments in which every track's first sample is looked for. */
const MAX_HEAD_MOOFS = 8
/** Fragments at the end that may lack a track. */
const MAX_TAIL_ROWS = 4
/** Cuts that are looked up in the media before an index is believed. */
const PROBES = 6
const PROBE_BYTES = 8 * 1024
/** Boxes of media behind what an index lists: it doesn't list all. */
const MEDIA_BOXES = new Set(['moof', 'mdat', 'styp', 'sidx', 'emsg', 'prft'])

/** What an index in the file lists, and what it is about. */
export interface Lookup extends ListedFragments {
  readonly foundBy: 'sidx' | 'mfra'
  readonly input: IndexInput
  readonly tracks: readonly FragmentTrack[]
  readonly firstMoof: number
  readonly window: ByteWindow
}

/** The film's first fragments. */
interface Head {
  readonly found: readonly Candidate[]
  readonly reference: Candidate
  /** What is added to a media time of the track so that it is one on the film's clock, ticks. */
  readonly shifts: ReadonlyMap<number, number>
  /** Presentation time of the first listed cut, ticks on the film's clock. */
  readonly firstCut: number
  /** How far a sync sample may lie from where the index says: a frame, or the index's own tick. */
  readonly tolerance: number
}

/** What the fragments that were read have of each track, for means. */
class Sampled {
  readonly #tracks = new Map<number, { samples: number; bytes: number; ticks: number }>()

  add(tables: FragmentTables): void {
    for (const [id, { count, bytes, base, end }] of tables.writers) {
      const sum = this.#tracks.get(id) ?? { samples: 0, bytes: 0, ticks: 0 }
      this.#tracks.set(id, {
        samples: sum.samples + count,
        bytes: sum.bytes + bytes,
        ticks: sum.ticks + Math.max(0, end - base),
      })
    }
  }

  /** Mean bits and samples per second; `undefined` where nothing was read of the track. */
  rateOf(id: number, timescale: number): { readonly bitrateBps: number; readonly sampleRate: number } | undefined {
    const sum = this.#tracks.get(id)
    if (sum === undefined || sum.ticks === 0) return undefined
    const seconds = sum.ticks / timescale
    return { bitrateBps: Math.round((sum.bytes * 8) / seconds), sampleRate: sum.samples / seconds }
  }
}

/** The film's last fragments. */
interface Tail {
  /** Number of the last cut that is in the source. */
  readonly lastRow: number
  readonly isCut: boolean
  /** Presentation time at which each track ends, ticks on the film's clock. */
  readonly stops: ReadonlyMap<number, number>
}

/** Reads the first fragments, until each track has had one; `undefined` where they aren't as the index says. */
async function readHead(lookup: Lookup, window: ByteWindow, sampled: Sampled): Promise<Head | undefined> {
  const { tracks, offsets, firstMoof, referenceId } = lookup
  const tables = new FragmentTables(tracks, window.sizeBytes)
  const writer = tables.writers.get(referenceId)
  if (writer === undefined) return undefined
  const expected = tracks.filter(({ kind }) => kind !== 'text').map(({ id }) => tables.writers.get(id))
  let before = -1
  let moofs = 0
  await window.walk(firstMoof, window.sizeBytes, (moof, at) => {
    if (at >= offsets[0]! && before < 0) before = writer.count
    tables.addMoof(moof, at)
    const isMissing = before < 0 || expected.some(track => track?.count === 0)
    return ++moofs < MAX_HEAD_MOOFS && isMissing
  })
  sampled.add(tables)
  // Without decode times in the fragments only all of them tell where one is.
  if (before < 0 || tables.untimed.size > 0) return undefined
  const found = findCandidates({ ...lookup.input, fragments: mediaOf(tables) })
  const reference = referenceOf(found)
  if (reference.header.id !== referenceId) return undefined
  const shifts = new Map(
    found.map(({ header, timeline }) => [
      header.id,
      timeline.decodeShift + timeline.offsetShift - tables.writers.get(header.id)!.base,
    ]),
  )
  const { columns, sync, timeline } = reference
  const first = sync.isAll ? before : sync.sampleAt(sync.entryFrom(before))
  if (first >= columns.count) return undefined
  const cursor = new SampleCursor(columns, first)
  const indexTick = lookup.timescale > 0 ? Math.ceil(reference.header.timescale / lookup.timescale) : 1
  return {
    found,
    reference,
    shifts,
    firstCut: cursor.dts + cursor.offset + timeline.decodeShift + timeline.offsetShift,
    tolerance: Math.max(indexTick, Math.ceil(columns.times.ticks / columns.times.count)),
  }
}

/** Times of the listed cuts, ticks of the reference track on the film's clock. */
function cutTimes({ times, timescale }: Lookup, { reference, firstCut }: Head): Float64Array {
  const own = reference.header.timescale
  const from = timescale > 0 ? timescale : own
  return Float64Array.from(times, time => firstCut + rescale(time - times[0]!, from, own))
}

/** Looks up some of the listed cuts in the media, all at once: an index may be wrong, or list what is no sync sample. */
async function isTrue(
  lookup: Lookup,
  head: Head,
  window: ByteWindow,
  cuts: Float64Array,
  sampled: Sampled,
): Promise<boolean> {
  const last = lookup.offsets.length - 1
  const rows = new Set([1, last])
  // A segment index says what starts with a sync sample; ffmpeg's `mfra` lists every fragment, whatever it starts with.
  if (lookup.foundBy === 'mfra') for (let i = 1; i < PROBES; i++) rows.add(Math.floor((last * i) / PROBES))
  const probed = [...rows].filter(row => row > 0 && row <= last)
  await Promise.all(probed.map(row => window.load(lookup.offsets[row]!, PROBE_BYTES)))
  const track = lookup.tracks.find(({ id }) => id === lookup.referenceId)!
  for (const row of probed) {
    const tables = new FragmentTables(lookup.tracks, window.sizeBytes)
    const writer = tables.writers.get(track.id)!
    const from = lookup.offsets[row]!
    let moofs = 0
    await window.walk(from, window.sizeBytes, (moof, at) => {
      tables.addMoof(moof, at)
      return ++moofs < MAX_HEAD_MOOFS && writer.count === 0
    })
    if (tables.untimed.size > 0 || writer.count === 0) return row === last && from + PROBE_BYTES > window.sizeBytes
    sampled.add(tables)
    const samples = writer.finish()
    const time = cuts[row]! - head.shifts.get(track.id)! - writer.base
    const sample = findSample(new SampleColumns(samples), new SyncSamples(samples), 0, time, head.tolerance)
    if (sample === undefined || !sample.isSync) return false
  }
  return true
}

/** Walks from the last cut to the end of the film, and from earlier ones where a track is missing there. */
async function readTail(lookup: Lookup, head: Head, window: ByteWindow, sampled: Sampled): Promise<Tail | undefined> {
  const { offsets, tracks } = lookup
  let lastRow = offsets.length - 1
  for (let row = lastRow; row >= Math.max(0, offsets.length - MAX_TAIL_ROWS); row--) {
    const tables = new FragmentTables(tracks, window.sizeBytes)
    const end = await window.walk(offsets[row]!, window.sizeBytes, (moof, at) => {
      tables.addMoof(moof, at)
      return true
    })
    sampled.add(tables)
    const stops = new Map<number, number>()
    let isCut = end.isCut
    for (const { header } of head.found) {
      const writer = tables.writers.get(header.id)!
      const columns = new SampleColumns(writer.finish())
      const readable = readableSamples(columns, window.sizeBytes)
      if (readable < columns.count) isCut = true
      if (readable === 0) continue
      const stop = lastPresentedEnd(columns, new SampleCursor(columns), 0, readable)
      stops.set(header.id, stop + writer.base + head.shifts.get(header.id)!)
    }
    // A cut film may end before the last cut's sample.
    if (!stops.has(lookup.referenceId)) lastRow = row - 1
    const isMissing = head.found.some(({ header, kind }) => kind !== 'text' && !stops.has(header.id))
    const isOver = row === Math.max(0, offsets.length - MAX_TAIL_ROWS)
    if (stops.has(lookup.referenceId) && (!isMissing || isOver)) return { lastRow, isCut, stops }
  }
  return undefined
}

function keyframeTable(lookup: Lookup, head: Head, cuts: Float64Array, lastRow: number): KeyframeTable {
  const { timeline, columns, header } = head.reference
  const cursor = new SampleCursor(columns, timeline.first)
  const first = cursor.dts + cursor.offset + timeline.decodeShift + timeline.offsetShift
  const time = [Math.max(timeline.start, first)]
  const offset = [lookup.firstMoof]
  for (let row = 0; row <= lastRow; row++) {
    // What lies before the film's start, or breaks the order, is no cut.
    if (cuts[row]! <= time[time.length - 1]! || lookup.offsets[row]! < offset[offset.length - 1]!) continue
    time.push(cuts[row]!)
    offset.push(lookup.offsets[row]!)
  }
  return {
    trackId: header.id,
    timescale: header.timescale,
    count: time.length,
    time: Float64Array.from(time),
    offsetBytes: Float64Array.from(offset),
  }
}

/** The tracks, with what only all fragments would tell left out, or estimated from those that were read. */
function listTracks(lookup: Lookup, head: Head, tail: Tail, keyframes: KeyframeTable, sampled: Sampled): Track[] {
  const rates = head.found.map(({ header }) => sampled.rateOf(header.id, header.timescale))
  const found = head.found.map(candidate => {
    const { timeline, header } = candidate
    return { ...candidate, timeline: { ...timeline, stop: tail.stops.get(header.id) ?? timeline.stop } }
  })
  const others = found.reduce((bps, { kind }, i) => (kind === 'video' ? bps : bps + (rates[i]?.bitrateBps ?? 0)), 0)
  const mediaBytes = (lookup.end ?? lookup.input.moov.sizeBytes) - lookup.firstMoof
  return makeTracks(lookup.input.movie, found).map((track, i): Track => {
    const end = tail.stops.get(track.id)
    const bitrateBps = rates[i]?.bitrateBps
    if (track.kind !== 'video') return { ...track, sampleCount: undefined, bitrateBps, end }
    const seconds = ((end ?? 0) - (track.start ?? 0)) / track.timescale
    const rest = Math.round((mediaBytes * 8) / seconds - others)
    const frame = track.frameDuration
    const rate = rates[i]?.sampleRate
    const isConstant = frame !== undefined && keyframes.time.every(time => (time - keyframes.time[0]!) % frame === 0)
    return {
      ...track,
      sampleCount: undefined,
      bitrateBps: seconds > 0 && rest > 0 ? rest : bitrateBps,
      end,
      frameDuration: isConstant ? frame : undefined,
      frameRate: isConstant ? track.timescale / frame : rate && nearUsualRate(rate),
    }
  })
}

/** Whether media lie behind what the index lists. */
async function listsAll(lookup: Lookup, window: ByteWindow): Promise<boolean> {
  const { end } = lookup
  if (end === undefined || end >= window.sizeBytes) return true
  const box = topBox(await window.read(end, 16), end, end)
  return box === undefined || !MEDIA_BOXES.has(box.type)
}

/**
 * Makes an index of what an index in the file lists, reading only the first and last fragments and a few between;
 * `undefined` where that isn't enough: where it lists not all, is wrong, or the fragments have no decode times.
 */
export async function lookUpFragments(given: Lookup): Promise<BuiltIndex | undefined> {
  const { input, window } = given
  const { sizeBytes } = input.moov
  const inside = given.offsets.filter(offset => offset < sizeBytes).length
  if (inside === 0) return undefined
  const lookup = { ...given, offsets: given.offsets.slice(0, inside), times: given.times.slice(0, inside) }
  const sampled = new Sampled()
  const head = await readHead(lookup, window, sampled)
  if (head === undefined) return undefined
  const cuts = cutTimes(lookup, head)
  if (!(await isTrue(lookup, head, window, cuts, sampled))) return undefined
  const tail = await readTail(lookup, head, window, sampled)
  if (tail === undefined || !(await listsAll(lookup, window))) return undefined
  const keyframes = keyframeTable(lookup, head, cuts, tail.lastRow)
  const index = assembleIndex(input, {
    foundBy: lookup.foundBy,
    tracks: listTracks(lookup, head, tail, keyframes, sampled),
    keyframes,
    closedGops: head.reference.kind === 'audio' ? true : undefined,
    isCut: tail.isCut || inside < given.offsets.length,
    format: {
      kind: 'mp4',
      version: FORMAT_VERSION,
      tracks: head.found.map(track => track.format),
      keyframeSamples: new Uint32Array(0),
      fragments: {
        tracks: head.found.map(({ header }) => ({
          ...lookup.tracks.find(({ id }) => id === header.id)!,
          mediaShift: head.shifts.get(header.id)!,
        })),
        tolerance: head.tolerance,
      },
      chapterTrack: undefined,
    },
  })
  return { index, columns: undefined }
}
