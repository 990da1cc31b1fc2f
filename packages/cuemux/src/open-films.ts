import { type ByteSource, CuemuxError, type ReadOptions } from '@cuemux/core'
import type { ClientInput } from './client.js'
import { SingleFlight } from './flight.js'
import type { HandlerEvent, HandlerOptions, ResolvedMedia } from './handler.js'
import type { MediaInfo } from './info.js'
import type { MediaInput } from './input.js'
import type { Media, OpenOptions, TrackDecision } from './media.js'
import type { HlsPresentation } from './presentation.js'
import type { Resource } from './resource.js'

/** How many kinds of client a film is kept planned for. */
const MAX_PRESENTATIONS = 16

/** `info.json`: the film, what becomes of its tracks for the asked client, and what serving it has cost so far. */
export interface FilmReport extends MediaInfo {
  readonly decisions: readonly TrackDecision[]
  readonly stats: {
    /** Resources given out. */
    readonly requests: number
    /** Segments among them. */
    readonly segmentsMade: number
    /** Bytes given out. */
    readonly bytesServed: number
  }
}

/** A film that a handler holds open, with its presentations. */
export class OpenFilm {
  readonly media: Media
  readonly #segmentDurationMs: number | undefined
  readonly #presentations = new Map<string, Promise<HlsPresentation>>()
  readonly #dispose: () => void
  #requests = 0
  #segmentsMade = 0
  #bytesServed = 0
  #working = 0
  #isClosing = false

  constructor(media: Media, segmentDurationMs: number | undefined, dispose: () => void) {
    this.media = media
    this.#segmentDurationMs = segmentDurationMs
    this.#dispose = dispose
  }

  /** The presentation for a client, planned once. */
  presentation(client: ClientInput): Promise<HlsPresentation> {
    const key = typeof client === 'string' ? client : client.join()
    let presentation = this.#presentations.get(key)
    if (presentation === undefined) {
      const duration = this.#segmentDurationMs
      presentation = this.media.hls({ client, ...(duration === undefined ? {} : { segmentDurationMs: duration }) })
      this.#presentations.set(key, presentation)
      presentation.catch(() => this.#presentations.delete(key))
      const oldest = this.#presentations.keys().next().value
      if (this.#presentations.size > MAX_PRESENTATIONS && oldest !== undefined) this.#presentations.delete(oldest)
    }
    return presentation
  }

  /**
   * Keeps the film's source open while the work goes on, and lets go of the film when its source has changed, so that
   * the next request opens it anew.
   */
  async guard<T>(work: Promise<T>): Promise<T> {
    this.#working++
    try {
      return await work
    } catch (error) {
      if (error instanceof CuemuxError && error.code === 'SOURCE_CHANGED') this.#dispose()
      throw error
    } finally {
      this.#working--
      if (this.#isClosing) this.close()
    }
  }

  /** Closes the source as soon as nothing reads from it. */
  close(): void {
    this.#isClosing = true
    if (this.#working === 0) void this.media.close().catch(() => {})
  }

  /** Counts a resource that was given out. */
  count(resource: Resource): void {
    this.#requests++
    this.#bytesServed += resource.byteLength
    if (resource.kind === 'segment') this.#segmentsMade++
  }

  describe(client: ClientInput): FilmReport {
    return {
      ...this.media.info,
      decisions: this.media.decisions(client),
      stats: { requests: this.#requests, segmentsMade: this.#segmentsMade, bytesServed: this.#bytesServed },
    }
  }
}

interface Entry {
  readonly input: MediaInput
  readonly film: OpenFilm
}

/** The films that a handler holds open: each opened once however many ask, the least recently used closed first. */
export class OpenFilms {
  readonly #openMedia: (input: MediaInput, options?: OpenOptions) => Promise<Media>
  readonly #options: HandlerOptions
  readonly #flights = new SingleFlight<OpenFilm>()
  readonly #entries = new Map<string, Entry>()

  constructor(openMedia: (input: MediaInput, options?: OpenOptions) => Promise<Media>, options: HandlerOptions) {
    this.#openMedia = openMedia
    this.#options = options
  }

  /** @throws CuemuxError `NOT_FOUND` for an unknown id, and what opening the film throws */
  async open(id: string, request: Request): Promise<OpenFilm> {
    const resolved = await this.#options.resolve(id, request)
    if (resolved === undefined) throw new CuemuxError('NOT_FOUND', `There is no film "${id.slice(0, 100)}".`)
    const { input, options } = isResolved(resolved) ? resolved : { input: resolved, options: undefined }
    const entry = this.#entries.get(id)
    if (entry !== undefined && isSameInput(entry.input, input)) {
      this.#entries.delete(id)
      this.#entries.set(id, entry)
      return entry.film
    }
    return this.#flights.run(`${id}\n${inputKey(input) ?? ''}`, request.signal, signal =>
      this.#load(id, input, { ...options, signal }),
    )
  }

  async #load(id: string, input: MediaInput, options: OpenOptions & ReadOptions): Promise<OpenFilm> {
    const media = await this.#openMedia(input, options)
    const film = new OpenFilm(media, this.#options.segmentDurationMs, () => this.#drop(id))
    this.#drop(id)
    this.#entries.set(id, { input, film })
    const oldest = this.#entries.keys().next().value
    if (this.#entries.size > (this.#options.maxOpen ?? 64) && oldest !== undefined) this.#drop(oldest)
    const event: HandlerEvent = { type: 'open', id, media }
    this.#options.onEvent?.(event)
    return film
  }

  #drop(id: string): void {
    const entry = this.#entries.get(id)
    this.#entries.delete(id)
    entry?.film.close()
  }
}

function isResolved(value: MediaInput | ResolvedMedia): value is ResolvedMedia {
  return typeof value === 'object' && 'input' in value
}

function isSameInput(a: MediaInput, b: MediaInput): boolean {
  return a === b || (inputKey(a) !== undefined && inputKey(a) === inputKey(b))
}

function inputKey(input: MediaInput): string | undefined {
  if (typeof input === 'string' || input instanceof URL) return String(input)
  return 'key' in input ? (input as ByteSource).key : undefined
}
