import { type ByteSource, CuemuxError, type ReadOptions, SingleFlight } from '@cuemux/core'
import { sourceSpanBytes } from '@cuemux/planner'
import type { ClientInput } from './client.js'
import type { HlsOptions } from './hls-options.js'
import type { MediaInfo } from './info.js'
import type { MediaInput } from './input.js'
import type { EncoderStatus, Media, MediaOpener, OpenOptions, TrackDecision } from './media.js'
import type { HlsPresentation } from './presentation.js'
import { isRemote } from './remote.js'
import type { Resource } from './resource.js'
import type { AddressGuard } from './service/address-guard.js'
import type { Tell } from './service/events.js'
import type { Kept } from './service/kept.js'
import type { Counters } from './service/metrics.js'
import type { HandlerOptions, ResolvedMedia } from './service/options.js'
import type { Slots } from './service/slots.js'
import { watchedSource } from './service/watched-source.js'

/** How many kinds of client a film is kept planned for. */
const MAX_PRESENTATIONS = 16
/** Samples kept for the other renditions of a segment: its sound and text. The picture, the large part, is made first. */
const SAMPLES_BYTES = 4 << 20
/** The same where nothing else is kept of a film that is far away: the picture as well, so that it is read once. */
const UNKEPT_SAMPLES_BYTES = 32 << 20
/** Segments of more bytes than this wait as if they had no more. */
const MAX_ESTIMATE_BYTES = 256 << 20

/** `info.json`: the film, what becomes of its tracks for the asked client, and what serving it has cost so far. */
export interface FilmReport extends MediaInfo {
  readonly decisions: readonly TrackDecision[]
  /** Where tracks have to be encoded: whether they can be, and if not, what to install. */
  readonly encoder?: EncoderStatus
  readonly stats: {
    /** Resources given out. */
    readonly requests: number
    /** Segments among them. */
    readonly segmentsMade: number
    /** Bytes given out. */
    readonly bytesServed: number
  }
}

/** A film planned for a client. */
export interface PlannedPresentation {
  readonly presentation: HlsPresentation
  /** The options that it was planned with, as text. */
  readonly key: string
  /** Names of the renditions that are encoded. */
  readonly encoded: ReadonlySet<string>
  /** Bytes that segment n takes while it is made, about. */
  segmentBytes(n: number): number
}

/** What of a presentation is the same for all films that a handler serves, beside the length of segments. */
export type PresentationOptions = Pick<HlsOptions, 'audioLanguages' | 'startMs' | 'endMs'>

interface OpenFilmSettings {
  /** What all its presentations are planned with. */
  readonly planned: Pick<HlsOptions, 'segmentDurationMs' | 'captions'> & PresentationOptions
  /** How many bytes of samples each presentation may keep. */
  readonly samplesBytes: number
  /** Lets go of the film. */
  readonly dispose: () => void
  /** Told when its source was given back. */
  readonly onClose: () => void
}

/** A film that a handler holds open, with its presentations. */
export class OpenFilm {
  readonly media: Media
  readonly #planned: OpenFilmSettings['planned']
  readonly #samplesBytes: number
  readonly #presentations = new Map<string, Promise<PlannedPresentation>>()
  readonly #dispose: () => void
  readonly #onClose: () => void
  #requests = 0
  #segmentsMade = 0
  #bytesServed = 0
  #working = 0
  #isClosing = false
  #closed: Promise<void> | undefined

  constructor(media: Media, { planned, samplesBytes, dispose, onClose }: OpenFilmSettings) {
    this.media = media
    this.#planned = planned
    this.#samplesBytes = samplesBytes
    this.#dispose = dispose
    this.#onClose = onClose
  }

  /** The presentation for a client, planned once. */
  presentation(client: ClientInput): Promise<PlannedPresentation> {
    const key = typeof client === 'string' ? client : client.join()
    let presentation = this.#presentations.get(key)
    if (presentation === undefined) {
      presentation = this.#plan(client)
      this.#presentations.set(key, presentation)
      presentation.catch(() => this.#presentations.delete(key))
      const oldest = this.#presentations.keys().next().value
      if (this.#presentations.size > MAX_PRESENTATIONS && oldest !== undefined) this.#presentations.delete(oldest)
    }
    return presentation
  }

  async #plan(client: ClientInput): Promise<PlannedPresentation> {
    const planned = { client, storyboard: true, ...this.#planned }
    const presentation = await this.media.hls({ ...planned, cacheBytes: this.#samplesBytes })
    const decisions = this.media.decisions(client)
    const isEncoded = ({ id }: { readonly id: number }): boolean =>
      decisions.some(({ trackId, action }) => trackId === id && action === 'encode')
    const encoded = presentation.plan.renditions.filter(({ tracks }) => tracks.some(isEncoded)).map(({ name }) => name)
    let spanBytes: Float64Array | undefined
    return {
      presentation,
      encoded: new Set(encoded),
      key: JSON.stringify(planned),
      segmentBytes: n => {
        spanBytes ??= Float64Array.from(sourceSpanBytes(this.media.index, presentation.plan.segments))
        return Math.min(Math.max(spanBytes[n] ?? 0, 0), MAX_ESTIMATE_BYTES)
      },
    }
  }

  /**
   * Keeps the film's source open while the work goes on, and lets go of the film when its source has changed, so that
   * the next request opens it anew.
   */
  async guard<T>(work: () => Promise<T>): Promise<T> {
    const release = this.retain()
    try {
      return await work()
    } catch (error) {
      if (error instanceof CuemuxError && error.code === 'SOURCE_CHANGED') this.#dispose()
      throw error
    } finally {
      release()
    }
  }

  /** Keeps the film's source open until the returned function is called. */
  retain(): () => void {
    this.#working++
    let isReleased = false
    return () => {
      if (isReleased) return
      isReleased = true
      this.#working--
      if (this.#isClosing && this.#working === 0) void this.closeNow()
    }
  }

  /** Closes the source as soon as nothing reads from it. */
  close(): void {
    this.#isClosing = true
    if (this.#working === 0) void this.closeNow()
  }

  /** Closes the source; reads that are under way fail. */
  closeNow(): Promise<void> {
    this.#isClosing = true
    this.#closed ??= this.media
      .close()
      .catch(() => {})
      .then(this.#onClose)
    return this.#closed
  }

  /** Counts a resource that was given out. */
  count(resource: Resource, isMade: boolean): void {
    this.#requests++
    this.#bytesServed += resource.byteLength
    if (resource.kind === 'segment' && isMade) this.#segmentsMade++
  }

  async describe(client: ClientInput): Promise<FilmReport> {
    const decisions = this.media.decisions(client)
    // Text becomes other text: no encoder is needed for it.
    const needsEncoder = decisions.some(({ action, kind }) => action === 'encode' && kind !== 'text')
    return {
      ...this.media.info,
      decisions,
      ...(needsEncoder ? { encoder: await this.media.encoderStatus() } : {}),
      stats: { requests: this.#requests, segmentsMade: this.#segmentsMade, bytesServed: this.#bytesServed },
    }
  }
}

interface Entry {
  readonly input: MediaInput
  readonly film: OpenFilm
}

/** What {@link OpenFilms} works with. */
export interface OpenFilmsParts {
  readonly openMedia: MediaOpener
  readonly options: HandlerOptions
  readonly presentation: PresentationOptions
  readonly guard: AddressGuard
  readonly kept: Kept | undefined
  /** How many films are opened at once. */
  readonly opens: Slots
  readonly counters: Counters
  readonly tell: Tell | undefined
}

/** The films that a handler holds open: each opened once however many ask, the least recently used closed first. */
export class OpenFilms {
  readonly #parts: OpenFilmsParts
  readonly #flights = new SingleFlight<OpenFilm>()
  readonly #entries = new Map<string, Entry>()
  /** Until their sources are given back. */
  readonly #films = new Set<OpenFilm>()
  readonly #closing = new AbortController()

  constructor(parts: OpenFilmsParts) {
    this.#parts = parts
  }

  get size(): number {
    return this.#entries.size
  }

  /** The film of an answer of `resolve`. @throws CuemuxError what opening the film throws */
  async open(id: string, resolved: MediaInput | ResolvedMedia, signal: AbortSignal): Promise<OpenFilm> {
    const { input, options, policy, untrusted } = isResolved(resolved) ? resolved : only(resolved)
    const entry = this.#entries.get(id)
    if (entry !== undefined && isSameInput(entry.input, input)) {
      this.#entries.delete(id)
      this.#entries.set(id, entry)
      return entry.film
    }
    const applied = policy ?? (untrusted === true ? {} : undefined)
    const checked = applied === undefined ? options : this.#parts.guard.check(input, applied, options ?? {})
    return this.#flights.run(`${id}\n${inputKey(input) ?? ''}`, signal, inner =>
      this.#load(id, input, { ...checked, signal: AbortSignal.any([inner, this.#closing.signal]) }),
    )
  }

  /** Closes all films at once; reads that are under way fail. */
  async close(): Promise<void> {
    this.#closing.abort()
    this.#entries.clear()
    await Promise.all([...this.#films].map(film => film.closeNow()))
  }

  async #load(id: string, input: MediaInput, options: OpenOptions & ReadOptions): Promise<OpenFilm> {
    const { openMedia, opens, counters, tell, kept } = this.#parts
    const leave = await opens.enter(undefined, options.signal)
    try {
      const startMs = performance.now()
      let isKept = false
      const media = await openMedia(input, options, {
        wrap: source => watchedSource(source, this.#onRead(id)),
        demuxer: async (source, open) => {
          if (kept?.holds(source) !== true) return open()
          const found = await kept.demuxer(source, open, options.signal)
          isKept = found.isKept
          return found.demuxer
        },
      })
      const film = this.#enter(id, input, media)
      counters.opened++
      if (isKept) counters.openedFromCache++
      const durationMs = performance.now() - startMs
      tell?.({ type: 'open', id, media, index: isKept ? 'cache' : 'read', durationMs })
      return film
    } finally {
      leave()
    }
  }

  #enter(id: string, input: MediaInput, media: Media): OpenFilm {
    const { options, presentation, tell, kept } = this.#parts
    const dispose = (): void => this.#drop(id, film)
    const onClose = (): void => {
      this.#films.delete(film)
      tell?.({ type: 'close', id })
    }
    const isUnkept = isRemote(media.source.seekCostBytes) && kept?.holds(media.source) !== true
    const samplesBytes = isUnkept ? UNKEPT_SAMPLES_BYTES : SAMPLES_BYTES
    const { segmentDurationMs, captions } = options
    const planned = {
      ...(segmentDurationMs === undefined ? {} : { segmentDurationMs }),
      ...(captions === undefined ? {} : { captions }),
      ...presentation,
    }
    const film = new OpenFilm(media, { planned, samplesBytes, dispose, onClose })
    this.#films.add(film)
    this.#drop(id)
    this.#entries.set(id, { input, film })
    const oldest = this.#entries.keys().next().value
    if (this.#entries.size > (options.maxOpen ?? 64) && oldest !== undefined) this.#drop(oldest)
    return film
  }

  #onRead(id: string): (offsetBytes: number, byteLength: number, durationMs: number) => void {
    const { counters, tell } = this.#parts
    return (offsetBytes, byteLength, durationMs) => {
      counters.reads++
      counters.readBytes += byteLength
      tell?.({ type: 'read', id, offsetBytes, byteLength, durationMs })
    }
  }

  /** Lets go of the film of an id, where it is still this one. */
  #drop(id: string, film?: OpenFilm): void {
    const entry = this.#entries.get(id)
    if (entry === undefined || (film !== undefined && entry.film !== film)) return
    this.#entries.delete(id)
    entry.film.close()
  }
}

function only(input: MediaInput): ResolvedMedia {
  return { input }
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
