import { CuemuxError, type Demuxer, rescale, type VideoTrack } from '@cuemux/core'
import {
  type Capabilities,
  chooseEncoder,
  detectInterlacingArguments,
  type FfmpegRegistry,
  type MediaAddress,
  parseInterlacing,
  probeWithFfprobe,
  type RateTarget,
  type Scan,
  targetCodecString,
  type VideoArguments,
  type VideoEncoder,
  type VideoEncoderChoice,
  type VideoJob,
  type VideoPlan,
  VideoTranscoder,
  videoEncodeArguments,
  videoSourceOf,
} from '@cuemux/ffmpeg'
import type { Clip, SegmentPlan } from '@cuemux/planner'
import { isRemote } from '../remote.js'
import type { FfmpegEncoder } from './ffmpeg-encoder.js'
import { byFilmValues } from './film-values.js'
import { foreignAddress } from './foreign-film.js'
import { withTrueRate } from './frame-rate.js'
import type { EncodingRequest, TrackEncoding } from './service.js'

const DEFAULT_MAX_HEIGHT = 1080

/** Prepares a track of pictures to become H.264, cut where the film's plan says. */
export async function openVideoEncoding(
  encoder: FfmpegEncoder,
  request: EncodingRequest,
  named: VideoTrack,
): Promise<TrackEncoding> {
  const ffmpeg = await encoder.registry()
  const capabilities = await encoder.capabilities(request.signal)
  const { demuxer, source, segments, signal } = request
  // Of a film that is far away each look would be a download.
  const track = isRemote(source.seekCostBytes) ? named : await withTrueRate(demuxer, named, signal)
  const foreign = await foreignAddress(encoder, demuxer, track)
  const own = foreign === undefined ? await encoder.loopback.serve(source) : undefined
  const input: MediaAddress = foreign?.input ?? own ?? neverAddress()
  try {
    const scan = await scanOf(ffmpeg, input, track, signal)
    const clockOffsetUs = foreign === undefined ? await clockOffset(ffmpeg, input, demuxer, track, signal) : 0
    const plan = planOf(track, segments, clockOffsetUs, request.clip)
    const encoders = choices(capabilities, encoder, track, scan, plan)
    const [first] = encoders
    const transcoder = new VideoTranscoder({
      ffmpeg,
      input,
      trackId: track.id,
      plan,
      encoders: encoders.map(({ choice }) => choice) as [VideoEncoderChoice, ...VideoEncoderChoice[]],
      health: encoder.health,
    })
    return {
      track: outputTrack(track, first.job, first.made, transcoder.reorderDelay),
      description: wanted => transcoder.description(wanted),
      segment: (n, wanted) => transcoder.segment(n, wanted),
      keyframe: (n, wanted) => transcoder.keyframe(n, wanted),
      close: async () => {
        await transcoder.close()
        await own?.close()
      },
    }
  } catch (error) {
    await own?.close()
    throw error
  }
}

function neverAddress(): never {
  throw new CuemuxError('ENCODER_FAILED', 'The film has no address for the encoder.')
}

interface Choice {
  readonly choice: VideoEncoderChoice
  readonly job: VideoJob
  readonly made: VideoArguments
}

/** The best encoder that works here, and software behind it. */
function choices(
  capabilities: Capabilities,
  { options }: FfmpegEncoder,
  track: VideoTrack,
  scan: Scan | undefined,
  plan: VideoPlan,
): readonly [Choice, ...Choice[]] {
  const source = videoSourceOf(track, scan)
  const heightLimit = options.maxHeight ?? DEFAULT_MAX_HEIGHT
  const firstKeyframe = { timescale: plan.timescale, times: Array.from(plan.times).slice(0, 2) }
  const jobFor = (keyframes: VideoJob['target']['keyframes']): VideoJob => ({
    source,
    target: { codec: 'h264', heightLimit, rate: rateFor(track, heightLimit), keyframes },
  })
  const choose = (by: VideoEncoder): Choice => ({
    choice: { family: by.family, encoding: keyframes => videoEncodeArguments(jobFor(keyframes), by) },
    job: jobFor(firstKeyframe),
    made: byFilmValues(track, () => videoEncodeArguments(jobFor(firstKeyframe), by)),
  })
  const forced = options.encoder === undefined ? {} : { force: options.encoder }
  const irregularKeyframes = track.frameDuration === undefined
  const best = chooseEncoder(capabilities, { codec: 'h264', irregularKeyframes, ...forced })
  const software = softwareEncoder(capabilities)
  return best.family === 'software' || software === undefined ? [choose(best)] : [choose(best), choose(software)]
}

function softwareEncoder(capabilities: Capabilities): VideoEncoder | undefined {
  try {
    return chooseEncoder(capabilities, { codec: 'h264', force: 'software' })
  } catch {
    return undefined
  }
}

/** Bits per pixel and frame that hold H.264 of moving pictures up well. */
const BITS_PER_PIXEL = 0.12
const LEAST_BPS = 500_000
/** Of the mean: what the peak may be, so that BANDWIDTH is true before a frame is encoded. */
const PEAK = 1.15

/** A rate by the size and the frames a second that come out, not above what the source spends on better codecs twice. */
function rateFor(track: VideoTrack, heightLimit: number): Extract<RateTarget, { bitrateBps: number }> {
  const scale = Math.min(1, heightLimit / Math.max(1, track.height))
  const pixels = track.width * track.height * scale * scale
  const wished = pixels * Math.min(60, track.frameRate ?? 25) * BITS_PER_PIXEL
  const known = track.bitrateBps === undefined ? wished : Math.min(wished, 2 * track.bitrateBps)
  const bitrateBps = Math.round(Math.max(LEAST_BPS, known))
  return { bitrateBps, maxBitrateBps: Math.round(bitrateBps * PEAK), bufferBits: bitrateBps }
}

function outputTrack(track: VideoTrack, job: VideoJob, made: VideoArguments, reorderDelay: number): VideoTrack {
  const { cleanAperture: _, ...kept } = track
  const { rate } = job.target
  return {
    ...kept,
    codec: 'h264',
    containerCodec: 'avc1',
    // The configuration comes with the encoder's first frame; the string is known before.
    descriptions: [{ config: new Uint8Array(), codecString: targetCodecString(job) }],
    width: made.width,
    height: made.height,
    pixelAspect: made.pixelAspect,
    rotation: 0,
    reorderDelay,
    colour: undefined,
    hdr: {},
    bitDepth: 8,
    interlaced: false,
    sampleCount: undefined,
    bitrateBps: 'bitrateBps' in rate ? rate.bitrateBps : undefined,
  }
}

function planOf(track: VideoTrack, segments: SegmentPlan, clockOffsetUs: number, clip: Clip | undefined): VideoPlan {
  const { timescale } = segments
  const rescaled = (ticks: number): number => rescale(ticks, track.timescale, timescale)
  const frameDuration = track.frameDuration === undefined ? undefined : rescaled(track.frameDuration)
  const [first = 0] = segments.times
  return {
    timescale,
    times: segments.times,
    start: track.start === undefined ? first : rescaled(track.start),
    frameDuration,
    nominalDuration: frameDuration ?? Math.max(1, Math.round(timescale / (track.frameRate ?? 25))),
    clockOffsetUs,
    ...(clip === undefined || clip.first === 0 ? {} : { from: first }),
    ...(clip !== undefined && Number.isFinite(clip.toUs) ? { end: rescale(clip.toUs, 1_000_000, timescale) } : {}),
  }
}

/** The film's clock minus ffmpeg's: both read a Matroska's times as they are; of others ffprobe tells where it starts. */
export async function clockOffset(
  ffmpeg: FfmpegRegistry,
  input: MediaAddress,
  { index }: Demuxer,
  track: VideoTrack,
  signal: AbortSignal | undefined,
): Promise<number> {
  if (index.container === 'matroska' || index.container === 'webm') return 0
  const { streams } = await probeWithFfprobe(ffmpeg, input.url, { signal })
  const probed = streams.find(stream => stream.track.kind === 'video')?.track
  const ours = track.start ?? (index.keyframes.trackId === track.id ? index.keyframes.time[0] : undefined)
  if (probed?.start === undefined || ours === undefined) return 0
  const oursUs = rescale(ours, track.timescale, 1_000_000)
  return oursUs - rescale(probed.start, probed.timescale, 1_000_000)
}

/** Codecs of which the container may not say how they were scanned. */
const MAY_BE_INTERLACED: ReadonlySet<VideoTrack['codec']> = new Set(['mpeg2', 'mpeg1', 'mpeg4', 'unknown'])

/** Looks at some pictures where the stream doesn't say how they were scanned. */
export async function scanOf(
  ffmpeg: FfmpegRegistry,
  input: MediaAddress,
  track: VideoTrack,
  signal: AbortSignal | undefined,
): Promise<Scan | undefined> {
  if (track.interlaced || !MAY_BE_INTERLACED.has(track.codec)) return undefined
  const { outputArguments } = detectInterlacingArguments()
  const args = ['-hide_banner', '-loglevel', 'info', '-nostats', '-protocol_whitelist', 'http,tcp', '-i', input.url]
  const child = await ffmpeg.start({ args: [...args, ...outputArguments], stdin: 'keys', signal })
  child.stdout.resume()
  await child.exit
  return parseInterlacing(child.stderrLines.join('\n')).scan
}
