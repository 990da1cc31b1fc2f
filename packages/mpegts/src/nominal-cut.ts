import { type ByteSource, CuemuxError, type ReadOptions, throwIfAborted, type VideoTrack } from '@cuemux/core'
import { CLOCK_RATE, filmTime, frameTime } from './clock.js'
import { ElementaryStream } from './elementary-stream.js'
import type { MpegTsFormat, TrackFormat } from './format.js'
import { PacketWalker } from './packet-walker.js'
import { pictureKind } from './picture-kind.js'
import { bytesPerTick, estimatePosition } from './sampling.js'
import type { Cut } from './span-read.js'

const PROBE_BYTES = 128 * 1024
const PIECE_BYTES = 512 * 1024
/** Where a place is estimated, so much of the way to it is read at once, then more and more. */
const SURE_PART = 0.85
const FURTHER_PART = 1 / 8
/** Longest single read. */
const MAX_PIECE_BYTES = 16 * 1024 * 1024
const PREFIX_BYTES = 4096
/** Pictures that come this much before the wanted time, and the reorder delay, in decode order come before the cut. */
const SAFETY = CLOCK_RATE
/** A probe within this of that is near enough. */
const NEAR = 4 * CLOCK_RATE
const MAX_PROBES = 24
const MAX_SEARCH_BYTES = 512 * 1024 * 1024

/** Where a nominal cut is looked for. */
export interface NominalCut {
  /** Its time and the next one's, 90 kHz on the film's clock; the keyframe is shown from the one until before the other. */
  readonly time: number
  readonly nextTime: number
  /** A place that is certainly before it, bytes. */
  readonly before: number
  /** The bytes from `before` on are wanted anyway: it is looked for from there. */
  readonly isNear: boolean
  /** Up to where the bytes behind it are wanted anyway: they are read at once. */
  readonly readTo: number
}

/**
 * Finds the first keyframe of the reference track, in the order of the stream, that is shown at or after a time: a
 * function of the stream and the time, wherever the search begins. Where none is shown before the next nominal cut, the
 * first picture that is decoded at or after the time stands in, so that no span is empty.
 */
export async function findNominalCut(
  source: ByteSource,
  film: MpegTsFormat,
  track: VideoTrack,
  format: TrackFormat,
  cut: NominalCut,
  endBytes: number,
  options: ReadOptions,
): Promise<Cut> {
  const from = cut.isNear ? cut.before : await placeBefore(source, film, track.id, cut, endBytes, options)
  const walker = new PacketWalker(film.stride)
  const stream = new ElementaryStream(track.id, undefined, PREFIX_BYTES)
  walker.add(stream)
  const half = film.pictureTicks / 2
  let standIn: number[] | undefined
  let at = from
  let wished = SURE_PART * (cut.readTo - from)
  const toCut = ([position, pts, dts]: readonly number[]): Cut => ({
    position: position!,
    time: frameTime(format, track.timescale, pts!, 0),
    decodeTime: frameTime(format, track.timescale, dts!, 0),
  })
  while (at < endBytes && at - from < MAX_SEARCH_BYTES) {
    throwIfAborted(options.signal)
    const piece = Math.min(MAX_PIECE_BYTES, Math.max(PIECE_BYTES, Math.ceil(wished)), endBytes - at)
    wished = at === from ? FURTHER_PART * (cut.readTo - from) : wished * 2
    const bytes = await source.read(at, piece, options)
    if (bytes.length < film.stride) break
    at += walker.walk(bytes, at, 0, bytes.length)
    const isEnd = at >= endBytes - film.stride
    for (let row = 0; row < (isEnd ? stream.count : stream.count - 1); row++) {
      if (stream.pts[row]! < 0) continue
      const position = stream.position[row]!
      const pts = filmTime(film.sections, stream.pts[row]!, position)
      const dts = filmTime(film.sections, stream.dts[row]!, position)
      if (dts >= cut.time) standIn ??= [position, pts, dts]
      if (standIn !== undefined && dts >= cut.nextTime) return toCut(standIn)
      if (pts < cut.time - half || pts >= cut.nextTime - half) continue
      const prefix = stream.bytes.subarray(
        stream.start[row]!,
        row + 1 < stream.count ? stream.start[row + 1]! : stream.length,
      )
      const kind = pictureKind(track.codec, prefix, prefix.length < PREFIX_BYTES)
      if (kind !== 'none' && kind !== 'unknown') return toCut([position, pts, dts])
    }
    stream.keepLast()
  }
  if (standIn !== undefined) return toCut(standIn)
  throw new CuemuxError('CORRUPT_MEDIA', 'No picture was found where the film is to be cut.', {
    at: { offsetBytes: from },
  })
}

/** A place from which on every picture is met that may be the cut, and not much more. */
async function placeBefore(
  source: ByteSource,
  film: MpegTsFormat,
  pid: number,
  cut: NominalCut,
  endBytes: number,
  options: ReadOptions,
): Promise<number> {
  const model = film.model!
  const rate = bytesPerTick(model)
  const wanted = cut.time - film.reorderDelay - SAFETY
  let low = cut.before
  let lowIsNear = false
  let high = endBytes
  let guess = estimatePosition(model, wanted - SAFETY)
  for (let i = 0; i < MAX_PROBES && !lowIsNear && high - low > PROBE_BYTES; i++) {
    const place =
      film.begin + Math.floor((Math.min(Math.max(guess, low), high) - film.begin) / film.stride) * film.stride
    if (place <= low) break
    const time = await timeAfter(source, film, pid, place, endBytes, options)
    if (time === undefined || time > wanted) {
      high = place
      const back = time === undefined ? PIECE_BYTES : (time - wanted + SAFETY) * rate
      guess = place - Math.max(back, PROBE_BYTES) * (i + 1)
    } else {
      low = place
      lowIsNear = wanted - time <= NEAR
      guess = Math.min(place + Math.max(PROBE_BYTES, (wanted - time - SAFETY) * rate), (place + high) / 2)
    }
  }
  return low
}

/** Decode time of the first picture that begins at or after a place. */
async function timeAfter(
  source: ByteSource,
  film: MpegTsFormat,
  pid: number,
  place: number,
  endBytes: number,
  options: ReadOptions,
): Promise<number | undefined> {
  const walker = new PacketWalker(film.stride)
  const stream = new ElementaryStream(pid, 0, 0)
  walker.add(stream)
  let at = place
  for (let piece = PROBE_BYTES; at < endBytes && at - place < 8 * PIECE_BYTES; piece = PIECE_BYTES) {
    throwIfAborted(options.signal)
    const bytes = await source.read(at, Math.min(piece, endBytes - at), options)
    if (bytes.length < film.stride) break
    at += walker.walk(bytes, at, 0, bytes.length)
    for (let row = 0; row < stream.count; row++) {
      if (stream.dts[row]! >= 0) return filmTime(film.sections, stream.dts[row]!, stream.position[row]!)
    }
  }
  return undefined
}
