import { type MediaIndex, type ReadMemory, type ReadOptions, type Track, throwIfAborted } from '@cuemux/core'
import { frameAudio } from './audio-framing.js'
import { type AudioParser, audioParser } from './audio-parsers.js'
import { filmTime, frameTime } from './clock.js'
import { ElementaryStream } from './elementary-stream.js'
import type { MpegTsFormat, TrackFormat } from './format.js'
import type { FrameColumns } from './frame-columns.js'
import { PacketWalker } from './packet-walker.js'
import type { Pieces } from './pieces.js'

/** A place at which the film is cut. */
export interface Cut {
  /** Offset of the packet in which the keyframe begins, bytes. */
  readonly position: number
  /** Presentation time of the keyframe, ticks of the reference track. */
  readonly time: number
  /** Its decode time, ticks of the reference track. */
  readonly decodeTime: number
}

/** A track whose samples are read. */
export interface SpanTrack {
  /** Row in the index's tracks. */
  readonly row: number
  readonly track: Track
  readonly format: TrackFormat
  readonly isReference: boolean
  /** Presentation times from which and before which samples are the span's; infinite at the film's ends. */
  readonly from: number
  readonly to: number
  readonly stream: ElementaryStream
  readonly parser: AudioParser | undefined
  /** Frames of sound, once the stream is there. */
  frames: FrameColumns | undefined
}

/** How far sound is looked for before and behind a span. */
const MAX_FAR_BYTES = 16 * 1024 * 1024

/** How much is read around spans: learned from span to span, no result depends on it. */
export interface Margins {
  backBytes: number
  aheadBytes: number
  /** Payload of tracks of sound in a span, by row. */
  readonly bytesOf: Map<number, number>
}

/** Everything that reading a span needs. */
export interface SpanPlan {
  /** Gives the source's bytes; up to `readEnd` they are wanted for sure. */
  readonly pieces: (readEnd: number) => Pieces
  /** Of the source, bytes. */
  readonly sizeBytes: number
  readonly index: MediaIndex
  readonly film: MpegTsFormat
  readonly start: Cut
  readonly end: Cut | undefined
  readonly isFirst: boolean
  readonly margins: Margins
  /** What large payloads are put together in. */
  readonly memory: ReadMemory | undefined
}

/** The tracks with the packets of the span: pictures from cut to cut, sound as far around as it lies. */
export async function readTracks(plan: SpanPlan, rows: readonly number[], options: ReadOptions): Promise<SpanTrack[]> {
  for (;;) {
    const tracks = rows.map(row => createTrack(plan, row))
    const begin = beginOf(plan)
    const isEnough = await readPackets(plan, tracks, begin, options)
    for (const { row, stream, parser } of tracks) if (parser !== undefined) plan.margins.bytesOf.set(row, stream.length)
    if (isEnough || begin <= plan.film.begin || plan.margins.backBytes >= MAX_FAR_BYTES) return tracks
    plan.margins.backBytes = Math.max(256 * 1024, plan.margins.backBytes * 2)
  }
}

function beginOf({ film, start, isFirst, margins }: SpanPlan): number {
  if (isFirst) return film.begin
  const packets = Math.ceil(margins.backBytes / film.stride)
  return Math.max(film.begin, start.position - packets * film.stride)
}

function createTrack(plan: SpanPlan, row: number): SpanTrack {
  const { index, film, start, end, isFirst, margins } = plan
  const track = index.tracks[row]!
  const format = film.tracks[row]!
  const { timescale, trackId } = index.keyframes
  const isReference = track.id === trackId
  const inTrack = (cut: Cut): number =>
    timescale === track.timescale ? cut.time : Math.round((cut.time * track.timescale) / timescale)
  const spanBytes = end === undefined ? 0 : end.position - start.position
  const capacity = Math.max(64 * 1024, track.kind === 'video' ? spanBytes : (margins.bytesOf.get(row) ?? 0) * 1.25)
  return {
    row,
    track,
    format,
    isReference,
    from: isFirst ? Number.NEGATIVE_INFINITY : inTrack(start),
    to: end === undefined ? Number.POSITIVE_INFINITY : inTrack(end),
    stream: new ElementaryStream(track.id, plan.memory?.take(capacity) ?? capacity),
    parser: audioParser(format.framing),
    frames: undefined,
  }
}

/** Walks the packets of the span and of what lies around it; `false` where sound may lie before `begin`. */
async function readPackets(
  plan: SpanPlan,
  tracks: readonly SpanTrack[],
  begin: number,
  options: ReadOptions,
): Promise<boolean> {
  const { film, start, end, sizeBytes: size, margins } = plan
  const spanEnd = end?.position ?? size
  const others = tracks.filter(track => !isPicture(track))
  const ahead = others.length === 0 ? 0 : margins.aheadBytes
  const readEnd = Math.min(size, spanEnd + ahead)
  const walker = new PacketWalker(film.stride)
  const pieces = plan.pieces(readEnd)
  let at = begin
  const walkTo = async (to: number, streams: readonly SpanTrack[]): Promise<void> => {
    while (at < to) {
      throwIfAborted(options.signal)
      const piece = await pieces.take(at, options)
      const next = walkRange(plan, walker, streams, piece.bytes, piece.base, at, Math.min(to, piece.end))
      pieces.give(piece)
      if (next <= at) break
      at = next
    }
  }
  await walkTo(Math.min(start.position, readEnd), others)
  at = Math.max(at, start.position)
  await walkTo(spanEnd, tracks)
  for (const track of tracks) if (isPicture(track)) dropTrack(film, walker, track)
  await walkTo(readEnd, others)
  let further = Math.max(128 * 1024, margins.aheadBytes)
  while (others.some(track => !hasPassed(plan, track)) && at < size && at - spanEnd < MAX_FAR_BYTES) {
    const before = at
    await walkTo(Math.min(size, at + further), others)
    if (at === before) break
    margins.aheadBytes = Math.min(4 * 1024 * 1024, Math.max(margins.aheadBytes, Math.ceil((at - spanEnd) * 1.25)))
    further *= 2
  }
  for (const track of others) frameTrack(track)
  return others.every(track => hasBegun(plan, track))
}

function isPicture({ track, isReference, parser }: SpanTrack): boolean {
  return isReference && track.kind === 'video' && parser === undefined
}

/** Walks a range, in which the tracks' PIDs may change. Gives where the next packet is expected. */
function walkRange(
  plan: SpanPlan,
  walker: PacketWalker,
  tracks: readonly SpanTrack[],
  bytes: Uint8Array,
  base: number,
  from: number,
  to: number,
): number {
  const { epochs } = plan.film
  let at = from
  let epoch = 0
  while (epoch + 1 < epochs.length && epochs[epoch + 1]!.position <= at) epoch++
  for (;;) {
    for (const { row, stream } of tracks) {
      const pid = epochs[epoch]!.pids[row]!
      const before = epochs[epoch - 1]?.pids[row]
      if (before !== undefined && before >= 0 && before !== pid) walker.drop(before)
      if (pid >= 0) walker.redirect(pid, stream)
    }
    const next = epochs[epoch + 1]?.position ?? Number.POSITIVE_INFINITY
    at = base + walker.walk(bytes, base, at - base, Math.min(to, next) - base)
    if (next >= to || at < next) return at
    epoch++
  }
}

function dropTrack(film: MpegTsFormat, walker: PacketWalker, { row }: SpanTrack): void {
  for (const { pids } of film.epochs) if (pids[row]! >= 0) walker.drop(pids[row]!)
}

function frameTrack(track: SpanTrack): FrameColumns | undefined {
  if (track.parser !== undefined) track.frames = frameAudio(track.stream, track.parser, track.format.ticksPerSample)
  return track.frames
}

/** Whether a sample at or behind the span's end was met, so that all before it are there. */
function hasPassed(plan: SpanPlan, track: SpanTrack): boolean {
  const { stream, to } = track
  if (to === Number.POSITIVE_INFINITY) return false
  // The packet that comes last may lack bytes: one before it has to be behind the end, or a frame of it.
  for (let row = stream.count - 1; row >= 0; row--) {
    if (stream.pts[row]! < 0) continue
    if (packetTime(plan, track, row) >= to) {
      const frames = frameTrack(track)
      if (frames === undefined) return row < stream.count - 1
      const last = frames.count - 1
      return last >= 0 && frames.row[last]! >= 0 && timeOf(plan, track, last) >= to
    }
    break
  }
  return false
}

/** Whether the first sample that was met proves that none of the span's comes before it. */
function hasBegun(plan: SpanPlan, track: SpanTrack): boolean {
  const { from, stream, frames } = track
  const { start } = track.track
  if (from === Number.NEGATIVE_INFINITY || !track.format.isKnown) return true
  if (start !== undefined && start >= track.to) return true
  const { end } = track.track
  if (end !== undefined && end <= from) return true
  if (frames === undefined) {
    for (let row = 0; row < stream.count; row++) if (stream.pts[row]! >= 0) return packetTime(plan, track, row) <= from
    return false
  }
  for (let i = 0; i < frames.count; i++) {
    if (frames.row[i]! < 0) continue
    const time = timeOf(plan, track, i)
    return time <= from || (start !== undefined && time <= start)
  }
  return false
}

/** Time of a PES packet, ticks of its track. */
export function packetTime({ film }: SpanPlan, { track, format, stream }: SpanTrack, row: number): number {
  return frameTime(format, track.timescale, filmTime(film.sections, stream.pts[row]!, stream.position[row]!), 0)
}

/** Time of a frame of sound, ticks of its track; the frame has a time stamp. */
export function timeOf({ film }: SpanPlan, { track, format, stream, frames }: SpanTrack, i: number): number {
  const row = frames!.row[i]!
  return frameTime(
    format,
    track.timescale,
    filmTime(film.sections, stream.pts[row]!, stream.position[row]!),
    frames!.after[i]!,
  )
}
