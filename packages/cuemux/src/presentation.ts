import { type ByteSource, CuemuxError, type Demuxer, type ReadOptions, throwIfAborted } from '@cuemux/core'
import type { PresentationPlan } from '@cuemux/planner'
import { type Captions, findCaptions } from './captions.js'
import { ATTACHMENTS, attachmentEntries, readAttachment } from './documents/attachments.js'
import { CHAPTERS_PATH, chaptersDocument } from './documents/chapters.js'
import { findIFrames, IFRAMES, type IFrames, iFramePlaylist, iFrameStream } from './documents/iframes.js'
import { manifestDocument } from './documents/manifest.js'
import { multivariantPlaylist } from './documents/master.js'
import { planReport } from './documents/plan.js'
import type { EncoderService } from './encoding/service.js'
import { etagFor } from './etag.js'
import type { HlsOptions } from './hls-options.js'
import type { JoinablePresentation } from './joined.js'
import { type PlannedFilm, planFilm } from './planned-film.js'
import { MediaRendition } from './renditions/media.js'
import {
  type Made,
  type MakeOptions,
  playlistEntry,
  type RenditionResources,
  textPieces,
} from './renditions/rendition.js'
import { TextRendition } from './renditions/text.js'
import { CONTENT_TYPES, type Resource, type ResourceEntry } from './resource.js'
import { SegmentSamples } from './segment-samples.js'

/** What a presentation has, by path. Every resource is a pure function of the film and the options. */
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
}

/** Options of {@link HlsPresentation.resource}. */
export interface ResourceOptions extends ReadOptions {
  /** Put behind every address in a playlist, as `client=safari`: what a server needs to find the same presentation again. */
  readonly query?: string | undefined
}

const DEFAULT_CACHE_BYTES = 64 << 20

/** Plans the presentation of a film; see {@link Media.hls}. */
export async function createPresentation(
  source: ByteSource,
  demuxer: Demuxer,
  options: HlsOptions,
  encoder?: EncoderService,
): Promise<JoinablePresentation> {
  return new Presentation(await planFilm(source, demuxer, options, encoder), options)
}

class Presentation implements JoinablePresentation {
  readonly plan: PresentationPlan
  readonly #film: PlannedFilm
  readonly #samples: SegmentSamples
  readonly #media: readonly MediaRendition[]
  /** All but those of closed captions. */
  readonly renditions: readonly RenditionResources[]
  /** What the resources depend on, beside their path. */
  readonly #identity: string
  readonly #captions: () => Promise<Captions>
  readonly #iFrames: () => Promise<IFrames | undefined>

  constructor(film: PlannedFilm, options: HlsOptions) {
    const { cacheBytes = DEFAULT_CACHE_BYTES, ...planned } = options
    this.plan = film.plan
    this.#film = film
    this.#samples = new SegmentSamples(film, cacheBytes)
    this.#media = film.plan.renditions.map(rendition => new MediaRendition(film, rendition, this.#samples))
    const texts = film.plan.texts.map(text => new TextRendition(film, text, this.#samples))
    this.renditions = [...this.#media, ...texts]
    this.#captions = once(() => findCaptions(film, this.#samples))
    this.#iFrames = once(() => findIFrames(film))
    this.#identity = JSON.stringify([film.source.key, film.source.sizeBytes, planned])
  }

  async resources(options: ReadOptions = {}): Promise<readonly ResourceEntry[]> {
    throwIfAborted(options.signal)
    const { renditions: captions } = await this.#captions()
    const renditions = [...this.renditions, ...captions]
    const extents = await Promise.all(renditions.map(rendition => rendition.extent()))
    const entries: ResourceEntry[] = [MASTER, MANIFEST]
    if ((await chaptersDocument(this.#film)) !== undefined) entries.push(CHAPTERS)
    const iFrames = await this.#iFrames()
    if (iFrames !== undefined) entries.push(playlistEntry(`${IFRAMES}${iFrames.rendition.name}.m3u8`))
    entries.push(...attachmentEntries(this.#film), ...renditions.flatMap(rendition => rendition.heads()))
    for (let n = 0; n < this.plan.segments.cuts.length; n++) {
      for (const [i, rendition] of renditions.entries()) {
        const { firstSegment = 0, count = 0 } = extents[i] ?? {}
        if (n >= firstSegment && n < firstSegment + count) entries.push(rendition.segmentEntry(n))
      }
    }
    return entries
  }

  async resource(path: string, options: ResourceOptions = {}): Promise<Resource> {
    throwIfAborted(options.signal)
    const made = await this.#make(path, options)
    if (made === undefined) throw new CuemuxError('NOT_FOUND', `The presentation has no "${path.slice(0, 100)}".`)
    const { entry, pieces } = made
    const byteLength = pieces.reduce((sum, piece) => sum + piece.byteLength, 0)
    return { ...entry, pieces, byteLength, etag: etagFor(this.#identity, `${path}?${options.query ?? ''}`) }
  }

  async #make(path: string, options: MakeOptions): Promise<Made | undefined> {
    if (path === MASTER.path) return { entry: MASTER, pieces: textPieces(await this.#master(options.query)) }
    if (path === MANIFEST.path) {
      return { entry: MANIFEST, pieces: textPieces(await manifestDocument(this.#film, this.#media, options.query)) }
    }
    if (path === CHAPTERS.path) {
      const text = await chaptersDocument(this.#film)
      return text === undefined ? undefined : { entry: CHAPTERS, pieces: textPieces(text) }
    }
    if (path === PLAN.path) return { entry: PLAN, pieces: textPieces(JSON.stringify(planReport(this.#film))) }
    if (path.startsWith(ATTACHMENTS)) {
      const found = await readAttachment(this.#film, path.slice(ATTACHMENTS.length), options)
      return found && { entry: found.entry, pieces: [found.bytes] }
    }
    if (path.startsWith(IFRAMES)) {
      const iFrames = await this.#iFrames()
      if (iFrames === undefined || path !== `${IFRAMES}${iFrames.rendition.name}.m3u8`) return undefined
      return { entry: playlistEntry(path), pieces: textPieces(iFramePlaylist(iFrames, this.#film, options.query)) }
    }
    const slash = path.indexOf('/')
    const rendition = await this.#rendition(path.slice(0, slash))
    return rendition?.make(path.slice(slash + 1), options)
  }

  async close(): Promise<void> {
    await Promise.all(Array.from(this.#film.encodings.values(), encoding => encoding.close()))
  }

  async #rendition(name: string): Promise<RenditionResources | undefined> {
    const own = this.renditions.find(rendition => rendition.name === name)
    if (own !== undefined || !name.startsWith('captions-')) return own
    return (await this.#captions()).renditions.find(rendition => rendition.name === name)
  }

  async #master(query: string | undefined): Promise<string> {
    const iFrames = await this.#iFrames()
    const stream = iFrames && iFrameStream(iFrames, query)
    const { renditions: captions, instream } = await this.#captions()
    return multivariantPlaylist(
      this.#film,
      {
        packed: new Set(this.#media.filter(({ isPacked }) => isPacked).map(({ name }) => name)),
        instreamChannels: instream,
        captions,
        hasChapters: (await chaptersDocument(this.#film)) !== undefined,
        iFrames: stream === undefined ? [] : [stream],
        images: [],
      },
      query,
    )
  }
}

/** Runs a search when its result is first asked for, and again only where it failed. */
function once<T>(search: () => Promise<T>): () => Promise<T> {
  let found: Promise<T> | undefined
  return () => {
    if (found === undefined) {
      found = search()
      found.catch(() => {
        found = undefined
      })
    }
    return found
  }
}

const MASTER: ResourceEntry = { path: 'master.m3u8', kind: 'master', contentType: CONTENT_TYPES.playlist }
const MANIFEST: ResourceEntry = { path: 'manifest.mpd', kind: 'master', contentType: CONTENT_TYPES.mpd }
/** Made when it is asked for; no part of what is exported. */
const PLAN: ResourceEntry = { path: 'plan.json', kind: 'document', contentType: CONTENT_TYPES.json }
const CHAPTERS: ResourceEntry = { path: CHAPTERS_PATH, kind: 'document', contentType: CONTENT_TYPES.json }
