import { availableParallelism } from 'node:os'
import { type AudioTrack, CuemuxError, type MediaIndex, rescale, throwIfAborted, type VideoTrack } from '@cuemux/core'
import { planTimeline } from '@cuemux/planner'
import { type FfmpegEncoder, ffmpegEncoder } from '../encoding/ffmpeg-encoder.js'
import { validateOptions } from '../schemas.js'
import { measureComplexity } from './complexity.js'
import { FilmLadderEngine } from './engine.js'
import { type FilmInput, openFilmInput } from './film-input.js'
import { planLadderGrid } from './ladder-grid.js'
import type { LadderEngine, LadderEngineOptions } from './model.js'
import { openFrames } from './open-frames.js'
import {
  DEFAULT_CHUNK_SEGMENTS,
  DEFAULT_SEGMENT_MS,
  openAudio,
  planOf,
  settingsOf,
  setUp,
  videoLadder,
} from './open-parts.js'
import { frameStepFor, type PlannedRung, planRungs } from './rungs.js'

/** Each takes the memory of an ffmpeg with a decoder and an encoder for each rung. */
const MAX_PARALLEL = 8

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

async function openFilm(encoder: FfmpegEncoder, options: LadderEngineOptions, film: FilmInput): Promise<LadderEngine> {
  const { index, source } = film.media
  const { pictures, sound } = film
  const reference = pictures?.track ?? sound?.track
  if (reference === undefined) {
    throw new CuemuxError('UNSUPPORTED_CODEC', 'The film has neither a picture nor sound.')
  }
  const rungs = await filmRungs(encoder, options, film)
  const { timescale, start = 0 } = reference
  const soundStart = sound === undefined ? start : rescale(sound.track.start ?? 0, sound.track.timescale, timescale)
  const grid = planLadderGrid({
    timescale,
    start,
    lead: start - soundStart,
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
      : await videoLadder(encoder, options.format ?? 'fmp4', setup, pictures.address, plan, timeline.shiftFor(plan))
  const durationUs = index.durationMs === undefined ? undefined : Math.round(index.durationMs * 1000)
  return new FilmLadderEngine({
    ...{ grid, video, audio, feed: undefined, pcm: undefined, durationUs, close: film.close },
    format: options.format ?? 'fmp4',
    chunkSegments: options.chunkSegments ?? DEFAULT_CHUNK_SEGMENTS,
    parallelChunks: options.parallelChunks ?? Math.min(MAX_PARALLEL, availableParallelism()),
    settings: await settingsOf(encoder, options, grid, setup, audio),
    source: { key: source.key, name: source.name, sizeBytes: source.sizeBytes ?? null },
  })
}

/** The rungs of a film's pictures; of `auto` by a look at them. */
async function filmRungs(
  encoder: FfmpegEncoder,
  { rungs = 'seed', signal }: LadderEngineOptions,
  { pictures, media }: FilmInput,
): Promise<readonly PlannedRung[]> {
  if (pictures === undefined) return []
  if (rungs !== 'auto') return planRungs(pictures.source, rungs)
  const { index, source } = media
  const lengthS = (index.durationMs ?? 0) / 1000
  const complexity = await measureComplexity(encoder, pictures, lengthS, signal)
  const wholeBps = lengthS > 0 && source.sizeBytes !== undefined ? (source.sizeBytes * 8) / lengthS : undefined
  return planRungs(pictures.source, rungs, { complexity, bitrateBps: pictures.track.bitrateBps ?? wholeBps })
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
