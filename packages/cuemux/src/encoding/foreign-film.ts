import {
  type AudioTrack,
  type ByteSource,
  type Chapter,
  CuemuxError,
  type Demuxer,
  type GroupStart,
  type MediaIndex,
  type ReadOptions,
  type SampleBatch,
  type Track,
  type VideoTrack,
} from '@cuemux/core'
import {
  type AudioAddress,
  fixedVideoPlan,
  type LoopbackInput,
  type ProbedMedia,
  type ProbedStream,
  probeWithFfprobe,
} from '@cuemux/ffmpeg'
import type { FfmpegEncoder } from './ffmpeg-encoder.js'

/** Distance of the places where a film may be cut whose tracks are all encoded, ms. */
const GRID_MS = 1000

const films = new WeakMap<Demuxer, ForeignDemuxer>()

/** A film in a container that only ffmpeg reads: an index on a fixed grid, and no samples but encoded ones. */
export async function openForeignFilm(
  encoder: FfmpegEncoder,
  source: ByteSource,
  { signal }: ReadOptions,
): Promise<Demuxer> {
  const ffmpeg = await encoder.registry()
  const input = await encoder.loopback.serve(source)
  try {
    const probed = await probeWithFfprobe(ffmpeg, input.url, { signal })
    return new ForeignDemuxer(indexOf(probed, source), probed, input)
  } catch (error) {
    await input.close()
    throw error
  }
}

/**
 * Where ffmpeg reads a track of a film that only it reads; `undefined` for a film with a demuxer of its own.
 *
 * @throws CuemuxError `UNSUPPORTED_CODEC` where ffmpeg has no decoder for it
 */
export async function foreignAddress(
  _encoder: FfmpegEncoder,
  demuxer: Demuxer,
  track: Track,
): Promise<AudioAddress | undefined> {
  const film = films.get(demuxer)
  const stream = film?.probed.streams.find(one => one.track.id === track.id)
  if (film === undefined || stream === undefined) return undefined
  if (!stream.isDecodable) throw notDecoded(track)
  return { input: film.input, streamIndex: stream.streamIndex }
}

/** What a track without a decoder fails with. */
export function notDecoded({ kind, containerCodec }: Track): CuemuxError {
  const what = kind === 'video' ? 'picture' : 'sound'
  return new CuemuxError('UNSUPPORTED_CODEC', `ffmpeg does not decode the codec of the ${what} (${containerCodec}).`)
}

/** @throws CuemuxError `UNSUPPORTED_CONTAINER` where there is nothing to see or hear, or no length */
function indexOf({ streams, durationMs, format }: ProbedMedia, source: ByteSource): MediaIndex {
  const shown = streams.map(stream => (format === 'avi' ? shownTrack(stream) : stream.track))
  const startMs = Math.min(...shown.map(({ start = 0, timescale }) => (start * 1000) / timescale))
  const tracks = shown.map(track => bounded(track, durationMs === undefined ? undefined : startMs + durationMs))
  const reference = tracks.find((track): track is VideoTrack => track.kind === 'video') ?? tracks[0]
  if (reference === undefined || durationMs === undefined) {
    const lacks = reference === undefined ? 'neither picture nor sound' : 'no length'
    throw new CuemuxError('UNSUPPORTED_CONTAINER', `${source.name || 'The input'} (${format}) has ${lacks}.`)
  }
  const { timescale } = reference
  const time = gridOf(reference, durationMs)
  const offsetBytes = time.map((_, k) => Math.floor(((source.sizeBytes ?? 0) * k) / Math.max(1, time.length)))
  return {
    container: 'other',
    foundBy: 'probe',
    sizeBytes: source.sizeBytes ?? 0,
    durationMs,
    title: undefined,
    tracks,
    keyframes: { trackId: reference.id, timescale, count: time.length, time, offsetBytes },
    chapters: [],
    attachments: [],
    closedGops: true,
    isTruncated: false,
    format: undefined,
  }
}

/** A track without an end of its own ends with the film. */
function bounded<T extends Track>(track: T, endMs: number | undefined): T {
  if (track.end !== undefined || endMs === undefined) return track
  return { ...track, end: Math.round((endMs * track.timescale) / 1000) }
}

/** AVI has the times at which pictures are decoded alone: ffmpeg shows them by as many later as it holds back. */
function shownTrack({ track, reorderFrames }: ProbedStream): VideoTrack | AudioTrack {
  if (track.kind === 'audio' || track.frameDuration === undefined) return track
  const delay = reorderFrames * track.frameDuration
  const later = (time: number | undefined) => (time === undefined ? undefined : time + delay)
  return { ...track, start: later(track.start), end: later(track.end) }
}

function gridOf(reference: Track, filmMs: number): Float64Array {
  const { start = 0, end, timescale } = reference
  // The film may go on where its picture has ended.
  const durationMs = end === undefined ? filmMs : Math.min(filmMs, ((end - start) * 1000) / timescale)
  if (reference.kind === 'video') return Float64Array.from(fixedVideoPlan(reference, durationMs, GRID_MS).times)
  const count = Math.max(1, Math.ceil(durationMs / GRID_MS))
  return Float64Array.from({ length: count }, (_, k) => start + Math.round((k * GRID_MS * timescale) / 1000))
}

class ForeignDemuxer implements Demuxer {
  readonly index: MediaIndex
  readonly probed: ProbedMedia
  readonly input: LoopbackInput

  constructor(index: MediaIndex, probed: ProbedMedia, input: LoopbackInput) {
    this.index = index
    this.probed = probed
    this.input = input
    films.set(this, this)
  }

  async readTrackStart(trackId: number): Promise<Track> {
    const track = this.index.tracks.find(({ id }) => id === trackId)
    if (track === undefined) throw new CuemuxError('NOT_FOUND', `The film has no track ${trackId}.`)
    return track
  }

  async readSpan(): Promise<SampleBatch[]> {
    throw new CuemuxError('UNSUPPORTED_CONTAINER', 'Only ffmpeg reads this container: its tracks have to be encoded.')
  }

  async readKeyframe(): Promise<SampleBatch> {
    throw new CuemuxError('UNSUPPORTED_CONTAINER', 'Only ffmpeg reads this container: it has no keyframes of its own.')
  }

  async readText(): Promise<undefined> {
    return undefined
  }

  async readChapters(): Promise<readonly Chapter[]> {
    return []
  }

  async readGroupStarts(keyframes: readonly number[]): Promise<GroupStart[]> {
    return keyframes.map(() => ({ isClosed: true, lead: 0 }))
  }

  spanSizes(): undefined {
    return undefined
  }

  async close(): Promise<void> {
    await this.input.close()
  }
}
