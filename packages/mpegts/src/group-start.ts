import { annexBToLengthPrefixed, captionDataOf, inBandDescription } from '@cuemux/codecs'
import {
  type ByteSource,
  type GroupStart,
  type GroupStartOptions,
  type SampleDescription,
  throwIfAborted,
  type VideoTrack,
} from '@cuemux/core'
import { filmTime, frameTime } from './clock.js'
import { ElementaryStream } from './elementary-stream.js'
import type { MpegTsFormat, TrackFormat } from './format.js'
import { PacketWalker } from './packet-walker.js'
import { pictureKind } from './picture-kind.js'
import type { Cut } from './span-read.js'

const PIECE_BYTES = 128 * 1024
const MAX_BYTES = 16 * 1024 * 1024
const PREFIX_BYTES = 4096
/** Pictures behind the keyframe in which leading ones are looked for. */
const MAX_PICTURES = 64

/** Looks at a keyframe of a video track and the pictures that follow it. */
export async function readGroupStart(
  source: ByteSource,
  film: MpegTsFormat,
  track: VideoTrack,
  format: TrackFormat,
  pid: number,
  cut: Cut,
  { signal, ignoresLeads = false }: GroupStartOptions,
): Promise<GroupStart> {
  const walker = new PacketWalker(film.stride)
  const stream = new ElementaryStream(pid, undefined, PREFIX_BYTES)
  walker.add(stream)
  const toTicks = (stamp: number, position: number): number =>
    frameTime(format, track.timescale, filmTime(film.sections, stamp, position), 0)
  let at = cut.position
  let isClosed: boolean | undefined
  let told: Told = {}
  for (let piece = PIECE_BYTES; at - cut.position < MAX_BYTES; piece *= 2) {
    const bytes = await source.read(at, piece, { signal })
    if (bytes.length < film.stride) break
    at += walker.walk(bytes, at, 0, bytes.length)
    throwIfAborted(signal)
    if (isClosed === undefined && stream.count > 0 && (stream.count > 1 || stream.isPrefixFull)) {
      const prefix = stream.bytes.subarray(0, stream.count > 1 ? stream.start[1]! : stream.length)
      const kind = pictureKind(track.codec, prefix, false)
      isClosed = kind !== 'open'
      told = toldBy(film, track, prefix)
      // H.264: what follows an IDR picture in decode order is shown behind it.
      if (ignoresLeads || (kind === 'closed' && track.codec === 'h264')) return startOf(isClosed, 0, told)
    }
    const lead = leadOf(toTicks, stream, cut)
    if (lead !== undefined) return startOf(isClosed ?? true, lead, told)
  }
  return startOf(isClosed ?? true, leadOf(toTicks, stream, cut, true) ?? 0, told)
}

function startOf(isClosed: boolean, lead: number, told: Told): GroupStart {
  return { isClosed, lead, ...told }
}

/** What a keyframe's own bytes tell. */
type Told = Pick<GroupStart, 'description' | 'bringsSets' | 'captions'>

function toldBy({ setsChange }: MpegTsFormat, track: VideoTrack, prefix: Uint8Array): Told {
  const description = descriptionOf(track, prefix)
  const captions = captionDataOf(prefix)
  return {
    ...(description === undefined ? {} : { description }),
    ...(setsChange ? { bringsSets: true } : {}),
    ...(captions === undefined ? {} : { captions }),
  }
}

/** What decodes the group by the parameter sets before its keyframe; `undefined` where that is the track's own description. */
function descriptionOf(
  { codec, descriptions, width, height }: VideoTrack,
  prefix: Uint8Array,
): SampleDescription | undefined {
  if (codec !== 'h264' && codec !== 'hevc') return undefined
  const known = { config: descriptions[0].config, width, height }
  return inBandDescription(codec, known, annexBToLengthPrefixed(prefix))
}

/** By how much the group's first picture comes before the keyframe; `undefined` where more pictures have to be seen. */
function leadOf(
  toTicks: (stamp: number, position: number) => number,
  stream: ElementaryStream,
  cut: Cut,
  isEnd = false,
): number | undefined {
  let least = cut.time
  for (let row = 1; row < stream.count; row++) {
    if (stream.pts[row]! < 0) continue
    const time = toTicks(stream.pts[row]!, stream.position[row]!)
    // Leading pictures come before all others of their group.
    if (time > cut.time || row > MAX_PICTURES) return cut.time - least
    least = Math.min(least, time)
  }
  return isEnd ? cut.time - least : undefined
}
