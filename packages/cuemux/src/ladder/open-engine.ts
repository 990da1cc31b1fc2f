import { availableParallelism } from 'node:os'
import { type AudioTrack, CuemuxError, type MediaIndex, rescale, throwIfAborted, type VideoTrack } from '@cuemux/core'
import type { VideoPlan, VideoSource } from '@cuemux/ffmpeg'
import { planTimeline } from '@cuemux/planner'
import type { JsonValue } from '@cuemux/store'
import { type FfmpegEncoder, ffmpegEncoder } from '../encoding/ffmpeg-encoder.js'
import { validateOptions } from '../schemas.js'
import { type AudioInput, AudioLadder, audioLayouts, shiftedSegments } from './audio-ladder.js'
import { FilmLadderEngine } from './engine.js'
import { type FilmInput, openFilmInput } from './film-input.js'
import { FrameFeed } from './frame-feed.js'
import { FrameInput, frameBytes } from './frame-input.js'
import { type LadderGrid, planLadderGrid } from './ladder-grid.js'
import type { LadderEngine, LadderEngineOptions, LadderFrames, LadderPcm } from './model.js'
import { PcmInput } from './pcm-input.js'
import { frameStepFor, type PlannedRung, planRungs } from './rungs.js'
import { VideoLadder } from './video-ladder.js'
import { setUpVideo, type VideoSetup } from './video-setup.js'

const DEFAULT_SEGMENT_MS = 4000
const DEFAULT_CHUNK_SEGMENTS = 6
/** Each takes the memory of an ffmpeg with a decoder and an encoder for each rung. */
const MAX_PARALLEL = 8
/** Of what decides the bytes beside the settings themselves. */
const SETTINGS_VERSION = 1
/** Ticks of raw frames are at least so many in a second, so that sound and pictures start at one time. */
const LEAST_TIMESCALE = 1000

/**
 * Prepares a ladder: opens the input, plans its rungs and segments, chooses the encoders. Nothing is encoded before
 * `segments()` is called.
 *
 * @throws CuemuxError `BAD_REQUEST`, `ENCODER_MISSING`, `UNSUPPORTED_CODEC` for a film without picture and sound, and
 *   what opening the input throws
 */
export async function openLadderEngine(options: LadderEngineOptions): Promise<LadderEngine> {
  const checked = validateOptions('ladderEngine', options)
  const { input, frames, signal, onEvent } = checked
  if ((input === undefined) === (frames === undefined)) {
    throw new CuemuxError('BAD_REQUEST', 'A ladder is made of an input or of frames: one of the two.')
  }
  throwIfAborted(signal)
  const told = checked.encoder?.onEvent
  const encoder = ffmpegEncoder({
    ...checked.encoder,
    onEvent: event => {
      told?.(event)
      onEvent?.(event)
    },
  })
  if (frames !== undefined) return openFrames(encoder, checked, frames)
  const film = await openFilmInput(encoder, input ?? '', { pictures: true }, signal)
  try {
    return await openFilm(encoder, checked, film)
  } catch (error) {
    await film.close()
    throw error
  }
}

/** What of a ladder's pictures is known before its grid. */
interface Pictures {
  readonly track: VideoTrack
  readonly source: VideoSource
  readonly rungs: readonly PlannedRung[]
}

async function openFilm(encoder: FfmpegEncoder, options: LadderEngineOptions, film: FilmInput): Promise<LadderEngine> {
  const { index, source } = film.media
  const { pictures, sound } = film
  const reference = pictures?.track ?? sound?.track
  if (reference === undefined) {
    throw new CuemuxError('UNSUPPORTED_CODEC', 'The film has neither a picture nor sound.')
  }
  const rungs = pictures === undefined ? [] : planRungs(pictures.source, options.rungs ?? 'seed')
  const { timescale } = reference
  const start = reference.start ?? 0
  const grid = planLadderGrid({
    timescale,
    start,
    end: filmEnd(index, [pictures?.track, sound?.track], timescale, start),
    frameDuration: pictures?.track.frameDuration,
    frameSteps: rungs.map(({ maxFrameRate }) => frameStepFor(pictures?.source.frameRate, maxFrameRate)),
    segmentMs: options.segmentDurationMs ?? DEFAULT_SEGMENT_MS,
  })
  const seen = pictures === undefined ? undefined : { ...pictures, rungs }
  const plan = { ...planOf(grid, reference), clockOffsetUs: pictures?.clockOffsetUs ?? 0 }
  const setup = seen === undefined ? undefined : await setUp(encoder, options, seen, plan)
  const audio = sound === undefined ? [] : await openAudio(encoder, options, { ...sound, segments: grid })
  const made = {
    ...index,
    tracks: [...(setup?.renditions.map(({ track }) => track) ?? []), ...audio.map(({ track }) => track)],
  }
  const timeline = planTimeline(made)
  for (const ladder of audio) ladder.shift = timeline.shiftFor(ladder.track)
  const video =
    setup === undefined || pictures === undefined
      ? undefined
      : await videoLadder(encoder, setup, pictures.address, plan, timeline.shiftFor(plan))
  const durationUs = index.durationMs === undefined ? undefined : Math.round(index.durationMs * 1000)
  return new FilmLadderEngine({
    ...{ grid, video, audio, feed: undefined, pcm: undefined, durationUs, close: film.close },
    chunkSegments: options.chunkSegments ?? DEFAULT_CHUNK_SEGMENTS,
    parallelChunks: options.parallelChunks ?? Math.min(MAX_PARALLEL, availableParallelism()),
    settings: await settingsOf(encoder, options, grid, setup, audio),
    source: { key: source.key, name: source.name, sizeBytes: source.sizeBytes ?? null },
  })
}

async function openFrames(
  encoder: FfmpegEncoder,
  options: LadderEngineOptions,
  frames: LadderFrames,
): Promise<LadderEngine> {
  const { width, height, format, frameRate } = frames
  const track = frameTrack(frames)
  const source: VideoSource = {
    ...{ codec: 'unknown', width, height, pixelAspect: [1, 1], rotation: 0, frameRate, scan: 'progressive' },
    ...{ bitDepth: undefined, chroma: undefined, hdr: undefined, colour: track.colour },
  }
  const rungs = planRungs(source, options.rungs ?? 'seed')
  const frameDuration = track.frameDuration ?? 1
  const grid = planLadderGrid({
    ...{ timescale: track.timescale, start: 0, end: undefined, frameDuration },
    frameSteps: rungs.map(({ maxFrameRate }) => frameStepFor(frameRate, maxFrameRate)),
    segmentMs: options.segmentDurationMs ?? DEFAULT_SEGMENT_MS,
  })
  const plan = planOf(grid, track)
  const setup = await setUp(encoder, options, { track, source, rungs }, plan)
  const pcm = isPcm(frames.audio) ? new PcmInput(frames.audio) : undefined
  const film =
    frames.audio === undefined || isPcm(frames.audio)
      ? undefined
      : await openFilmInput(encoder, frames.audio, { pictures: false }, options.signal)
  try {
    const zero = film === undefined ? { ticks: 0, timescale: 1 } : planTimeline(film.media.index).zero
    const sound = film?.sound ?? (pcm === undefined ? undefined : { track: pcm.track, input: pcm.read })
    const audio =
      sound === undefined ? [] : await openAudio(encoder, options, { ...sound, segments: shiftedSegments(grid, zero) })
    const timeline = planTimeline(frameIndex(setup, audio, zero))
    const zeroOf = ({ timescale }: { readonly timescale: number }): number =>
      rescale(zero.ticks, zero.timescale, timescale)
    for (const ladder of audio) ladder.shift = timeline.shiftFor(ladder.track) - zeroOf(ladder.track)
    const feed = new FrameFeed({
      input: new FrameInput(frameBytes(format, width, height)),
      ...{ pcm, frameDuration, timescale: grid.timescale, framesPerSegment: grid.segmentTicks / frameDuration },
      soundZero: zeroOf,
    })
    const raw = { format, width, height, frameRate }
    const video = await videoLadder(encoder, setup, raw, plan, timeline.shiftFor(plan))
    return new FilmLadderEngine({
      ...{ grid, video, audio, feed, pcm, durationUs: undefined },
      close: async () => film?.close(),
      chunkSegments: options.chunkSegments ?? DEFAULT_CHUNK_SEGMENTS,
      parallelChunks: 1,
      settings: await settingsOf(encoder, options, grid, setup, audio),
      source: { frames: { ...raw, frameRate: [...frameRate] }, audio: audioSource(frames.audio, film) },
    })
  } catch (error) {
    await film?.close()
    throw error
  }
}

function isPcm(audio: LadderFrames['audio']): audio is LadderPcm {
  return typeof audio === 'object' && audio !== null && 'sampleRate' in audio && 'format' in audio
}

function audioSource(audio: LadderFrames['audio'], film: FilmInput | undefined): JsonValue {
  if (isPcm(audio)) return { format: audio.format, sampleRate: audio.sampleRate, channels: audio.channels }
  return film === undefined ? null : { key: film.media.source.key, sizeBytes: film.media.source.sizeBytes ?? null }
}

/** Pushed frames as a track: RGB is encoded as BT.709. */
function frameTrack({ width, height, format, frameRate: [numerator, denominator] }: LadderFrames): VideoTrack {
  const factor = numerator < LEAST_TIMESCALE ? LEAST_TIMESCALE : 1
  const isRgb = format === 'rgb24' || format === 'rgba'
  return {
    ...{
      id: 1,
      kind: 'video',
      codec: 'unknown',
      containerCodec: format,
      width,
      height,
      pixelAspect: [1, 1],
      rotation: 0,
    },
    ...{ timescale: numerator * factor, frameDuration: denominator * factor, frameRate: numerator / denominator },
    ...{ start: 0, end: undefined, reorderDelay: 0, bitDepth: 8, interlaced: false, hdr: {} },
    ...{ language: 'und', title: undefined, isDefault: true, isForced: false, roles: [] },
    ...{ bitrateBps: undefined, sampleCount: undefined },
    descriptions: [{ config: new Uint8Array(0), codecString: undefined }],
    colour: isRgb ? { primaries: 1, transfer: 1, matrix: 1, fullRange: false } : undefined,
  }
}

/** The index of a film of these tracks, whose zero is the first frame. */
function frameIndex(
  { renditions }: VideoSetup,
  audio: readonly AudioLadder[],
  zero: { readonly ticks: number; readonly timescale: number },
): MediaIndex {
  const sounds = audio.map(({ track }) => ({
    ...track,
    start: (track.start ?? 0) - rescale(zero.ticks, zero.timescale, track.timescale),
  }))
  const { timescale } = renditions[0]?.track ?? { timescale: 1 }
  const column = Float64Array.of(0)
  return {
    ...{ container: 'other', foundBy: 'probe', sizeBytes: 0, durationMs: undefined, title: undefined },
    tracks: [...renditions.map(({ track }) => track), ...sounds],
    keyframes: { trackId: 1, timescale, count: 1, time: column, offsetBytes: column },
    ...{ chapters: [], attachments: [], closedGops: true, isTruncated: false, format: undefined },
  }
}

/** Where the longest of the tracks ends, ticks. */
function filmEnd(
  { durationMs }: MediaIndex,
  tracks: readonly (VideoTrack | AudioTrack | undefined)[],
  timescale: number,
  start: number,
): number {
  const ends = tracks.flatMap(track =>
    track?.end === undefined ? [] : [rescale(track.end, track.timescale, timescale)],
  )
  const known = tracks.filter(track => track !== undefined).length
  if (ends.length > 0 && ends.length === known) return Math.max(...ends)
  if (durationMs === undefined) throw new CuemuxError('UNSUPPORTED_CONTAINER', 'The film does not say how long it is.')
  return Math.max(...ends, start + (durationMs * timescale) / 1000)
}

function planOf(grid: LadderGrid, track: VideoTrack | AudioTrack): VideoPlan {
  const { timescale, times } = grid
  const frameDuration = track.kind === 'video' ? track.frameDuration : undefined
  const frameRate = track.kind === 'video' ? (track.frameRate ?? 25) : 25
  const nominalDuration = frameDuration ?? Math.max(1, Math.round(timescale / frameRate))
  return { timescale, times, start: times[0] ?? 0, frameDuration, nominalDuration }
}

async function setUp(
  encoder: FfmpegEncoder,
  { threads, signal, frames }: LadderEngineOptions,
  pictures: Pictures,
  plan: VideoPlan,
): Promise<VideoSetup> {
  const capabilities = await encoder.capabilities(signal)
  const isPushed = frames !== undefined
  return setUpVideo({ ...pictures, capabilities, threads, isPushed, plan, encoder: encoder.options.encoder })
}

async function videoLadder(
  encoder: FfmpegEncoder,
  { renditions, sets }: VideoSetup,
  input: VideoLadder['options']['input'],
  plan: VideoPlan,
  shift: number,
): Promise<VideoLadder> {
  const ffmpeg = await encoder.registry()
  return new VideoLadder({ ffmpeg, health: encoder.health, input, plan, renditions, sets, shift })
}

async function openAudio(
  encoder: FfmpegEncoder,
  { chunkSegments = DEFAULT_CHUNK_SEGMENTS }: LadderEngineOptions,
  sound: AudioInput,
): Promise<AudioLadder[]> {
  const ffmpeg = await encoder.registry()
  return audioLayouts(sound.track).map(channels => new AudioLadder({ ...sound, ffmpeg, channels, chunkSegments }))
}

/** All that decides the bytes. */
async function settingsOf(
  encoder: FfmpegEncoder,
  options: LadderEngineOptions,
  grid: LadderGrid,
  setup: VideoSetup | undefined,
  audio: readonly AudioLadder[],
): Promise<Record<string, JsonValue>> {
  const { version } = await encoder.capabilities(options.signal)
  const rungs = setup?.sets[0].rungs ?? []
  return {
    version: SETTINGS_VERSION,
    ffmpeg: version,
    timescale: grid.timescale,
    segmentTicks: grid.segmentTicks,
    chunkSegments: options.chunkSegments ?? DEFAULT_CHUNK_SEGMENTS,
    video: rungs.map(({ encoder: by, job, frameStep, maxFrameRate }, i) => {
      const { name, width, height, bitrateBps, maxBitrateBps, codec } = setup?.renditions[i]?.rendition ?? {}
      return {
        ...{ name: name ?? '', width: width ?? 0, height: height ?? 0, codec: codec ?? '' },
        ...{ bitrateBps: bitrateBps ?? 0, maxBitrateBps: maxBitrateBps ?? 0 },
        ...{ encoder: by.name, threads: job.threads ?? null, frameStep, maxFrameRate: maxFrameRate ?? null },
      }
    }),
    audio: audio.map(({ rendition: { name, channels = 0, sampleRate = 0, bitrateBps }, track }) => ({
      ...{ name, channels, sampleRate, bitrateBps, track: track.id },
    })),
  }
}
