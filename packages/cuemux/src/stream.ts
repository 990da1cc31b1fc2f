import {
  type ByteSource,
  CuemuxError,
  type Demuxer,
  rescale,
  type SampleBatch,
  throwIfAborted,
  ticksToMs,
} from '@cuemux/core'
import { writeInitSegment, writeMediaSegment } from '@cuemux/fmp4'
import {
  decideTracks,
  type PresentationPlan,
  planPresentation,
  planSegments,
  resolveClient,
  type SegmentPlan,
  type Timeline,
} from '@cuemux/planner'
import { ReusedPieces } from '@cuemux/source'
import { type ClientInput, type PlayableTrack, withConfigurations } from './client.js'
import type { EncoderService } from './encoding/service.js'
import { withoutLeading } from './leading.js'
import { SharedMemory } from './segment-memory.js'
import { type FragmentMemory, StreamSamples } from './stream-samples.js'

/** Options of {@link Media.stream}. */
export interface StreamOptions {
  /** Where to start, ms from the film's beginning; default 0. The stream starts at the keyframe at or before it. */
  readonly startMs?: number
  /** How much of the film, ms from `startMs` on; default all. The stream ends before the next keyframe after it. */
  readonly durationMs?: number
  /** Who plays it; default `native`: a file is for players that play everything. */
  readonly client?: ClientInput
  /** Languages of the sound in the order of preference (BCP 47); default the film's default track. */
  readonly audioLanguages?: readonly string[]
  /** Where its time begins: at zero (default), or where it lies in the film. */
  readonly timestamps?: 'zero' | 'absolute'
  /** Ends the stream early with `ABORTED`. */
  readonly signal?: AbortSignal
}

/** Options of {@link MediaStream.chunks}. */
export interface ChunkOptions {
  /**
   * Reads into the same memory again and again, where the source can (a file): a chunk's pieces last until the next chunk
   * is asked for. Takes half the CPU time over a whole file; default false.
   */
  readonly reusesMemory?: boolean
}

/** A film, or a part of it, as one fragmented MP4. */
export interface MediaStream {
  /** With the `codecs` parameter (RFC 6381). */
  readonly contentType: string
  /** Where it really starts: the keyframe's time from the film's beginning, ms. */
  readonly startMs: number
  /** How long it is, ms. */
  readonly durationMs: number
  /** How many bytes it has, about: its length times the rate of the whole. */
  readonly estimatedBytes: number
  /** Ends its encoders, where there are any: once {@link chunks} has been read to its end, or was left, it has happened. */
  close(): Promise<void>
  /** The init segment, then one fragment after the other, each in pieces to be written in order. Can be read once. */
  chunks(options?: ChunkOptions): AsyncIterable<readonly Uint8Array[]>
}

/** Fragments of a continuous stream are short: playing starts soon, and little is held in memory. */
const FRAGMENT_MS = 1000

interface FragmentPlan {
  readonly tracks: readonly PlayableTrack[]
  /** First and last fragment's number in `segments`. */
  readonly first: number
  readonly last: number
  readonly segments: SegmentPlan
  /** Ticks added to each track's decode times, by track id. */
  readonly shifts: ReadonlyMap<number, number>
  readonly startMs: number
  readonly durationMs: number
}

/**
 * Plans a continuous stream; see {@link Media.stream}.
 *
 * @param open has the functions that end the encoders of streams, as long as there are any
 */
export async function openStream(
  source: ByteSource,
  demuxer: Demuxer,
  options: StreamOptions,
  encoder: EncoderService | undefined,
  open: Set<() => Promise<void>>,
): Promise<MediaStream> {
  throwIfAborted(options.signal)
  const { plan, tracks, samples } = await planTracks(source, demuxer, options, encoder, open)
  let fragments: FragmentPlan
  try {
    fragments = planFragments(demuxer, plan, tracks, options)
  } catch (error) {
    await samples.close()
    throw error
  }
  const codecs = tracks.map(track => track.descriptions[0].codecString).filter(codec => codec !== undefined)
  const kind = tracks.some(track => track.kind === 'video') ? 'video' : 'audio'
  return {
    contentType: `${kind}/mp4; codecs="${codecs.join(',')}"`,
    startMs: fragments.startMs,
    durationMs: fragments.durationMs,
    estimatedBytes: Math.round(((plan.variants[0]?.averageBps ?? 0) * fragments.durationMs) / 8000),
    chunks: chunkOptions => {
      const memory = chunkOptions?.reusesMemory === true ? ReusedPieces.of(source) : undefined
      return makeChunks(samples, fragments, memory, options.signal)
    },
    close: () => samples.close(),
  }
}

/** The picture and the preferred sound, as a presentation in one rendition has them, and where their samples come from. */
async function planTracks(
  source: ByteSource,
  demuxer: Demuxer,
  options: StreamOptions,
  encoder: EncoderService | undefined,
  open: Set<() => Promise<void>>,
): Promise<{ plan: PresentationPlan; tracks: readonly PlayableTrack[]; samples: StreamSamples }> {
  const { index } = demuxer
  const client = resolveClient(options.client ?? 'native')
  const samples = new StreamSamples(source, demuxer, planSegments(index, { targetDurationMs: FRAGMENT_MS }), open)
  await samples.encode(decideTracks(index, client), client, encoder, options.signal)
  try {
    const plan = planPresentation(index, {
      targetDurationMs: FRAGMENT_MS,
      client,
      isMuxed: true,
      audioLanguages: options.audioLanguages,
      outputs: samples.outputs,
    })
    const chosen = plan.variants[0]?.main.tracks ?? []
    const ids = chosen.map(track => track.id)
    await samples.keepOnly(ids)
    const copied = new Set(ids.filter(id => !plan.encoded.has(id)))
    const { tracks } = await withConfigurations(demuxer, copied, options)
    const complete = chosen.map(track => (copied.has(track.id) ? tracks.find(({ id }) => id === track.id) : track))
    return { plan, samples, tracks: complete.filter(track => track !== undefined && track.kind !== 'text') }
  } catch (error) {
    await samples.close()
    throw error
  }
}

function planFragments(
  demuxer: Demuxer,
  { segments, timeline }: PresentationPlan,
  tracks: readonly PlayableTrack[],
  options: StreamOptions,
): FragmentPlan {
  const count = segments.cuts.length
  const zeroMs = ticksToMs(timeline.zero.ticks, timeline.zero.timescale)
  const startsMs = (n: number): number => ticksToMs(segments.times[n] as number, segments.timescale) - zeroMs
  const filmMs = demuxer.index.durationMs ?? startsMs(count - 1)
  const wishedMs = options.startMs ?? 0
  if (wishedMs > 0 && wishedMs >= filmMs) {
    const message = `The start at ${wishedMs / 1000} s lies beyond the film's end at ${(filmMs / 1000).toFixed(3)} s.`
    throw new CuemuxError('BAD_REQUEST', message)
  }
  const first = lastAtOrBefore(count, startsMs, wishedMs)
  const endMs = wishedMs + (options.durationMs ?? Number.POSITIVE_INFINITY)
  // A fragment that starts where the wished part ends isn't in it.
  const last = Math.max(
    first,
    lastAtOrBefore(count, n => startsMs(n) + 1e-6, endMs),
  )
  const startMs = first === 0 ? 0 : startsMs(first)
  const durationMs = Math.max(0, (last + 1 < count ? startsMs(last + 1) : filmMs) - startMs)
  const from = options.timestamps === 'absolute' ? 0 : first
  const shifts = new Map(tracks.map(track => [track.id, shiftFrom(segments, timeline, from, track)]))
  return { tracks, first, last, segments, shifts, startMs, durationMs }
}

/** The stream's own zero is where it starts, which lies at S as the film's does in a presentation of the whole. */
function shiftFrom(segments: SegmentPlan, timeline: Timeline, first: number, track: PlayableTrack): number {
  const shift = timeline.shiftFor(track)
  if (first === 0) return shift
  const { zero } = timeline
  const start = rescale(segments.times[first] as number, segments.timescale, track.timescale)
  return shift - (start - rescale(zero.ticks, zero.timescale, track.timescale))
}

/** The last n below `count` with `value(n) ≤ limit`, or 0; `value` rises. */
function lastAtOrBefore(count: number, value: (n: number) => number, limit: number): number {
  let low = 0
  let high = count - 1
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if (value(middle) <= limit) low = middle
    else high = middle - 1
  }
  return low
}

/** A stream that starts within the film starts with a keyframe, not with what an open group shows before it. */
function trimStart(batch: SampleBatch, tracks: readonly PlayableTrack[]): SampleBatch {
  const track = tracks.find(({ id }) => id === batch.trackId)
  return track?.kind === 'video' ? withoutLeading(batch, track.reorderDelay) : batch
}

/** A fragment that is being read, and what is held for it. */
interface ComingFragment {
  readonly batches: Promise<SampleBatch[]>
  /** Gives its memory back. */
  readonly release: () => void
}

/** Memory for a fragment: the pieces that the film is read in, and what is put together of them where it lies apart. */
function holdMemory(reused: ReusedPieces | undefined): { held: FragmentMemory | undefined; release: () => void } {
  if (reused === undefined) return { held: undefined, release: () => {} }
  const pieces = reused.hold()
  const memory = new SharedMemory()
  const releaseMemory = memory.hold()
  return {
    held: { pieces, memory },
    release: () => {
      pieces.release()
      releaseMemory()
    },
  }
}

async function* makeChunks(
  samples: StreamSamples,
  plan: FragmentPlan,
  reused: ReusedPieces | undefined,
  signal: AbortSignal | undefined,
): AsyncGenerator<readonly Uint8Array[]> {
  const trackIds = plan.tracks.map(track => track.id)
  const read = (n: number): ComingFragment => {
    const { held, release } = holdMemory(reused)
    const batches = samples.read(n, trackIds, signal, held)
    // A failure counts when its turn comes; nobody may be waiting when it happens, or ever again.
    batches.catch(() => {})
    return { batches, release }
  }
  try {
    let next: ComingFragment | undefined
    if (samples.areDescribedByEncoder) {
      // The encoder starts where the stream does, and says then how its pictures are decoded.
      next = read(plan.first)
      await next.batches
    }
    const tracks = await samples.described(plan.tracks, signal)
    yield [
      writeInitSegment(
        tracks.map(track => ({ track })),
        { durationMs: plan.durationMs },
      ),
    ]
    next ??= read(plan.first)
    for (let n = plan.first; n <= plan.last; n++) {
      const { batches: coming, release }: ComingFragment = next
      const batches = await coming
      // The next fragment is read while this one is written.
      if (n < plan.last) next = read(n + 1)
      const isCut = n === plan.first && n > 0
      const fragments = batches.map(batch => ({
        batch: isCut ? trimStart(batch, plan.tracks) : batch,
        shift: plan.shifts.get(batch.trackId) ?? 0,
      }))
      if (fragments.length > 0) yield writeMediaSegment(n - plan.first + 1, fragments).pieces
      release()
    }
  } finally {
    await samples.close()
  }
}
