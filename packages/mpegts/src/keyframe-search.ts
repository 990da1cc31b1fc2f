import { annexBToLengthPrefixed, bringsParameterSets, inBandDescription } from '@cuemux/codecs'
import {
  type ByteSource,
  type ReadOptions,
  type SampleDescription,
  throwIfAborted,
  type VideoTrack,
} from '@cuemux/core'
import { filmTime } from './clock.js'
import { ElementaryStream } from './elementary-stream.js'
import type { TimeSections } from './format.js'
import { PacketWalker } from './packet-walker.js'
import { pictureKind } from './picture-kind.js'

/** Read at first where nothing tells how far a keyframe is; each further read is twice as long. */
export const FIRST_BYTES: number = 96 * 1024
/** Read beyond where a keyframe is expected, and this part of the way to it. */
export const MARGIN_BYTES: number = 16 * 1024
const TOLERANCE = 0.15
/** A longer way to where a keyframe is expected is passed over. */
const MIN_JUMP_BYTES = 64 * 1024
const PREFIX_BYTES = 4096

/** A stream in which keyframes are looked for. */
export interface SearchedStream {
  readonly source: ByteSource
  readonly stride: number
  readonly begin: number
  readonly sections: TimeSections
  readonly track: VideoTrack
  /** Decode time of a keyframe, and the distance of keyframes where that is always the same; 90 kHz on the film's clock. */
  readonly keyTime: number
  readonly distance: number | undefined
  readonly readOptions: ReadOptions
}

/** Where the search for a keyframe begins. */
export interface SearchStart {
  readonly at: number
  /** Decode time there, 90 kHz, where that is known. */
  readonly time?: number
  /** Bytes in a tick of 90 kHz about there. */
  readonly rate: number
  /** Read at first, where nothing tells more. */
  readonly firstBytes?: number
}

/** What may still be read. */
export interface Budget {
  reads: number
  bytes: number
}

/** A keyframe that brings parameter sets along. */
export interface SeenKeyframe {
  readonly position: number
  /** When it is shown, 90 kHz. */
  readonly time: number
  /** What decodes it; `undefined` for the track's first description. */
  readonly description: SampleDescription | undefined
}

/** By how much a keyframe is expected behind a decode time, 90 kHz. */
export function waitFrom({ keyTime, distance }: SearchedStream, time: number): number | undefined {
  return distance === undefined ? undefined : (((keyTime - time) % distance) + distance) % distance
}

/** What a search that knows the time where it begins reads as a rule. */
export function expectedBytes(wait: number, rate: number): number {
  const way = wait * rate
  return Math.ceil((way > MIN_JUMP_BYTES ? 2 * TOLERANCE : 1 + TOLERANCE) * way) + MARGIN_BYTES
}

/**
 * The first keyframe with parameter sets at or behind a place, or one that follows it; `undefined` where the budget ends
 * before. Where keyframes are of one distance, what lies before the next expected one is passed over; where none is there,
 * what follows is read through.
 */
export async function searchKeyframe(
  film: SearchedStream,
  start: SearchStart,
  budget: Budget,
): Promise<SeenKeyframe | undefined> {
  let reader = new StretchReader(film, start.at)
  let { time } = start
  let isRegular = true
  let piece = 0
  while (budget.reads > 0 && budget.bytes > 0) {
    const wait = isRegular && time !== undefined ? waitFrom(film, time) : undefined
    const from = reader.at
    const way = (wait ?? 0) * start.rate
    const isJump = way > MIN_JUMP_BYTES
    if (isJump) reader = new StretchReader(film, from + (1 - TOLERANCE) * way)
    piece = wait === undefined ? Math.max(start.firstBytes ?? FIRST_BYTES, piece * 2) : expectedBytes(wait, start.rate)
    const met = await reader.read(piece, budget)
    if (met === undefined || met.keyframe !== undefined) return met?.keyframe
    if (wait !== undefined && met.last > time! + wait) {
      isRegular = false
      piece = 0
      // It lies in what was passed over.
      if (isJump && met.first > time! + wait) reader = new StretchReader(film, from)
    }
    if (met.last > Number.NEGATIVE_INFINITY) time = met.last
  }
  return undefined
}

/** What a read has met: a keyframe, and the least and the largest decode time. */
interface Met {
  readonly keyframe: SeenKeyframe | undefined
  readonly first: number
  readonly last: number
}

/** Reads on from a place, until a keyframe is met. */
class StretchReader {
  at: number
  readonly #film: SearchedStream
  readonly #walker: PacketWalker
  readonly #stream: ElementaryStream

  constructor(film: SearchedStream, place: number) {
    const { stride, begin, track } = film
    this.#film = film
    this.at = begin + Math.ceil((place - begin) / stride) * stride
    this.#walker = new PacketWalker(stride)
    this.#stream = new ElementaryStream(track.id, 1 << 16, PREFIX_BYTES)
    this.#walker.add(this.#stream)
  }

  /** `undefined` at the end of the stream. */
  async read(lengthBytes: number, budget: Budget): Promise<Met | undefined> {
    const { source, stride, sections, readOptions } = this.#film
    const length = Math.min(lengthBytes, budget.bytes)
    budget.reads--
    budget.bytes -= length
    const bytes = await source.read(this.at, length, readOptions)
    throwIfAborted(readOptions.signal)
    if (bytes.length < stride) return undefined
    this.at += this.#walker.walk(bytes, this.at, 0, bytes.length)
    const stream = this.#stream
    let [first, last] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
    for (let row = 0; row < stream.count; row++) {
      if (stream.pts[row]! < 0) continue
      const position = stream.position[row]!
      const description = this.#describe(row)
      const time = filmTime(sections, stream.dts[row]!, position)
      first = Math.min(first, time)
      last = Math.max(last, time)
      if (description === undefined) continue
      const keyframe = { position, time: filmTime(sections, stream.pts[row]!, position), ...description }
      return { keyframe, first, last }
    }
    stream.keepLast()
    return { keyframe: undefined, first, last }
  }

  /** What decodes an access unit; `undefined` where it is no keyframe, or brings no parameter sets and so says nothing. */
  #describe(row: number): Pick<SeenKeyframe, 'description'> | undefined {
    const { codec, descriptions, width, height } = this.#film.track
    const { bytes, start, count, length } = this.#stream
    const isLast = row + 1 === count
    const prefix = bytes.subarray(start[row]!, isLast ? length : start[row + 1]!)
    const kind = pictureKind(codec, prefix, !isLast && prefix.length < PREFIX_BYTES)
    if (kind !== 'open' && kind !== 'closed') return undefined
    const sample = annexBToLengthPrefixed(prefix)
    const { config } = descriptions[0]
    if (!bringsParameterSets(codec, config, sample)) return undefined
    return { description: inBandDescription(codec, { config, width, height }, sample) }
  }
}
