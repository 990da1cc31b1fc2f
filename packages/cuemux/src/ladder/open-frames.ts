import { type MediaIndex, rescale, type VideoTrack } from '@cuemux/core'
import type { VideoSource } from '@cuemux/ffmpeg'
import { planTimeline } from '@cuemux/planner'
import type { JsonValue } from '@cuemux/store'
import type { FfmpegEncoder } from '../encoding/ffmpeg-encoder.js'
import { type AudioLadder, shiftedSegments } from './audio-ladder.js'
import { FilmLadderEngine } from './engine.js'
import { type FilmInput, openFilmInput } from './film-input.js'
import { FrameFeed } from './frame-feed.js'
import { FrameInput, frameBytes } from './frame-input.js'
import { planLadderGrid } from './ladder-grid.js'
import type { LadderEngine, LadderEngineOptions, LadderFrames, LadderPcm } from './model.js'
import {
  DEFAULT_CHUNK_SEGMENTS,
  DEFAULT_SEGMENT_MS,
  openAudio,
  planOf,
  settingsOf,
  setUp,
  videoLadder,
} from './open-parts.js'
import { PcmInput } from './pcm-input.js'
import { frameStepFor, planRungs } from './rungs.js'
import type { VideoSetup } from './video-setup.js'

/** Ticks of raw frames are at least so many in a second, so that sound and pictures start at one time. */
const LEAST_TIMESCALE = 1000

/** A ladder of frames that the caller pushes. */
export async function openFrames(
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
    const video = await videoLadder(encoder, options.format ?? 'fmp4', setup, raw, plan, timeline.shiftFor(plan))
    return new FilmLadderEngine({
      ...{ grid, video, audio, feed, pcm, durationUs: undefined },
      close: async () => film?.close(),
      format: options.format ?? 'fmp4',
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
