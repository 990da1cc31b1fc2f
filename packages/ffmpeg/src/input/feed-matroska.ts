import { type AudioTrack, concatBytes, rescale, type SampleBatch } from '@cuemux/core'
import { element, FEED_ID, floatElement, openElement, textElement, uintElement } from './ebml-writer.js'
import { feedCodec } from './feed-codec.js'

/** Nanoseconds in a second: the feed's timescale, fine enough for the sample of any rate. */
const NS = 1_000_000_000
const TRACK_TYPE_AUDIO = 2

/**
 * The head of a Matroska stream with one track of sound: what ffmpeg needs to decode samples that follow as
 * {@link feedClusters}. One tick of it is a nanosecond, so that every time is exact to the sample.
 *
 * @throws CuemuxError `UNSUPPORTED_CODEC`
 */
export function feedHead(track: AudioTrack, descriptionIndex = 0): Uint8Array {
  const description = track.descriptions[descriptionIndex] ?? track.descriptions[0]
  const { codecId, codecPrivate } = feedCodec(track, description.config)
  const entry = element(
    FEED_ID.TrackEntry,
    uintElement(FEED_ID.TrackNumber, 1),
    uintElement(FEED_ID.TrackUID, 1),
    uintElement(FEED_ID.TrackType, TRACK_TYPE_AUDIO),
    textElement(FEED_ID.CodecID, codecId),
    ...(codecPrivate.length > 0 ? [element(FEED_ID.CodecPrivate, codecPrivate)] : []),
    element(
      FEED_ID.Audio,
      floatElement(FEED_ID.SamplingFrequency, track.sampleRate),
      uintElement(FEED_ID.Channels, track.channels),
      ...(track.bitDepth === undefined ? [] : [uintElement(FEED_ID.BitDepth, track.bitDepth)]),
    ),
  )
  return concatBytes([
    element(FEED_ID.EBML, textElement(FEED_ID.DocType, 'matroska')),
    openElement(FEED_ID.Segment),
    element(FEED_ID.Info, uintElement(FEED_ID.TimestampScale, 1)),
    element(FEED_ID.Tracks, entry),
  ])
}

/** Bytes before a sample: a cluster's header and timestamp, a block's header. */
const OVERHEAD_BYTES = 27
/** PCM may come as one sample per block of 4 bytes; then blocks are joined up to this size. */
const JOINED_BYTES = 4096

/**
 * Samples as clusters of one block each: a block's own time has 16 bits only, 33 µs in nanoseconds.
 *
 * @param anchor time on the film's clock, ticks of the batch's timescale, that becomes `anchorNs`
 * @param first number of the first sample that is written; those before it are left out
 */
export function feedClusters(
  track: AudioTrack,
  batch: SampleBatch,
  anchor: number,
  anchorNs: number,
  first = 0,
): Uint8Array {
  const starts = blockStarts(track, batch, first)
  const { config } = track.descriptions[batch.descriptionIndex] ?? track.descriptions[0]
  const { rewrite } = feedCodec(track, config)
  let total = 0
  for (let i = first; i < batch.count; i++) total += batch.data[i]?.length ?? 0
  const out = new Uint8Array(total + OVERHEAD_BYTES * starts.length)
  const view = new DataView(out.buffer)
  let at = 0
  starts.forEach((from, n) => {
    const to = starts[n + 1] ?? batch.count
    let size = 0
    for (let i = from; i < to; i++) size += batch.data[i]?.length ?? 0
    const pts = (batch.dts[from] ?? 0) + (batch.compositionOffset[from] ?? 0)
    const timeNs = anchorNs + rescale(pts - anchor, batch.timescale, NS)
    writeHeaders(view, at, timeNs, size)
    at += OVERHEAD_BYTES
    for (let i = from; i < to; i++) {
      const data = batch.data[i]
      if (data === undefined) continue
      out.set(data, at)
      rewrite?.(out.subarray(at, at + data.length))
      at += data.length
    }
  })
  return out
}

function writeHeaders(view: DataView, at: number, timeNs: number, size: number): void {
  view.setUint32(at, 0x1f43b675) // Cluster
  view.setUint32(at + 4, 0x10000000 | (OVERHEAD_BYTES - 8 + size))
  view.setUint16(at + 8, 0xe788) // Timestamp, 8 bytes
  view.setBigUint64(at + 10, BigInt(Math.max(0, Math.round(timeNs))))
  view.setUint8(at + 18, 0xa3) // SimpleBlock
  view.setUint32(at + 19, 0x10000000 | (4 + size))
  view.setUint32(at + 23, 0x81000080) // track 1, time 0 in the cluster, keyframe
}

/** Numbers of the samples with which blocks begin. */
function blockStarts(track: AudioTrack, batch: SampleBatch, first: number): number[] {
  const starts: number[] = []
  let size = 0
  let end = Number.NaN
  for (let i = first; i < batch.count; i++) {
    const length = batch.data[i]?.length ?? 0
    const joins = track.codec === 'pcm' && batch.dts[i] === end && size + length <= JOINED_BYTES
    if (joins) size += length
    else {
      starts.push(i)
      size = length
    }
    end = (batch.dts[i] ?? 0) + (batch.duration[i] ?? 0)
  }
  return starts
}
