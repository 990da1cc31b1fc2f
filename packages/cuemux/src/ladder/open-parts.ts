import { type AudioTrack, CuemuxError, type VideoTrack } from '@cuemux/core'
import type { VideoPlan, VideoSource } from '@cuemux/ffmpeg'
import type { JsonValue } from '@cuemux/store'
import type { FfmpegEncoder } from '../encoding/ffmpeg-encoder.js'
import { type AudioInput, AudioLadder, audioLayouts } from './audio-ladder.js'
import type { LadderGrid } from './ladder-grid.js'
import type { LadderEngineOptions, LadderFormat } from './model.js'
import type { PlannedRung } from './rungs.js'
import { VideoLadder } from './video-ladder.js'
import { setUpVideo, type VideoSetup } from './video-setup.js'

/** Of segments, where nothing else is asked for, ms. */
export const DEFAULT_SEGMENT_MS = 4000
/** Segments of a chunk, where nothing else is asked for. */
export const DEFAULT_CHUNK_SEGMENTS = 6
/** Of what decides the bytes beside the settings themselves. */
const SETTINGS_VERSION = 1

/** What of a ladder's pictures is known before its grid. */
interface Pictures {
  readonly track: VideoTrack
  readonly source: VideoSource
  readonly rungs: readonly PlannedRung[]
}

/** A ladder's grid as the encoders' plan. */
export function planOf(grid: LadderGrid, track: VideoTrack | AudioTrack): VideoPlan {
  const { timescale, times, firstPicture } = grid
  const frameDuration = track.kind === 'video' ? track.frameDuration : undefined
  const frameRate = track.kind === 'video' ? (track.frameRate ?? 25) : 25
  const nominalDuration = frameDuration ?? Math.max(1, Math.round(timescale / frameRate))
  return { timescale, times, start: times[firstPicture] ?? 0, frameDuration, nominalDuration }
}

/** Chooses the encoders. */
export async function setUp(
  encoder: FfmpegEncoder,
  { threads, signal, frames, format }: LadderEngineOptions,
  pictures: Pictures,
  plan: VideoPlan,
): Promise<VideoSetup> {
  if (format === 'ts' && pictures.rungs.some(({ codec }) => codec !== 'h264')) {
    throw new CuemuxError('BAD_REQUEST', 'Segments of MPEG-TS have rungs of H.264 only.')
  }
  const capabilities = await encoder.capabilities(signal)
  const isPushed = frames !== undefined
  return setUpVideo({ ...pictures, capabilities, threads, isPushed, plan, encoder: encoder.options.encoder })
}

/** All rungs' pictures. */
export async function videoLadder(
  encoder: FfmpegEncoder,
  format: LadderFormat,
  { renditions, sets }: VideoSetup,
  input: VideoLadder['options']['input'],
  plan: VideoPlan,
  shift: number,
): Promise<VideoLadder> {
  const ffmpeg = await encoder.registry()
  return new VideoLadder({ ffmpeg, health: encoder.health, input, plan, renditions, sets, shift, format })
}

/** The renditions of a sound. */
export async function openAudio(
  encoder: FfmpegEncoder,
  { chunkSegments = DEFAULT_CHUNK_SEGMENTS, format = 'fmp4' }: LadderEngineOptions,
  sound: AudioInput,
): Promise<AudioLadder[]> {
  const ffmpeg = await encoder.registry()
  return audioLayouts(sound.track).map(
    channels => new AudioLadder({ ...sound, ffmpeg, channels, chunkSegments, format }),
  )
}

/** All that decides the bytes. */
export async function settingsOf(
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
    format: options.format ?? 'fmp4',
    timescale: grid.timescale,
    segmentTicks: grid.segmentTicks,
    firstPicture: grid.firstPicture,
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
