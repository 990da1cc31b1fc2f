import { type AudioTrack, CuemuxError, type Demuxer, rescale, type VideoTrack } from '@cuemux/core'
import { type AudioTranscoderOptions, type MediaAddress, type VideoSource, videoSourceOf } from '@cuemux/ffmpeg'
import { planSegments, segmentSpan } from '@cuemux/planner'
import { openFile } from '@cuemux/source/node'
import { readSamples } from '../encoding/audio-encoding.js'
import type { FfmpegEncoder } from '../encoding/ffmpeg-encoder.js'
import { foreignAddress } from '../encoding/foreign-film.js'
import { withTrueRate } from '../encoding/frame-rate.js'
import { lazyEncoder } from '../encoding/lazy-encoder.js'
import { soundAddress } from '../encoding/sound-address.js'
import { clockOffset, scanOf } from '../encoding/video-encoding.js'
import type { MediaInput } from '../input.js'
import { createOpenMedia, type Media } from '../media.js'
import { validateOptions } from '../schemas.js'
import { SpanReader } from '../span-reader.js'

const open = createOpenMedia({ openPath: openFile, validate: validateOptions, encoder: lazyEncoder })
/** Distance of the places between which samples of sound are read, ms. */
const SPAN_MS = 4000
/** What is kept of the samples that another rendition of the same sound will ask for. */
const SPAN_CACHE_BYTES = 8 << 20

/** The pictures of a film, as the encoder reads them. */
export interface FilmPictures {
  readonly track: VideoTrack
  readonly source: VideoSource
  readonly address: MediaAddress
  /** The film's clock minus ffmpeg's, µs. */
  readonly clockOffsetUs: number
}

/** A film that a ladder is made of. */
export interface FilmInput {
  readonly media: Media
  readonly pictures: FilmPictures | undefined
  /** The sound that plays when the viewer has no wish. */
  readonly sound: { readonly track: AudioTrack; readonly input: AudioTranscoderOptions['input'] } | undefined
  close(): Promise<void>
}

/** Opens a film, its pictures and its sound, or only what is wanted of it. */
export async function openFilmInput(
  encoder: FfmpegEncoder,
  input: MediaInput,
  wants: { readonly pictures: boolean },
  signal: AbortSignal | undefined,
): Promise<FilmInput> {
  const media = await open(input, { encoder: encoder.options, ...(signal === undefined ? {} : { signal }) })
  const closers: (() => Promise<void>)[] = [() => media.close()]
  const close = async (): Promise<void> => {
    await Promise.all(closers.splice(0).map(end => end()))
  }
  try {
    const { tracks, keyframes } = media.index
    const videos = tracks.filter((track): track is VideoTrack => track.kind === 'video')
    const video = videos.find(({ id }) => id === keyframes.trackId) ?? videos[0]
    const audios = tracks.filter((track): track is AudioTrack => track.kind === 'audio')
    const audio = audios.find(({ isDefault }) => isDefault) ?? audios[0]
    return {
      media,
      pictures:
        video === undefined || !wants.pictures ? undefined : await openPictures(encoder, media, video, signal, closers),
      sound: audio === undefined ? undefined : await openSound(encoder, media, audio, signal, closers),
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

async function openPictures(
  encoder: FfmpegEncoder,
  { demuxer, source }: Media,
  track: VideoTrack,
  signal: AbortSignal | undefined,
  closers: (() => Promise<void>)[],
): Promise<FilmPictures> {
  const ffmpeg = await encoder.registry()
  const foreign = await foreignAddress(encoder, demuxer, track)
  const own = foreign === undefined ? await encoder.loopback.serve(source) : undefined
  if (own !== undefined) closers.push(() => own.close())
  const address = foreign?.input ?? own
  if (address === undefined) throw new TypeError('unreachable')
  // Samples of a film that only ffmpeg reads can't be looked at: its frames keep the times that they have, as an AVI's do that skips some.
  const timed =
    foreign === undefined ? await withTrueRate(demuxer, track, signal) : { ...track, frameDuration: undefined }
  const full = { ...timed, start: await startOf(demuxer, track, signal) }
  const scan = await scanOf(ffmpeg, address, full, signal)
  const clockOffsetUs = foreign === undefined ? await clockOffset(ffmpeg, address, demuxer, full, signal) : 0
  return { track: full, source: videoSourceOf(full, scan), address, clockOffsetUs }
}

/** Where the pictures begin: the index says so, or the media, or the first keyframe does. */
async function startOf(demuxer: Demuxer, track: VideoTrack, signal: AbortSignal | undefined): Promise<number> {
  const { start } = await demuxer.readTrackStart(track.id, { signal })
  const { keyframes } = demuxer.index
  const [first = 0] = keyframes.trackId === track.id ? keyframes.time : []
  return start ?? rescale(first, keyframes.timescale, track.timescale)
}

/** The sound, unless nothing decodes it and there are pictures. */
async function openSound(
  encoder: FfmpegEncoder,
  { demuxer, source, index }: Media,
  audio: AudioTrack,
  signal: AbortSignal | undefined,
  closers: (() => Promise<void>)[],
): Promise<FilmInput['sound']> {
  const full = await demuxer.readTrackStart(audio.id, { signal })
  const track = full.kind === 'audio' ? full : audio
  try {
    const address = await soundAddress(encoder, { source, demuxer, signal }, track)
    if (address !== undefined) {
      closers.push(() => address.close())
      return { track: address.track, input: address }
    }
  } catch (error) {
    const isLeftOut = error instanceof CuemuxError && error.code === 'UNSUPPORTED_CODEC'
    if (isLeftOut && index.tracks.some(({ kind }) => kind === 'video')) return undefined
    throw error
  }
  const segments = planSegments(demuxer.index, { targetDurationMs: SPAN_MS })
  const spans = new SpanReader(demuxer, [track.id], source.seekCostBytes, SPAN_CACHE_BYTES)
  const readSegment = (n: number, id: number, wanted: AbortSignal | undefined) =>
    spans.read(segmentSpan(segments, n), [id], wanted)
  return { track, input: readSamples({ segments, readSegment, clip: undefined }, track) }
}
