import { type ByteSource, type ReadOptions, throwIfAborted } from '@cuemux/core'
import { CLOCK_RATE, filmTime } from './clock.js'
import { ElementaryStream } from './elementary-stream.js'
import type { TimeModel, TimeSections } from './format.js'
import { PacketWalker } from './packet-walker.js'

/** From this size on a remote stream is sampled rather than read through. */
export const MIN_SAMPLED_BYTES: number = 32 * 1024 * 1024
const SAMPLES = 12
/** A sample is so long that a picture or a packet of sound begins in it as a rule, 90 kHz. */
const SAMPLE_TICKS = CLOCK_RATE / 25
const MIN_SAMPLE_BYTES = 12 * 1024
const MAX_SAMPLE_BYTES = 1024 * 1024

/** What sampling needs to know of the stream. */
export interface SampledFilm {
  readonly stride: number
  readonly begin: number
  readonly end: number
  readonly sections: TimeSections
  /** PIDs that carry time stamps. */
  readonly pids: readonly number[]
}

/**
 * The film's time at some places of a stream, evenly far from each other, by small parallel reads. `undefined` where
 * times don't rise from place to place: recordings were joined, and only reading all of it finds where.
 *
 * @param from place and time of what was read already
 * @param last place and time at the end
 */
export async function sampleTimes(
  source: ByteSource,
  film: SampledFilm,
  from: readonly [number, number],
  last: readonly [number, number],
  options: ReadOptions,
): Promise<TimeModel | undefined> {
  const places = Array.from({ length: SAMPLES }, (_, i) => from[0] + ((i + 1) * (last[0] - from[0])) / (SAMPLES + 1))
  throwIfAborted(options.signal)
  const ticks = last[1] - from[1]
  const rate = ticks > 0 ? (last[0] - from[0]) / ticks : 0
  const firstBytes = Math.min(MAX_SAMPLE_BYTES / 8, Math.max(MIN_SAMPLE_BYTES, Math.ceil(rate * SAMPLE_TICKS)))
  // All at once: one round trip.
  const found = await Promise.all(places.map(place => timeAt(source, film, place, firstBytes, options)))
  const points = [from, ...found.filter(point => point !== undefined), last]
  if (points.length < SAMPLES / 2) return undefined
  for (let i = 1; i < points.length; i++) {
    if (points[i]![0] <= points[i - 1]![0] || points[i]![1] < points[i - 1]![1] - CLOCK_RATE) return undefined
  }
  return { position: points.map(([position]) => position), time: points.map(([, time]) => time) }
}

async function timeAt(
  source: ByteSource,
  film: SampledFilm,
  place: number,
  firstBytes: number,
  options: ReadOptions,
): Promise<readonly [number, number] | undefined> {
  const from = film.begin + Math.floor((place - film.begin) / film.stride) * film.stride
  for (let size = firstBytes; size <= MAX_SAMPLE_BYTES; size *= 2) {
    const bytes = await source.read(from, Math.min(size, film.end - from), options)
    const walker = new PacketWalker(film.stride)
    const streams = film.pids.map(pid => new ElementaryStream(pid, 0, 0))
    for (const stream of streams) walker.add(stream)
    walker.walk(bytes, from, 0, bytes.length)
    for (const { count, dts, position } of streams) {
      for (let row = 0; row < count; row++) {
        if (dts[row]! >= 0) return [position[row]!, filmTime(film.sections, dts[row]!, position[row]!)]
      }
    }
  }
  return undefined
}

/** Where a time is about, by the places around it. */
export function estimatePosition({ position, time }: TimeModel, at: number): number {
  let i = 0
  while (i + 2 < time.length && time[i + 1]! <= at) i++
  const span = time[i + 1]! - time[i]!
  const part = span > 0 ? (at - time[i]!) / span : 0
  return position[i]! + (position[i + 1]! - position[i]!) * Math.max(0, Math.min(1, part))
}

/** Bytes in a tick of 90 kHz around a time. */
export function bytesPerTick({ position, time }: TimeModel): number {
  const ticks = time[time.length - 1]! - time[0]!
  return ticks > 0 ? (position[position.length - 1]! - position[0]!) / ticks : 1
}
