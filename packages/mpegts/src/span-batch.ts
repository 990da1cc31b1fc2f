import { type KeyframeKind, keyframeKind } from '@cuemux/codecs'
import { SAMPLE_SYNC, type SampleBatch, settleDecodeTimes, type VideoTrack } from '@cuemux/core'
import { CLOCK_RATE, filmTime, frameTime } from './clock.js'
import { FRAME_KEY } from './frame-columns.js'
import { delayTicks } from './keyframes.js'
import { packetTime, type SpanPlan, type SpanTrack, timeOf } from './span-read.js'
import { frameVideo, SampleWriter } from './video-framing.js'

/** The samples of a track in the span, in decode order. */
interface Selection {
  readonly pts: number[]
  /** Decode times of the stream. */
  readonly dts: number[]
  readonly flags: number[]
  readonly data: Uint8Array[]
  /** Decode time of the track's next sample, ticks. */
  next: number
}

/** Makes the batch of a track; `undefined` where it has no samples in the span. */
export function makeBatch(plan: SpanPlan, track: SpanTrack): SampleBatch | undefined {
  const selection = select(plan, track)
  const count = selection.pts.length
  if (count === 0) return undefined
  const pts = Float64Array.from(selection.pts)
  const times = settleDecodeTimes(Float64Array.from(selection.dts), pts, selection.next)
  const size = new Uint32Array(count)
  const flags = new Uint8Array(count)
  for (let i = 0; i < count; i++) {
    size[i] = selection.data[i]!.length
    flags[i] = selection.flags[i]! & FRAME_KEY ? SAMPLE_SYNC : 0
  }
  if (track.isReference) flags[0] = SAMPLE_SYNC
  const { id, timescale } = track.track
  return { trackId: id, timescale, descriptionIndex: 0, count, ...times, size, flags, data: selection.data }
}

function select(plan: SpanPlan, track: SpanTrack): Selection {
  if (track.parser !== undefined) return selectSound(plan, track)
  if (track.track.kind !== 'video') return selectPackets(plan, track)
  const { framing } = track.format
  const selection =
    framing === 'avc' || framing === 'hevc'
      ? selectUnits(plan, track, track.track)
      : selectPictures(plan, track, track.track)
  return track.isReference ? withDecodeTimes(plan, track, selection) : selection
}

function selectSound(plan: SpanPlan, track: SpanTrack): Selection {
  const { from, to, stream, frames, parser } = track
  const selection: Selection = { pts: [], dts: [], flags: [], data: [], next: Number.NEGATIVE_INFINITY }
  const count = frames?.count ?? 0
  // Hot: once per frame of sound.
  for (let i = 0; i < count; i++) {
    if (frames!.row[i]! < 0) continue
    const time = timeOf(plan, track, i)
    if (time >= to) {
      selection.next = time
      return selection
    }
    // Where recordings were joined, the sound of the first one may last into the other's.
    if (time < from || time < selection.next - frames!.ticks[i]! / 2) continue
    const data = parser!.payload(stream.bytes, frames!.start[i]!, frames!.end[i]!)
    if (data.length === 0) continue
    add(selection, time, time, FRAME_KEY, data)
    selection.next = time + frames!.ticks[i]!
  }
  return selection
}

/** Each PES packet as it is, by its time: what is listed and not played. */
function selectPackets(plan: SpanPlan, track: SpanTrack): Selection {
  const { from, to, stream } = track
  const selection: Selection = { pts: [], dts: [], flags: [], data: [], next: 0 }
  for (let row = 0; row < stream.count; row++) {
    if (stream.pts[row]! < 0) continue
    const time = packetTime(plan, track, row)
    if (time >= to) {
      selection.next = time
      return selection
    }
    if (time < from) continue
    add(
      selection,
      time,
      time,
      FRAME_KEY,
      stream.bytes.subarray(stream.start[row]!, row + 1 < stream.count ? stream.start[row + 1]! : stream.length),
    )
    selection.next = time + 1
  }
  return selection
}

function selectUnits(plan: SpanPlan, track: SpanTrack, video: VideoTrack): Selection {
  const { stream, format } = track
  const { film, isFirst, start } = plan
  const { frames, nals } = frameVideo(stream, video.codec, format.hasFields)
  const writer = new SampleWriter(video.codec, film.setsChange ? [] : format.parameterSets)
  const selection: Selection = { pts: [], dts: [], flags: [], data: [], next: 0 }
  // Hot: once per access unit.
  for (let i = 0; i < frames.count; i++) {
    const row = frames.row[i]!
    if (row < 0) continue
    const after = frames.after[i]! * film.pictureTicks
    const time = pictureTime(plan, track, stream.pts[row]!, row, after)
    const decode = pictureTime(plan, track, stream.dts[row]!, row, after)
    // Leading pictures of the film's first keyframe refer to what it doesn't have.
    if (track.isReference && isFirst && time < start.time) continue
    if (!isWithin(track, time)) {
      if (time >= track.to && selection.next === 0) selection.next = decode
      continue
    }
    const data = writer.write(stream.bytes, nals, frames.start[i]!, frames.end[i]!)
    if (data.length > 0) add(selection, time, decode, frames.flags[i]!, data)
  }
  return selection
}

/** MPEG-1 and 2 and what isn't looked into: a picture in each PES packet. */
function selectPictures(plan: SpanPlan, track: SpanTrack, video: VideoTrack): Selection {
  const { stream } = track
  const { isFirst, start } = plan
  const selection: Selection = { pts: [], dts: [], flags: [], data: [], next: 0 }
  for (let row = 0; row < stream.count; row++) {
    if (stream.pts[row]! < 0) continue
    const time = pictureTime(plan, track, stream.pts[row]!, row, 0)
    if (track.isReference && isFirst && time < start.time) continue
    if (!isWithin(track, time)) continue
    const data = stream.bytes.subarray(
      stream.start[row]!,
      row + 1 < stream.count ? stream.start[row + 1]! : stream.length,
    )
    const kind: KeyframeKind = keyframeKind(video.codec, data.subarray(0, 256), 4)
    add(selection, time, pictureTime(plan, track, stream.dts[row]!, row, 0), kind === 'none' ? 0 : FRAME_KEY, data)
  }
  return selection
}

/** The reference track is cut by place; another one by time. */
function isWithin({ isReference, from, to }: SpanTrack, time: number): boolean {
  return isReference || (time >= from && time < to)
}

function add(selection: Selection, pts: number, dts: number, flags: number, data: Uint8Array): void {
  selection.pts.push(pts)
  selection.dts.push(dts)
  selection.flags.push(flags)
  selection.data.push(data)
}

/** A time stamp of a packet as ticks of its track. */
function pictureTime(
  { film }: SpanPlan,
  { track, format, stream }: SpanTrack,
  stamp: number,
  row: number,
  after: number,
): number {
  return frameTime(format, track.timescale, filmTime(film.sections, stamp, stream.position[row]!) + after, 0)
}

/** Decode times of pictures: the stream's own, or presentation times in order, earlier by the reorder delay. */
function withDecodeTimes({ film, end }: SpanPlan, { track, format }: SpanTrack, selection: Selection): Selection {
  const { pts, dts } = selection
  if (pts.length === 0) return selection
  const { timescale } = track
  const usual = format.gridTicks > 0 ? format.gridTicks : Math.round((film.pictureTicks * timescale) / CLOCK_RATE)
  if (film.usesDts) {
    // The last picture is shown until it has lasted as long as others, though pictures before it may be missing.
    const shown = track.kind === 'video' ? pts.reduce((a, b) => Math.max(a, b)) - track.reorderDelay : 0
    selection.next = end?.decodeTime ?? Math.max(dts[dts.length - 1]!, shown) + usual
    return selection
  }
  const delay = delayTicks(film.reorderDelay, format.gridTicks, timescale)
  const sorted = Float64Array.from(pts).sort()
  sorted.forEach((time, i) => {
    dts[i] = time - delay
  })
  selection.next = end?.decodeTime ?? sorted[sorted.length - 1]! + usual - delay
  return selection
}
