import { type ByteSource, CuemuxError, type Demuxer, type ReadOptions, throwIfAborted } from '@cuemux/core'
import type { PresentationPlan } from '@cuemux/planner'
import { type Captions, findCaptions } from './captions.js'
import { Documents, once } from './documents/documents.js'
import { closeEncodings } from './encoding/open-encodings.js'
import type { EncoderService } from './encoding/service.js'
import { contentEtag, etagFor } from './etag.js'
import type { HlsOptions } from './hls-options.js'
import type { JoinablePresentation } from './joined.js'
import { type PlannedFilm, planFilm } from './planned-film.js'
import { MediaRendition } from './renditions/media.js'
import type { Found, RenditionResources } from './renditions/rendition.js'
import { TextRendition } from './renditions/text.js'
import { joinPieces, type KnownEntry, type Resource, type ResourceEntry } from './resource.js'
import { Lease } from './segment-memory.js'
import { SegmentSamples } from './segment-samples.js'
import { validatorOf } from './service/watched-source.js'

/**
 * What a presentation has, by path. Every resource is a pure function of the film and the options; of what is encoded the
 * times and the number of frames are, while its bytes depend on where the encoder started.
 */
export interface ResourceTree {
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

/** A film as an HLS and DASH presentation. */
export interface HlsPresentation extends ResourceTree {
  /** How the film was planned. */
  readonly plan: PresentationPlan
  /**
   * What is at a path, without making it; `undefined` for a path that it doesn't have. A segment of a track that has nothing in
   * it is found missing only when it is made.
   */
  entry(path: string, options?: Pick<ResourceOptions, 'query'>): Promise<KnownEntry | undefined>
}

/** Options of {@link HlsPresentation.resource}. */
export interface ResourceOptions extends ReadOptions {
  /** Put behind every address in a playlist, as `client=safari`: what a server needs to find the same presentation again. */
  readonly query?: string | undefined
  /**
   * {@link Resource.release} will be called when the pieces have been used: their memory is then used again for other
   * segments, which spares the collector most of its work.
   */
  readonly reusesMemory?: boolean | undefined
}

const DEFAULT_CACHE_BYTES = 64 << 20

/** Plans the presentation of a film; see {@link Media.hls}. */
export async function createPresentation(
  source: ByteSource,
  demuxer: Demuxer,
  options: HlsOptions,
  encoder?: EncoderService,
): Promise<JoinablePresentation> {
  return new Presentation(await planFilm(source, demuxer, options, encoder), options, encoder)
}

class Presentation implements JoinablePresentation {
  readonly plan: PresentationPlan
  /** All but those of closed captions. */
  readonly renditions: readonly RenditionResources[]
  readonly #film: PlannedFilm
  readonly #documents: Documents
  readonly #captions: () => Promise<Captions>
  /** What the resources depend on, beside their path. */
  readonly #identity: string

  constructor(film: PlannedFilm, options: HlsOptions, encoder: EncoderService | undefined) {
    const { cacheBytes = DEFAULT_CACHE_BYTES, storyboard = false, ...planned } = options
    this.plan = film.plan
    this.#film = film
    const samples = new SegmentSamples(film, cacheBytes)
    const media = film.plan.renditions.map(rendition => new MediaRendition(film, rendition, samples))
    const texts = film.plan.texts.map(text => new TextRendition(film, text, samples))
    this.renditions = [...media, ...texts]
    this.#captions = once(() => findCaptions(film, samples))
    this.#documents = new Documents({
      film,
      media,
      captions: this.#captions,
      encoder: storyboard ? encoder : undefined,
    })
    this.#identity = JSON.stringify([
      film.source.key,
      film.source.sizeBytes,
      validatorOf(film.source),
      { ...planned, storyboard },
    ])
  }

  async resources(options: ReadOptions = {}): Promise<readonly ResourceEntry[]> {
    throwIfAborted(options.signal)
    const { renditions: captions } = await this.#captions()
    const renditions = [...this.renditions, ...captions]
    const extents = await Promise.all(renditions.map(rendition => rendition.extent()))
    const entries = [...(await this.#documents.entries()), ...renditions.flatMap(rendition => rendition.heads())]
    const iFrameEntry = await this.#documents.iFrameEntries()
    for (let n = 0; n < this.plan.segments.cuts.length; n++) {
      for (const [i, rendition] of renditions.entries()) {
        const { firstSegment = 0, count = 0 } = extents[i] ?? {}
        if (n >= firstSegment && n < firstSegment + count) entries.push(rendition.segmentEntry(n))
      }
      // Behind its segment: what has made that has its keyframe too.
      const iFrame = iFrameEntry(n)
      if (iFrame !== undefined) entries.push(iFrame)
    }
    return entries
  }

  async resource(path: string, options: ResourceOptions = {}): Promise<Resource> {
    throwIfAborted(options.signal)
    const { signal, query } = options
    const lease = options.reusesMemory === true ? new Lease() : undefined
    const found = await this.#find(path)
    if (found === undefined) throw new CuemuxError('NOT_FOUND', `The presentation has no "${path.slice(0, 100)}".`)
    const pieces = await found.make({ signal, query, lease })
    const byteLength = pieces.reduce((sum, piece) => sum + piece.byteLength, 0)
    const etag = this.#etag(found, query) ?? (await contentEtag(joinPieces(pieces)))
    const resource = { ...found.entry, pieces, byteLength, etag }
    return lease === undefined ? resource : { ...resource, release: () => lease.release() }
  }

  async entry(path: string, { query }: Pick<ResourceOptions, 'query'> = {}): Promise<KnownEntry | undefined> {
    const found = await this.#find(path)
    return found && { ...found.entry, etag: this.#etag(found, query) }
  }

  #etag({ entry, isEncoded = false }: Found, query: string | undefined): string | undefined {
    return isEncoded ? undefined : etagFor(this.#identity, `${entry.path}?${query ?? ''}`)
  }

  async #find(path: string): Promise<Found | undefined> {
    const slash = path.indexOf('/')
    const name = path.slice(0, Math.max(0, slash))
    const captions = name.startsWith('captions-') ? (await this.#captions()).renditions : []
    const rendition = [...this.renditions, ...captions].find(one => one.name === name)
    return rendition?.find(path.slice(slash + 1)) ?? this.#documents.find(path)
  }

  async close(): Promise<void> {
    await closeEncodings(this.#film.encodings.values())
  }
}
