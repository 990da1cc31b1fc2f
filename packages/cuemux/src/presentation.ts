import { type ByteSource, CuemuxError, type Demuxer, type MediaIndex, type ReadOptions, rescale } from '@cuemux/core'
import { writeInitSegment, writeMediaSegment } from '@cuemux/fmp4'
import {
  type Extent,
  type PresentationPlan,
  planPresentation,
  planTimeline,
  type RatedRendition,
  renditionExtent,
  resolveClient,
  segmentSpan,
} from '@cuemux/planner'
import { type ClientInput, withConfigurations } from './client.js'
import { etagFor } from './etag.js'
import { lookAtGroups } from './groups.js'
import { mediaPlaylist, multivariantPlaylist } from './playlists.js'
import { CONTENT_TYPES, type Resource, type ResourceEntry, type ResourceKind } from './resource.js'
import { SpanReader } from './span-reader.js'

/** Options of {@link Media.hls}. */
export interface HlsOptions {
  /** Who plays it: what this client plays is copied. Default `browser`: any current browser with Media Source Extensions. */
  readonly client?: ClientInput
  /** Length that segments aim at, ms; each goes on to the first keyframe at or after it. Default 6000. */
  readonly segmentDurationMs?: number
  /** Picture and sound in one rendition, for simple clients. */
  readonly muxed?: boolean
  /** Languages of the sound in the order of preference (BCP 47); default the film's default track. */
  readonly audioLanguages?: readonly string[]
  /** How many bytes of samples may be kept that were read for one rendition and that others will ask for. Default 64 MiB. */
  readonly cacheBytes?: number
}

/** A film as an HLS presentation. Every resource is a pure function of the film and the options. */
export interface HlsPresentation {
  /** How the film was planned. */
  readonly plan: PresentationPlan
  /** Everything that it has, in the order in which it is played. */
  resources(options?: ReadOptions): Promise<readonly ResourceEntry[]>
  /**
   * Makes the resource at a path.
   *
   * @throws CuemuxError `NOT_FOUND` for a path that it doesn't have, `CORRUPT_MEDIA`, `SOURCE_CHANGED`,
   * `SOURCE_UNREACHABLE`, `ABORTED`
   */
  resource(path: string, options?: ResourceOptions): Promise<Resource>
}

/** Options of {@link HlsPresentation.resource}. */
export interface ResourceOptions extends ReadOptions {
  /** Put behind every address in a playlist, as `client=safari`: what a server needs to find the same presentation again. */
  readonly query?: string | undefined
}

const DEFAULT_SEGMENT_MS = 6000
const DEFAULT_CACHE_BYTES = 64 << 20

/** Plans the presentation of a film; see {@link Media.hls}. */
export async function createPresentation(
  source: ByteSource,
  demuxer: Demuxer,
  options: HlsOptions,
): Promise<HlsPresentation> {
  const client = resolveClient(options.client)
  const planOptions = {
    targetDurationMs: options.segmentDurationMs ?? DEFAULT_SEGMENT_MS,
    client,
    isMuxed: options.muxed ?? false,
    audioLanguage: options.audioLanguages?.[0],
    spanSizes: demuxer.spanSizes.bind(demuxer),
  }
  const draft = planPresentation(withBounds(demuxer.index), planOptions)
  const groups = await lookAtGroups(demuxer, draft.segments.cuts, source.seekCostBytes)
  const trackIds = draft.renditions.flatMap(rendition => rendition.tracks.map(track => track.id))
  const index = await withConfigurations(demuxer, trackIds, {})
  const plan = planPresentation(withBounds(index), { ...planOptions, leads: groups.leads })
  return new Presentation(source, demuxer, plan, options, groups.areClosed)
}

/**
 * The index with a start and an end for every track: where only the media tells, the film's zero, before which nothing
 * starts, and the film's length, which is its longest track's. The timeline that is planned from it is the index's own.
 */
function withBounds(index: MediaIndex): MediaIndex {
  if (index.tracks.every(track => track.start !== undefined)) return index
  const { zero } = planTimeline(index)
  const { durationMs } = index
  const tracks = index.tracks.map(track => {
    const end = durationMs === undefined ? undefined : rescale(durationMs, 1000, track.timescale)
    return {
      ...track,
      start: track.start ?? rescale(zero.ticks, zero.timescale, track.timescale),
      end: track.end ?? (track.start === undefined ? end : undefined),
    }
  })
  return { ...index, tracks }
}

class Presentation implements HlsPresentation {
  readonly plan: PresentationPlan
  readonly #demuxer: Demuxer
  readonly #renditions: ReadonlyMap<string, RatedRendition>
  readonly #spans: SpanReader
  readonly #isIndependent: boolean
  /** What the resources depend on, beside their path. */
  readonly #identity: string
  readonly #extents = new Map<string, Promise<Extent>>()

  constructor(
    source: ByteSource,
    demuxer: Demuxer,
    plan: PresentationPlan,
    options: HlsOptions,
    isIndependent: boolean,
  ) {
    this.plan = plan
    this.#demuxer = demuxer
    this.#renditions = new Map(plan.renditions.map(rendition => [rendition.name, rendition]))
    this.#isIndependent = isIndependent
    const { cacheBytes = DEFAULT_CACHE_BYTES, ...planned } = options
    const trackIds = plan.renditions.flatMap(rendition => rendition.tracks.map(track => track.id))
    this.#spans = new SpanReader(demuxer, trackIds, source.seekCostBytes, cacheBytes)
    this.#identity = JSON.stringify([source.key, source.sizeBytes, planned])
  }

  async resources(options: ReadOptions = {}): Promise<readonly ResourceEntry[]> {
    const renditions = await Promise.all(
      this.plan.renditions.map(async rendition => ({ rendition, ...(await this.#extent(rendition, options)) })),
    )
    const entries: ResourceEntry[] = [resourceEntry('master.m3u8', 'master')]
    for (const { rendition } of renditions) {
      entries.push(resourceEntry(`${rendition.name}/playlist.m3u8`, 'playlist'))
      entries.push(resourceEntry(`${rendition.name}/init.mp4`, 'init', rendition))
    }
    for (let n = 0; n < this.plan.segments.cuts.length; n++) {
      for (const { rendition, firstSegment, durationsUs } of renditions) {
        if (n < firstSegment || n >= firstSegment + durationsUs.length) continue
        entries.push(resourceEntry(`${rendition.name}/${n}.m4s`, 'segment', rendition))
      }
    }
    return entries
  }

  async resource(path: string, options: ResourceOptions = {}): Promise<Resource> {
    const { entry, pieces } = await this.#make(path, options)
    const byteLength = pieces.reduce((sum, piece) => sum + piece.byteLength, 0)
    return { ...entry, pieces, byteLength, etag: etagFor(this.#identity, `${path}?${options.query ?? ''}`) }
  }

  async #make(
    path: string,
    options: ResourceOptions,
  ): Promise<{ entry: ResourceEntry; pieces: readonly Uint8Array[] }> {
    if (path === 'master.m3u8') {
      return {
        entry: resourceEntry(path, 'master'),
        pieces: [encode(multivariantPlaylist(this.plan, this.#isIndependent, options.query))],
      }
    }
    const slash = path.indexOf('/')
    const rendition = this.#renditions.get(path.slice(0, slash))
    const file = path.slice(slash + 1)
    const segment = /^(0|[1-9]\d{0,8})\.m4s$/.exec(file)?.[1]
    if (rendition === undefined) throw noSuchPath(path)
    if (file === 'playlist.m3u8') {
      const extent = await this.#extent(rendition, options)
      const text = mediaPlaylist(extent, this.plan.targetDuration, this.#isIndependent, options.query)
      return { entry: resourceEntry(path, 'playlist'), pieces: [encode(text)] }
    }
    if (file === 'init.mp4') {
      const init = writeInitSegment(rendition.tracks.map(track => ({ track })))
      return { entry: resourceEntry(path, 'init', rendition), pieces: [init] }
    }
    if (segment === undefined || Number(segment) >= this.plan.segments.cuts.length) throw noSuchPath(path)
    const pieces = await this.#segment(rendition, Number(segment), options.signal)
    return { entry: resourceEntry(path, 'segment', rendition), pieces }
  }

  /**
   * The segments that a rendition has. Where only the media tells when a track of sound begins, that is looked up
   * now, once: opening a film doesn't pay for it, and its first EXTINF is its segment's true length.
   */
  #extent(rendition: RatedRendition, options: ReadOptions): Promise<Extent> {
    let extent = this.#extents.get(rendition.name)
    if (extent === undefined) {
      extent = trueExtent(this.#demuxer, this.plan, rendition, options)
      this.#extents.set(rendition.name, extent)
      extent.catch(() => this.#extents.delete(rendition.name))
    }
    return extent
  }

  async #segment(
    rendition: RatedRendition,
    n: number,
    signal: AbortSignal | undefined,
  ): Promise<readonly Uint8Array[]> {
    const { segments, timeline } = this.plan
    const trackIds = rendition.tracks.map(track => track.id)
    const batches = await this.#spans.read(segmentSpan(segments, n), trackIds, signal)
    if (batches.length === 0) {
      throw new CuemuxError('NOT_FOUND', `Segment ${n} of ${rendition.name} has no samples: its track has none there.`)
    }
    const fragments = batches.map(batch => ({ batch, shift: timeline.shiftFor(batch) }))
    return writeMediaSegment(n + 1, fragments).pieces
  }
}

async function trueExtent(
  demuxer: Demuxer,
  plan: PresentationPlan,
  rendition: RatedRendition,
  options: ReadOptions,
): Promise<Extent> {
  const [planned, ...others] = rendition.tracks
  const isLeftToMedia = demuxer.index.tracks.some(track => track.id === planned?.id && track.start === undefined)
  if (planned?.kind !== 'audio' || others.length > 0 || !isLeftToMedia) return rendition
  const track = await demuxer.readTrackStart(planned.id, options)
  return track.kind === 'audio' ? renditionExtent(demuxer.index, plan.segments, track) : rendition
}

function resourceEntry(path: string, kind: ResourceKind, rendition?: RatedRendition): ResourceEntry {
  if (rendition === undefined) return { path, kind, contentType: CONTENT_TYPES.playlist }
  return { path, kind, contentType: rendition.kind === 'audio' ? CONTENT_TYPES.audio : CONTENT_TYPES.video }
}

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

function noSuchPath(path: string): CuemuxError {
  return new CuemuxError('NOT_FOUND', `The presentation has no "${path.slice(0, 100)}".`)
}
