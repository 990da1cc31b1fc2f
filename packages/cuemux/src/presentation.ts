import { type ByteSource, CuemuxError, type Demuxer, type ReadOptions, throwIfAborted } from '@cuemux/core'
import { writeInitSegment, writeMediaSegment, writePackedAudio } from '@cuemux/fmp4'
import {
  type Extent,
  type PresentationPlan,
  planPresentation,
  type RatedRendition,
  resolveClient,
  segmentSpan,
} from '@cuemux/planner'
import { type ClientInput, withConfigurations } from './client.js'
import { etagFor } from './etag.js'
import { trueExtent, withBounds } from './extents.js'
import { lookAtGroups } from './groups.js'
import { isPackedAudio } from './packed-audio.js'
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

class Presentation implements HlsPresentation {
  readonly plan: PresentationPlan
  readonly #demuxer: Demuxer
  readonly #renditions: ReadonlyMap<string, RatedRendition>
  readonly #spans: SpanReader
  readonly #isIndependent: boolean
  /** Renditions that go out as packed audio. */
  readonly #packed: ReadonlySet<RatedRendition>
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
    const client = resolveClient(options.client)
    this.#packed = new Set(plan.renditions.filter(rendition => isPackedAudio(rendition, client)))
  }

  async resources(options: ReadOptions = {}): Promise<readonly ResourceEntry[]> {
    throwIfAborted(options.signal)
    const renditions = await Promise.all(
      this.plan.renditions.map(async rendition => ({ rendition, ...(await this.#extent(rendition)) })),
    )
    const entries: ResourceEntry[] = [resourceEntry('master.m3u8', 'master')]
    for (const { rendition } of renditions) {
      entries.push(resourceEntry(`${rendition.name}/playlist.m3u8`, 'playlist'))
      if (!this.#packed.has(rendition)) entries.push(this.#entry(rendition, 'init.mp4', 'init'))
    }
    for (let n = 0; n < this.plan.segments.cuts.length; n++) {
      for (const { rendition, firstSegment, durationsUs } of renditions) {
        if (n < firstSegment || n >= firstSegment + durationsUs.length) continue
        entries.push(this.#entry(rendition, `${n}.${this.#extension(rendition)}`, 'segment'))
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
        pieces: [encode(multivariantPlaylist(this.plan, this.#packed, this.#isIndependent, options.query))],
      }
    }
    const slash = path.indexOf('/')
    const rendition = this.#renditions.get(path.slice(0, slash))
    const file = path.slice(slash + 1)
    if (rendition === undefined) throw noSuchPath(path)
    if (file === 'playlist.m3u8')
      return { entry: resourceEntry(path, 'playlist'), pieces: [await this.#playlist(rendition, options)] }
    const isPacked = this.#packed.has(rendition)
    if (file === 'init.mp4' && !isPacked) {
      const init = writeInitSegment(rendition.tracks.map(track => ({ track })))
      return { entry: this.#entry(rendition, file, 'init'), pieces: [init] }
    }
    const [, number, extension] = /^(0|[1-9]\d{0,8})\.(m4s|mp3)$/.exec(file) ?? []
    const isThere = extension === this.#extension(rendition) && Number(number) < this.plan.segments.cuts.length
    if (!isThere) throw noSuchPath(path)
    const pieces = await this.#segment(rendition, Number(number), options.signal)
    return { entry: this.#entry(rendition, file, 'segment'), pieces }
  }

  #extension(rendition: RatedRendition): 'm4s' | 'mp3' {
    return this.#packed.has(rendition) ? 'mp3' : 'm4s'
  }

  #entry(rendition: RatedRendition, file: string, kind: ResourceKind): ResourceEntry {
    const inMp4 = rendition.kind === 'audio' ? CONTENT_TYPES.audio : CONTENT_TYPES.video
    const contentType = this.#packed.has(rendition) ? CONTENT_TYPES.mp3 : inMp4
    return { path: `${rendition.name}/${file}`, kind, contentType }
  }

  async #playlist(rendition: RatedRendition, options: ResourceOptions): Promise<Uint8Array> {
    return encode(
      mediaPlaylist(await this.#extent(rendition), {
        targetDuration: this.plan.targetDuration,
        isIndependent: this.#isIndependent,
        extension: this.#extension(rendition),
        query: options.query,
      }),
    )
  }

  /**
   * The segments that a rendition has. Where only the media tells when a track of sound begins or ends, that is looked
   * up now, once: opening a film doesn't pay for it, and what the playlist lists is there and as long as it says.
   */
  #extent(rendition: RatedRendition): Promise<Extent> {
    let extent = this.#extents.get(rendition.name)
    if (extent === undefined) {
      extent = trueExtent(this.#demuxer, this.plan, rendition)
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
    const [first] = batches
    if (first !== undefined && this.#packed.has(rendition)) return writePackedAudio(first, timeline.shiftFor(first))
    const fragments = batches.map(batch => ({ batch, shift: timeline.shiftFor(batch) }))
    return writeMediaSegment(n + 1, fragments).pieces
  }
}

function resourceEntry(path: string, kind: 'master' | 'playlist'): ResourceEntry {
  return { path, kind, contentType: CONTENT_TYPES.playlist }
}

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

function noSuchPath(path: string): CuemuxError {
  return new CuemuxError('NOT_FOUND', `The presentation has no "${path.slice(0, 100)}".`)
}
