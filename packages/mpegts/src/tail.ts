import type { ByteSource, ReadOptions } from '@cuemux/core'
import { frameAudio } from './audio-framing.js'
import { audioParser } from './audio-parsers.js'
import { filmTime, frameTime } from './clock.js'
import { ElementaryStream } from './elementary-stream.js'
import type { TrackWithFormat } from './es-media.js'
import type { PidEpoch, TimeSections } from './format.js'
import { PacketWalker } from './packet-walker.js'

/** How far from the end the last frames of sound are looked for. */
const MAX_TAIL_BYTES = 16 * 1024 * 1024

/** Where each track of sound ends, ticks of the track; `undefined` for other tracks and where no frame was found. */
export async function readSoundEnds(
  source: ByteSource,
  pairs: readonly TrackWithFormat[],
  film: {
    readonly stride: number
    readonly begin: number
    readonly sections: TimeSections
    readonly epochs: readonly PidEpoch[]
  },
  endBytes: number,
  firstBytes: number,
  options: ReadOptions,
): Promise<(number | undefined)[]> {
  const ends: (number | undefined)[] = pairs.map(() => undefined)
  const pids = film.epochs.at(-1)!.pids
  for (let size = firstBytes; ; size *= 2) {
    const packets = Math.floor(Math.min(size, endBytes - film.begin) / film.stride)
    // Packets lie at the distance from the first one on, but for garbage, behind which the walker finds them again.
    const from = Math.max(film.begin, endBytes - packets * film.stride)
    const bytes = await source.read(from, endBytes - from, options)
    const walker = new PacketWalker(film.stride)
    const streams = pids.map(pid => (pid < 0 ? undefined : new ElementaryStream(pid)))
    pairs.forEach(({ track, format }, i) => {
      if (track.kind === 'audio' && format.isKnown && streams[i] !== undefined) walker.add(streams[i])
    })
    walker.walk(bytes, from, 0, bytes.length)
    let isOpen = false
    pairs.forEach((pair, i) => {
      if (pair.track.kind !== 'audio' || !pair.format.isKnown || streams[i] === undefined) return
      ends[i] = lastEnd(pair, streams[i], film.sections)
      if (ends[i] === undefined) isOpen = true
    })
    if (!isOpen || from === film.begin || size >= MAX_TAIL_BYTES) return ends
  }
}

function lastEnd(
  { track, format }: TrackWithFormat,
  stream: ElementaryStream,
  sections: TimeSections,
): number | undefined {
  const parser = audioParser(format.framing)
  if (parser === undefined) return undefined
  const frames = frameAudio(stream, parser, format.ticksPerSample)
  for (let i = frames.count - 1; i >= 0; i--) {
    const row = frames.row[i]!
    if (row < 0) continue
    const time = filmTime(sections, stream.pts[row]!, stream.position[row]!)
    return frameTime(format, track.timescale, time, frames.after[i]!) + frames.ticks[i]!
  }
  return undefined
}
