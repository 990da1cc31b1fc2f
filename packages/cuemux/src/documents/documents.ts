import type { Captions } from '../captions.js'
import type { EncoderService } from '../encoding/service.js'
import type { PlannedFilm } from '../planned-film.js'
import type { MediaRendition } from '../renditions/media.js'
import { type Found, playlistEntry, textFound } from '../renditions/rendition.js'
import { CONTENT_TYPES, type ResourceEntry } from '../resource.js'
import { ATTACHMENTS, attachmentEntries, findAttachment } from './attachments.js'
import { CHAPTERS_PATH, chaptersDocument } from './chapters.js'
import { findIFrame, findIFrames, IFRAMES, type IFrames, iFrameEntry, iFrameHeads, iFrameStream } from './iframes.js'
import { manifestDocument } from './manifest.js'
import { multivariantPlaylist } from './master.js'
import { planReport } from './plan.js'
import {
  imageCount,
  imageEntry,
  imageStream,
  planStoryboard,
  STORYBOARD,
  STORYBOARD_PLAYLIST,
  STORYBOARD_TEXT,
  type Storyboard,
  storyboardImage,
  storyboardPlaylist,
  storyboardText,
} from './storyboard.js'

/** What the documents of a presentation are made from. */
export interface DocumentParts {
  readonly film: PlannedFilm
  readonly media: readonly MediaRendition[]
  readonly captions: () => Promise<Captions>
  /** What makes pictures; without it there is no storyboard. */
  readonly encoder: EncoderService | undefined
}

const MASTER: ResourceEntry = { path: 'master.m3u8', kind: 'master', contentType: CONTENT_TYPES.playlist }
const MANIFEST: ResourceEntry = { path: 'manifest.mpd', kind: 'master', contentType: CONTENT_TYPES.mpd }
const CHAPTERS: ResourceEntry = { path: CHAPTERS_PATH, kind: 'document', contentType: CONTENT_TYPES.json }
/** Made when it is asked for; no part of what is exported. */
const PLAN: ResourceEntry = { path: 'plan.json', kind: 'document', contentType: CONTENT_TYPES.json }
const TILES_TEXT: ResourceEntry = { path: STORYBOARD_TEXT, kind: 'text', contentType: CONTENT_TYPES.vtt }
const TILES_PLAYLIST: ResourceEntry = playlistEntry(STORYBOARD_PLAYLIST)

/** All of a presentation that is no rendition: what names the renditions, and what accompanies them. */
export class Documents {
  readonly #parts: DocumentParts
  readonly #iFrames: () => Promise<IFrames | undefined>
  readonly #storyboard: () => Promise<Storyboard | undefined>

  constructor(parts: DocumentParts) {
    this.#parts = parts
    this.#iFrames = once(() => findIFrames(parts.film))
    this.#storyboard = once(() => planStoryboard(parts.film, parts.encoder))
  }

  /** What there is, the multivariant playlist first, but for {@link iFrameEntries}. */
  async entries(): Promise<ResourceEntry[]> {
    const { film } = this.#parts
    const [chapters, iFrames, board] = await Promise.all([chaptersDocument(film), this.#iFrames(), this.#storyboard()])
    const images = board === undefined ? 0 : imageCount(board)
    return [
      ...[MASTER, MANIFEST],
      ...(chapters === undefined ? [] : [CHAPTERS]),
      ...(iFrames === undefined ? [] : iFrameHeads(iFrames)),
      ...(images === 0 ? [] : [TILES_TEXT, TILES_PLAYLIST]),
      ...Array.from({ length: images }, (_, n) => imageEntry(n)),
      ...attachmentEntries(film),
    ]
  }

  /** The I-frame of each segment, where it is a resource of its own. */
  async iFrameEntries(): Promise<(n: number) => ResourceEntry | undefined> {
    const iFrames = await this.#iFrames()
    return n => (iFrames === undefined ? undefined : iFrameEntry(iFrames, n))
  }

  /** The document at a path; `undefined` where there is none. */
  async find(path: string): Promise<Found | undefined> {
    const { film, media } = this.#parts
    switch (path) {
      case MASTER.path:
        return textFound(MASTER, ({ query }) => this.#master(query))
      case MANIFEST.path:
        return textFound(MANIFEST, ({ query }) => manifestDocument(film, media, query))
      case CHAPTERS.path: {
        const text = await chaptersDocument(film)
        return text === undefined ? undefined : textFound(CHAPTERS, () => text)
      }
      case PLAN.path:
        return textFound(PLAN, () => JSON.stringify(planReport(film)))
    }
    if (path.startsWith('storyboard')) return this.#tiles(path)
    if (path.startsWith(IFRAMES)) return this.#iFrame(path)
    return path.startsWith(ATTACHMENTS) ? findAttachment(film, path.slice(ATTACHMENTS.length)) : undefined
  }

  async #iFrame(path: string): Promise<Found | undefined> {
    const iFrames = await this.#iFrames()
    return iFrames && findIFrame(iFrames, this.#parts.film, this.#parts.media, path)
  }

  async #tiles(path: string): Promise<Found | undefined> {
    const { film, encoder } = this.#parts
    const board = await this.#storyboard()
    if (board === undefined || encoder === undefined) return undefined
    if (path === TILES_TEXT.path) return textFound(TILES_TEXT, ({ query }) => storyboardText(board, query))
    if (path === TILES_PLAYLIST.path) return textFound(TILES_PLAYLIST, ({ query }) => storyboardPlaylist(board, query))
    const n = Number(/^storyboard\/(0|[1-9]\d{0,5})\.jpg$/.exec(path)?.[1] ?? Number.NaN)
    if (!path.startsWith(STORYBOARD) || !(n < imageCount(board))) return undefined
    return {
      entry: imageEntry(n),
      isEncoded: true,
      make: async ({ signal }) => [await storyboardImage(film, board, n, encoder, signal)],
    }
  }

  async #master(query: string | undefined): Promise<string> {
    const { film, media } = this.#parts
    const [iFrames, board, captions] = await Promise.all([this.#iFrames(), this.#storyboard(), this.#parts.captions()])
    const stream = iFrames && iFrameStream(iFrames, film, query)
    return multivariantPlaylist(
      film,
      {
        packed: new Set(media.filter(({ isPacked }) => isPacked).map(({ name }) => name)),
        instreamChannels: captions.instream,
        captions: captions.renditions,
        hasChapters: (await chaptersDocument(film)) !== undefined,
        iFrames: stream === undefined ? [] : [stream],
        images: board === undefined ? [] : [imageStream(board, query)],
      },
      query,
    )
  }
}

/** Runs a search when its result is first asked for, and again only where it failed. */
export function once<T>(search: () => Promise<T>): () => Promise<T> {
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
