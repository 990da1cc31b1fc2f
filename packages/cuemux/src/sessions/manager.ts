import path from 'node:path'
import { CuemuxError, toCuemuxError } from '@cuemux/core'
import type { EncoderOptions } from '../encoding/options.js'
import type { Platform } from '../input.js'
import type { MediaOpener } from '../media.js'
import { checkCors } from '../service/cors.js'
import { SessionApi } from './api.js'
import { type SessionClock, systemClock } from './clock.js'
import type { OpenContent } from './content.js'
import { cpuSecondsOf } from './cpu.js'
import { DiskCap } from './disk-cap.js'
import { diskStorage, sessionsFolder } from './disk-storage.js'
import { type Entered, type KeptSource, SessionKeeper } from './keeper.js'
import { openLiveContent } from './live-content.js'
import type {
  ResolvedSession,
  SessionEvent,
  SessionInfo,
  SessionManager,
  SessionManagerOptions,
  SessionUser,
  SessionViewer,
  StartedSession,
  StartSession,
  StoppedSession,
  StopSession,
} from './options.js'
import { ProbeCache } from './probes.js'
import type { Session } from './session.js'
import { VodContent, vodContent } from './vod-content.js'

const DEFAULTS = {
  idleMs: 30_000,
  cacheMs: 3_600_000,
  stopGraceMs: 5000,
  startTimeoutMs: 40_000,
  maxSessions: 1000,
  maxBytes: 20 * 2 ** 30,
}
/** How long ending may take. */
const CLOSE_MS = 4500

/** `createSessionManager` for a platform. */
export function createSessionManagerFactory(
  platform: Platform,
  openMedia: MediaOpener,
): (options: SessionManagerOptions) => SessionManager {
  return options => {
    const checked = platform.validate('sessions', options)
    const { resolve, limits, cors = {}, encoder } = checked
    // Of these a handler and a film have schemas already.
    platform.validate('handler', { resolve, ...(limits === undefined ? {} : { limits }), cors })
    if (encoder !== undefined) platform.validate('open', { encoder })
    if (cors !== false) checkCors(cors)
    return new Manager(platform, openMedia, checked, systemClock)
  }
}

class Manager implements SessionManager {
  readonly #platform: Platform
  readonly #options: SessionManagerOptions
  readonly #clock: SessionClock
  readonly #keeper: SessionKeeper<ResolvedSession>
  readonly #probes: ProbeCache
  readonly #cap: DiskCap
  readonly #api: SessionApi

  constructor(platform: Platform, openMedia: MediaOpener, options: SessionManagerOptions, clock: SessionClock) {
    this.#platform = platform
    this.#options = options
    this.#clock = clock
    const limits = { ...DEFAULTS, ...options }
    const { folder, encoder, cors = {} } = options
    this.#probes = new ProbeCache(path.join(path.resolve(folder), 'probes'))
    this.#cap = new DiskCap({
      folder: sessionsFolder(folder),
      maxBytes: limits.maxBytes,
      isWatched: id => this.#keeper.sessions.some(one => one.id === id && one.viewers.here.length > 0),
      onRemoved: (id, names) => this.#forget(id, names),
      onEvicted: (files, bytes) => this.#tell({ type: 'evicted', files, bytes }),
      onError: cause => this.#tell({ type: 'error', session: undefined, error: toCuemuxError(cause, 'OUTPUT_FAILED') }),
    })
    this.#keeper = new SessionKeeper<ResolvedSession>({
      limits,
      clock,
      storage: diskStorage(folder),
      resolve: (reference, user) => this.#resolve(reference, user),
      openContent: this.#contentOpener(platform, openMedia, encoder, limits.maxBytes),
      tell: event => this.#tell(event),
    })
    this.#api = new SessionApi({
      options,
      cors,
      manager: this,
      play: (request, id, token, file) => this.#play(request, id, token, file),
      validate: (schema, value) => platform.validate(schema, value),
    })
  }

  ready(): Promise<void> {
    return this.#keeper.ready()
  }

  async start(request: StartSession, user: SessionUser): Promise<StartedSession> {
    const { source, settings = {}, positionMs, signal } = this.#platform.validate('sessionStart', request)
    checkReference(source)
    const who = this.#platform.validate('sessionUser', user)
    const entered = await this.#keeper.start({ reference: source, settings, signal }, who)
    const { session, viewer } = entered
    // Made while the player reads the playlists.
    void session.content?.seek?.(viewer.hash, positionMs ?? settings.startMs ?? 0).catch(() => {})
    return this.#started(entered)
  }

  async join(session: string, user: SessionUser): Promise<StartedSession> {
    return this.#started(await this.#keeper.join(session, this.#platform.validate('sessionUser', user)))
  }

  async seek({ session, token }: SessionViewer, positionMs: number): Promise<void> {
    this.#platform.validate('sessionSeek', { token, positionMs })
    await this.#keeper.serve(session, token, async ({ content, viewer }) => content.seek?.(viewer.hash, positionMs))
  }

  stop(session: string, user: SessionUser, options: StopSession = {}): Promise<StoppedSession> {
    return this.#keeper.stop(session, user, this.#platform.validate('sessionStop', options))
  }

  touch({ session, token }: SessionViewer): Promise<void> {
    return this.#keeper.touch(session, token)
  }

  async list(user: SessionUser): Promise<readonly SessionInfo[]> {
    await this.#keeper.ready()
    const isTheirs = ({ viewers }: Session): boolean =>
      user.isAdmin === true || viewers.all.some(viewer => viewer.user.user === user.user)
    return Promise.all(this.#keeper.sessions.filter(isTheirs).map(session => this.#describe(session)))
  }

  async progress(session: string, user: SessionUser, token?: string): Promise<SessionInfo> {
    await this.#keeper.ready()
    this.#keeper.sessionOf(session, user)
    if (token !== undefined) await this.#keeper.touch(session, token)
    return this.#describe(this.#keeper.sessionOf(session, user))
  }

  handle(request: Request): Promise<Response> {
    return this.#api.handle(request)
  }

  async close(): Promise<void> {
    await this.#keeper.close(CLOSE_MS)
    await this.#cap.close()
    await this.#probes.close()
  }

  #contentOpener(
    platform: Platform,
    openMedia: MediaOpener,
    encoder: EncoderOptions | undefined,
    maxBytes: number,
  ): OpenContent<ResolvedSession> {
    const { limits, exposeErrors = false } = this.#options
    const openFilm = vodContent({
      platform,
      openMedia,
      probes: this.#probes,
      encoder,
      limits,
      exposeErrors,
      maxBytes,
      onWrite: bytes => this.#cap.wrote(bytes),
      onWrongHint: (session, series) => this.#tell({ type: 'hint-wrong', session, series }),
    })
    return request => {
      const { source } = request
      return 'live' in source ? openLiveContent({ ...request, source }) : openFilm({ ...request, source })
    }
  }

  async #resolve(reference: string, user: SessionUser): Promise<KeptSource<ResolvedSession>> {
    const source = await this.#options.resolve(reference, user)
    if (source === undefined) throw new CuemuxError('NOT_FOUND', 'There is no such film.')
    const { sourceId, maxPerSource } = source
    return { source, kind: 'live' in source ? 'live' : 'vod', sourceId, maxPerSource }
  }

  #play(request: Request, id: string, token: string, file: string): Promise<Response> {
    return this.#keeper.serve(id, token, ({ content, viewer }) => content.respond(request, file, viewer.hash))
  }

  #started({ session, token, isReused }: Entered): StartedSession {
    const { id, info, content } = session
    const base = `${this.#options.basePath ?? ''}/${id}/${token}`
    const subtitles = content?.subtitles ?? []
    return { session: id, token, playlist: `${base}/master.m3u8`, isReused, info, subtitles }
  }

  async #describe(session: Session): Promise<SessionInfo> {
    const { id, reference, kind, settings, state, createdAtMs, usedAtMs, viewers, content, info, hint, error } = session
    return {
      id,
      source: reference,
      name: (info ?? hint)?.name,
      kind,
      settings,
      state,
      createdAtMs,
      quietMs: Math.max(0, this.#clock.nowMs() - usedAtMs),
      endsInMs: this.#keeper.endsInMs(session),
      viewers: viewers.here.map(({ user }) => user.user),
      progress: content?.progress(),
      hint,
      cpuSeconds: await cpuSecondsOf(content?.processes?.() ?? []),
      error: error === undefined ? undefined : { code: error.code, message: this.#wordsOf(error) },
    }
  }

  #wordsOf(error: CuemuxError): string {
    return this.#options.exposeErrors === true ? error.message : 'It could not be played.'
  }

  #forget(id: string, names: readonly string[]): void {
    const content = this.#keeper.sessions.find(session => session.id === id)?.content
    if (content instanceof VodContent) content.store.forget(names)
  }

  #tell(event: SessionEvent): void {
    try {
      this.#options.onEvent?.(event)
    } catch {
      // A listener that fails is no reason to fail a viewer.
    }
  }
}

/** A reference is written to disk: it must not have a password in it. */
function checkReference(reference: string): void {
  let url: URL
  try {
    url = new URL(reference)
  } catch {
    return // no address
  }
  if (url.username === '' && url.password === '') return
  throw new CuemuxError('BAD_REQUEST', 'The source of a session is written down: it must not have a password in it.', {
    hint: 'Name it, and let resolve turn the name into an address.',
  })
}
