import { CuemuxError, type CuemuxErrorCode, toCuemuxError } from '@cuemux/core'
import type { ClientInput } from '../client.js'
import type { PlanReport } from '../documents/plan.js'
import type { EncoderOptions } from '../encoding/options.js'
import { processOwner } from '../encoding/process-owner.js'
import { createHandlerFactory, type Handler } from '../handler.js'
import type { MediaInfo } from '../info.js'
import type { Platform } from '../input.js'
import type { Media, MediaOpener } from '../media.js'
import { BusyError } from '../service/busy.js'
import type { HandlerEvent } from '../service/events.js'
import { Kept } from '../service/kept.js'
import type { HandlerLimits } from '../service/options.js'
import type { ContentProgress, ContentRequest, SessionContent, SessionSubtitles } from './content.js'
import type { ResolvedFilm } from './options.js'
import { isLike, type OpenDemuxer, type ProbeCache } from './probes.js'
import { SegmentStore } from './segment-store.js'

/** How many segments a seek has made before the viewer asks for them. */
const SEEK_SEGMENTS = 2
/** Viewers whose choice of renditions is remembered. */
const MAX_CHOSEN = 1000
/** Where the one film of a session's handler is. */
const BASE = 'http://session/film/'
const VIEWER_HEADER = 'x-cuemux-viewer'
/** Resources that the handler has and a session has not: a stream goes on without asking for anything. */
const NOT_SERVED = new Set(['stream.mp4'])

/** What films of sessions are opened with. */
export interface VodParts {
  readonly platform: Platform
  readonly openMedia: MediaOpener
  readonly probes: ProbeCache
  readonly encoder: EncoderOptions | undefined
  readonly limits: HandlerLimits | undefined
  readonly exposeErrors: boolean
  /** How much one session may have on disk; all of them together are kept below it elsewhere. */
  readonly maxBytes: number
  readonly onWrite: (bytes: number) => void
  /** Another episode of a series is not like those before. */
  readonly onWrongHint: (id: string, series: string) => void
}

/** Opens films as what sessions play: a handler for one film and one plan, with its segments in the session's folder. */
export function vodContent(parts: VodParts): (request: ContentRequest<ResolvedFilm>) => Promise<VodContent> {
  return async request => {
    const { source, folder = '', id } = request
    const { createFlights, diskCache, storedName } = await import('@cuemux/store')
    const disk = diskCache({ folder, maxBytes: parts.maxBytes })
    const store = new SegmentStore({ folder, disk, nameOf: storedName, onWrite: parts.onWrite })
    const kept = new Kept(async () => ({ cache: store, flights: createFlights(store) }), 'all')
    const content = new VodContent(parts, request, store, kept)
    try {
      const hint = source.series === undefined ? undefined : await parts.probes.hint(source.series)
      if (hint !== undefined) request.onHint(hint)
      await content.open(request.signal)
      if (source.series !== undefined) {
        if (hint !== undefined && !isLike(hint, content.info)) parts.onWrongHint(id, source.series)
        await parts.probes.learn(source.series, content.info)
      }
      return content
    } catch (error) {
      await content.close()
      throw error
    }
  }
}

/** A film that a session plays. */
export class VodContent implements SessionContent {
  readonly store: SegmentStore
  readonly #client: ClientInput
  readonly #handler: Handler
  readonly #pids = new Set<number>()
  /** What viewers asked for last, by the kind of rendition. */
  readonly #chosen = new Map<string, Map<string, string>>()
  readonly #seeks = new Map<string, AbortController>()
  readonly #encoded = new Set<string>()
  #media: Media | undefined
  #plan: PlanReport | undefined
  #failure: CuemuxError | undefined
  #madeMs = 0
  #waitedMs = 0

  constructor(parts: VodParts, request: ContentRequest<ResolvedFilm>, store: SegmentStore, kept: Kept) {
    const { source, settings, signal } = request
    const { client = 'browser', audioLanguages, startMs, endMs } = settings
    const { input, options, policy, untrusted } = source
    const { encoder = parts.encoder } = options ?? {}
    const resolved = {
      input,
      options: { ...options, ...(encoder === undefined ? {} : { encoder }) },
      ...(policy === undefined ? {} : { policy }),
      ...(untrusted === undefined ? {} : { untrusted }),
    }
    const presentation = {
      ...(audioLanguages === undefined ? {} : { audioLanguages }),
      ...(startMs === undefined ? {} : { startMs }),
      ...(endMs === undefined ? {} : { endMs }),
    }
    this.store = store
    this.#client = client
    const openMedia: MediaOpener = (from, openOptions, hooks) =>
      parts.openMedia(from, openOptions, {
        wrap: one => hooks?.wrap(one) ?? one,
        demuxer: async (one, open) => {
          const byProbe: OpenDemuxer = index =>
            index === undefined ? parts.probes.demuxer(one, open, signal) : open(index)
          return (await kept.demuxer(one, byProbe, signal)).demuxer
        },
      })
    this.#handler = createHandlerFactory(
      parts.platform,
      openMedia,
      presentation,
    )({
      resolve: () => resolved,
      client,
      cache: store,
      cacheSegments: 'costly',
      callerOf: asked => asked.headers.get(VIEWER_HEADER) ?? undefined,
      cors: false,
      exposeErrors: parts.exposeErrors,
      onEvent: event => this.#onEvent(event),
      ...(parts.limits === undefined ? {} : { limits: parts.limits }),
    })
  }

  get info(): MediaInfo {
    return this.#opened.media.info
  }

  get subtitles(): readonly SessionSubtitles[] {
    const { media, plan } = this.#opened
    return plan.renditions.flatMap(({ name, kind }) => {
      const track = kind === 'text' ? media.info.tracks.find(({ id }) => name === `text-${id}`) : undefined
      if (track === undefined) return []
      const { language, title, isDefault } = track
      return [{ path: `${name}/all.vtt`, language, name: title ?? language, isDefault }]
    })
  }

  /** Opens and plans the film: from then on its playlists are complete. */
  async open(signal: AbortSignal): Promise<void> {
    const response = await this.#ask('plan.json', { signal })
    if (!response.ok) throw this.#failure ?? failureOf(response.status)
    const plan = (await response.json()) as PlanReport
    this.#plan = plan
    const { media } = this.#opened
    const encoded = new Set(
      media.decisions(this.#client).flatMap(one => (one.action === 'encode' ? [one.trackId] : [])),
    )
    for (const { name, kind } of plan.renditions) {
      const ids = name.split('-').slice(1).map(Number)
      if (kind !== 'text' && ids.some(id => encoded.has(id))) this.#encoded.add(name)
    }
    await this.store.recall(this.#segmentPaths())
  }

  respond(request: Request, path: string, viewer: string): Promise<Response> {
    if (NOT_SERVED.has(path)) throw new CuemuxError('NOT_FOUND', `A session has no ${path}.`)
    const [, rendition] = /^([^/]+)\/\d+\.\w+$/.exec(path) ?? []
    if (rendition !== undefined) this.#choose(viewer, rendition)
    const headers = new Headers(request.headers)
    headers.set(VIEWER_HEADER, viewer)
    return this.#ask(path, { method: request.method, headers, signal: request.signal })
  }

  async seek(viewer: string, positionMs: number): Promise<void> {
    this.#seeks.get(viewer)?.abort()
    const controller = new AbortController()
    this.#seeks.set(viewer, controller)
    try {
      for (const path of this.#neededAt(viewer, positionMs)) {
        if (controller.signal.aborted) return
        // Only made, not sent: whoever can't be given it will be told when it is asked for.
        await this.#ask(path, { method: 'HEAD', headers: { [VIEWER_HEADER]: viewer }, signal: controller.signal })
      }
    } finally {
      if (this.#seeks.get(viewer) === controller) this.#seeks.delete(viewer)
    }
  }

  progress(): ContentProgress {
    const { plan } = this.#opened
    return {
      durationMs: plan.durationMs,
      segments: { total: this.#segmentPaths().length, kept: this.store.kept },
      keptBytes: this.store.keptBytes,
      speed: this.#waitedMs > 0 ? this.#madeMs / this.#waitedMs : undefined,
      encoded: [...this.#encoded],
    }
  }

  processes(): readonly number[] {
    return [...this.#pids]
  }

  async close(): Promise<void> {
    for (const controller of this.#seeks.values()) controller.abort()
    await this.#handler.close().catch(() => {})
    await this.store.close().catch(() => {})
  }

  get #opened(): { readonly media: Media; readonly plan: PlanReport } {
    if (this.#media === undefined || this.#plan === undefined) throw new CuemuxError('ABORTED', 'The film is not open.')
    return { media: this.#media, plan: this.#plan }
  }

  #ask(path: string, init: RequestInit): Promise<Response> {
    const watch = (pid: number, exit: Promise<unknown>): void => {
      this.#pids.add(pid)
      void exit.then(() => this.#pids.delete(pid))
    }
    const address = BASE + path.split('/').map(encodeURIComponent).join('/')
    return processOwner.run(watch, () => this.#handler(new Request(address, init)))
  }

  #choose(viewer: string, rendition: string): void {
    const kind = this.#opened.plan.renditions.find(({ name }) => name === rendition)?.kind
    if (kind === undefined) return
    const chosen = this.#chosen.get(viewer) ?? new Map<string, string>()
    this.#chosen.delete(viewer)
    this.#chosen.set(viewer, chosen.set(kind, rendition))
    const [oldest] = this.#chosen.keys()
    if (this.#chosen.size > MAX_CHOSEN && oldest !== undefined) this.#chosen.delete(oldest)
  }

  /** What a viewer will need at a place and an encoder has to make, in the order in which it will be needed. */
  #neededAt(viewer: string, positionMs: number): string[] {
    const { plan } = this.#opened
    const at = plan.segments.findLastIndex(({ startMs }) => startMs <= positionMs)
    const first = Math.max(0, at)
    const chosen = this.#chosen.get(viewer)
    const renditions = ['video', 'muxed', 'audio'].flatMap(kind => {
      const ofKind = plan.renditions.filter(rendition => rendition.kind === kind)
      const found = ofKind.find(({ name }) => name === chosen?.get(kind)) ?? ofKind[0]
      return found === undefined || !this.#encoded.has(found.name) ? [] : [found]
    })
    const paths: string[] = []
    for (let n = first; n < Math.min(first + SEEK_SEGMENTS, plan.segments.length); n++) {
      for (const rendition of renditions) if (hasSegment(rendition, n)) paths.push(`${rendition.name}/${n}.m4s`)
    }
    return paths
  }

  /** All segments that an encoder makes: what is kept in any case. */
  #segmentPaths(): string[] {
    return this.#opened.plan.renditions
      .filter(({ name }) => this.#encoded.has(name))
      .flatMap(({ name, firstSegment, durationsMs }) => durationsMs.map((_, i) => `${name}/${firstSegment + i}.m4s`))
  }

  #onEvent(event: HandlerEvent): void {
    if (event.type === 'open') this.#media = event.media
    if (event.type === 'error') this.#failure = event.error
    if (event.type === 'refused') this.#failure = new BusyError(event.status, 'The session is at its limit.')
    if (event.type !== 'resource' || event.kind !== 'segment' || !event.isEncoded || event.origin !== 'made') return
    const [, name, n] = /^([^/]+)\/(\d+)\./.exec(event.path) ?? []
    const rendition = this.#plan?.renditions.find(one => one.name === name)
    this.#madeMs += rendition?.durationsMs[Number(n) - rendition.firstSegment] ?? 0
    this.#waitedMs += event.durationMs
  }
}

type PlannedRendition = PlanReport['renditions'][number]

function hasSegment({ firstSegment, durationsMs }: PlannedRendition, n: number): boolean {
  return n >= firstSegment && n < firstSegment + durationsMs.length
}

/** For an answer of which nothing was told: its viewer had left. */
function failureOf(status: number): CuemuxError {
  const code: CuemuxErrorCode = status === 499 ? 'ABORTED' : 'SOURCE_UNREACHABLE'
  return toCuemuxError(new CuemuxError(code, 'The film can not be opened.'), code)
}
