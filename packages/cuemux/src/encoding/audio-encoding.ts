import { type AudioTrack, CuemuxError, rescale, type SampleBatch, sliceBatch } from '@cuemux/core'
import {
  AudioTranscoder,
  type AudioTranscoderOptions,
  audioEncodeArguments,
  type FfmpegRegistry,
  type ReadSamples,
} from '@cuemux/ffmpeg'
import type { ClientProfile, SegmentPlan } from '@cuemux/planner'
import type { FfmpegEncoder } from './ffmpeg-encoder.js'
import { byFilmValues } from './film-values.js'
import type { EncodingRequest, TrackEncoding } from './service.js'
import { soundAddress } from './sound-address.js'

/** Prepares a track of sound to become AAC. */
export async function openAudioEncoding(
  encoder: FfmpegEncoder,
  request: EncodingRequest,
  track: AudioTrack,
): Promise<TrackEncoding> {
  const ffmpeg = await encoder.registry()
  const told = await request.demuxer.readTrackStart(track.id, { signal: request.signal })
  if (told.kind !== 'audio') throw new CuemuxError('CORRUPT_MEDIA', `Track ${track.id} is no sound.`)
  const address = await soundAddress(encoder, request, told)
  try {
    const transcoder = transcoderFor(ffmpeg, request, address?.track ?? told, address ?? readSamples(request, told))
    return {
      track: transcoder.track,
      segment: (n, signal) => transcoder.segment(n, signal).catch(undefinedWhereNone),
      warm: () => void transcoder.warm(),
      close: async () => {
        await transcoder.close()
        await address?.close()
      },
    }
  } catch (error) {
    await address?.close()
    throw error
  }
}

function transcoderFor(
  ffmpeg: FfmpegRegistry,
  request: EncodingRequest,
  track: AudioTrack,
  input: AudioTranscoderOptions['input'],
): AudioTranscoder {
  const encoding = byFilmValues(track, () =>
    audioEncodeArguments({
      codec: track.codec,
      channelsIn: track.channels,
      sampleRateIn: track.sampleRate,
      target: 'aac',
      channelsOut: takesSurround(request.client) ? 6 : 2,
    }),
  )
  const { channels, bitrateBps, sampleRate } = encoding
  const { times, timescale } = request.segments
  return new AudioTranscoder({
    ffmpeg,
    track: clipped(track, request),
    input,
    segments: { times, timescale },
    target: { codec: 'aac', channels, bitrateBps, sampleRate },
    encoding,
  })
}

/** Whether 5.1 is kept: browsers play it, but on two loudspeakers a mix made for them keeps dialogue clear. */
function takesSurround({ name }: ClientProfile): boolean {
  return name !== 'browser' && name !== 'listed'
}

function undefinedWhereNone(error: unknown): undefined {
  if (error instanceof CuemuxError && error.code === 'NOT_FOUND') return undefined
  throw error
}

/** The sound of a clip starts with the clip: the encoder's grid counts from there. What lies before is as priming is. */
function clipped(track: AudioTrack, { clip }: EncodingRequest): AudioTrack {
  if (clip === undefined) return track
  const from = rescale(clip.fromUs, 1_000_000, track.timescale)
  const to = clipEnd(clip, track.timescale)
  const end = Math.min(track.end ?? Number.POSITIVE_INFINITY, to)
  const { start: whole = 0 } = track
  const start = Math.max(whole, from)
  return { ...track, start, priming: track.priming + start - whole, end: Number.isFinite(end) ? end : undefined }
}

/** Where a clip ends, in ticks of a track; infinite where it goes to the film's end or there is none. */
function clipEnd(clip: EncodingRequest['clip'], timescale: number): number {
  return clip !== undefined && Number.isFinite(clip.toUs)
    ? rescale(clip.toUs, 1_000_000, timescale)
    : Number.POSITIVE_INFINITY
}

/** Reads windows of a track by the film's segments, whose samples the other renditions need as well. */
export function readSamples(
  request: Pick<EncodingRequest, 'segments' | 'readSegment' | 'clip'>,
  track: AudioTrack,
): ReadSamples {
  const { segments, readSegment, clip } = request
  const end = clipEnd(clip, track.timescale)
  return async (fromTicks, toTicks, signal) => {
    const to = Math.min(toTicks, end)
    const batches: SampleBatch[] = []
    const last = segments.times.length - 1
    for (let n = segmentAt(segments, fromTicks, track.timescale); n <= last; n++) {
      const start = rescale(segments.times[n] ?? 0, segments.timescale, track.timescale)
      // A sample belongs to the segment in which it starts; rounding may have moved a boundary by a tick.
      if (n > 0 && start > to + 1) break
      for (const batch of await readSegment(n, track.id, signal)) {
        const part = between(batch, fromTicks, to)
        if (part !== undefined) batches.push(part)
      }
    }
    return batches
  }
}

/** The segment in which a time lies, or the one before where it lies right at its start. */
function segmentAt(segments: SegmentPlan, ticks: number, timescale: number): number {
  let n = 0
  while (
    n + 1 < segments.times.length &&
    rescale(segments.times[n + 1] ?? 0, segments.timescale, timescale) < ticks - 1
  ) {
    n++
  }
  return n
}

function between(batch: SampleBatch, from: number, to: number): SampleBatch | undefined {
  const timeOf = (i: number): number => (batch.dts[i] ?? 0) + (batch.compositionOffset[i] ?? 0)
  let first = 0
  while (first < batch.count && timeOf(first) < from) first++
  let end = batch.count
  while (end > first && timeOf(end - 1) >= to) end--
  return first === end ? undefined : sliceBatch(batch, first, end)
}
