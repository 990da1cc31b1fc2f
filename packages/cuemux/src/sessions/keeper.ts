import { randomBytes } from 'node:crypto'
import { type CuemuxError, throwIfAborted } from '@cuemux/core'
import { BusyError, closedError } from '../service/busy.js'
import type { SessionClock } from './clock.js'
import type { OpenContent, SessionContent } from './content.js'
import { SessionLife } from './life.js'
import type { SessionEvent, SessionKind, SessionSettings, SessionUser, StoppedSession, StopSession } from './options.js'
import { findRoom } from './room.js'
import { noSession, Session } from './session.js'
import type { SessionStorage } from './storage.js'
import { keyOf } from './table.js'
import { untilAborted } from './until.js'
import type { Viewer } from './viewers.js'

/** While a session is watched, the time of its use is written to disk at most this often, ms. */
const SAVE_EVERY_MS = 60_000

/** What a reference stands for. */
export interface KeptSource<Source> {
  readonly source: Source
  readonly kind: SessionKind
  readonly sourceId: string | undefined
  readonly maxPerSource: number | undefined
}

/** Times and counts; see {@link SessionManagerOptions}. */
export interface KeeperLimits {
  readonly idleMs: number
  readonly cacheMs: number
  readonly stopGraceMs: number
  readonly startTimeoutMs: number
  readonly maxSessions: number
}

/** What a keeper works with. */
export interface KeeperParts<Source> {
  readonly limits: KeeperLimits
  readonly clock: SessionClock
  readonly storage: SessionStorage
  /** @throws CuemuxError `NOT_FOUND`, and what the caller's code throws */
  readonly resolve: (reference: string, user: SessionUser) => Promise<KeptSource<Source>>
  readonly openContent: OpenContent<Source>
  readonly tell: (event: SessionEvent) => void
}

/** What a start asks for. */
export interface KeeperStart {
  readonly reference: string
  readonly settings: SessionSettings
  readonly signal?: AbortSignal | undefined
}

/** A viewer that was let in. */
export interface Entered {
  readonly session: Session
  readonly viewer: Viewer
  readonly token: string
  readonly isReused: boolean
}

/** A viewer that is here, and what it watches. */
export interface Arrived {
  readonly session: Session
  readonly viewer: Viewer
  readonly content: SessionContent
}

/**
 * Keeps sessions: who watches what, within the limits, from the start to the end.
 *
 * What decides (states, viewers, limits) happens without waiting in between, so that no two requests see half of it. What
 * takes time (opening, closing, files) is done one after the other for each session, and is given up when the session has
 * gone another way meanwhile.
 */
export class SessionKeeper<Source> {
  readonly #parts: KeeperParts<Source>
  readonly #life: SessionLife<Source>
  readonly #recovered: Promise<void>
  #isClosed = false

  constructor(parts: KeeperParts<Source>) {
    this.#parts = parts
    this.#life = new SessionLife(parts)
    this.#recovered = this.#life.table.recover()
    this.#recovered.catch(() => {})
  }

  get sessions(): readonly Session[] {
    return this.#life.table.all
  }

  /** Resolves when what was left in the folder is cleaned up. */
  async ready(): Promise<void> {
    await this.#recovered
    if (this.#isClosed) throw closedError()
  }

  /** Lets a viewer into the session of a source and settings, which is opened where it isn't open. */
  async start(request: KeeperStart, user: SessionUser): Promise<Entered> {
    await this.ready()
    const kept = await this.#parts.resolve(request.reference, user)
    throwIfAborted(request.signal)
    // What is live is the same for everybody.
    return this.#enter(kept.kind === 'live' ? { ...request, settings: {} } : request, kept, user)
  }

  /** Lets another viewer of a user into a session in which the user is. */
  async join(id: string, user: SessionUser): Promise<Entered> {
    await this.ready()
    const { reference, settings } = this.sessionOf(id, user)
    const kept = await this.#parts.resolve(reference, user)
    this.sessionOf(id, user)
    return this.#enter({ reference, settings }, kept, user)
  }

  /** Does something for a viewer, who is here from now on, with the content of its session open. */
  async serve<T>(id: string, token: string, work: (arrived: Arrived) => Promise<T>): Promise<T> {
    await this.ready()
    const { session, viewer } = this.viewerOf(id, token)
    viewer.requests++
    try {
      await this.#letIn(session, viewer)
      await session.ready
      const { content } = session
      if (content === undefined) throw gone(session)
      return await work({ session, viewer, content })
    } finally {
      viewer.requests--
      this.#see(session, viewer)
    }
  }

  /** A heartbeat, which opens nothing. */
  async touch(id: string, token: string): Promise<void> {
    await this.ready()
    const { session, viewer } = this.viewerOf(id, token)
    if (session.isOpen) await this.#letIn(session, viewer)
    this.#see(session, viewer)
  }

  /** Ends viewers of a session, and the session where none is left. */
  async stop(id: string, user: SessionUser, { token, isForced = false }: StopSession): Promise<StoppedSession> {
    await this.ready()
    const session = token === undefined ? this.sessionOf(id, user) : this.viewerOf(id, token).session
    const leaving = this.#leaving(session, user, token)
    if (token === undefined && !isForced && this.#wasJustUsed(session)) return { outcome: 'ignored' }
    this.#leave(session, leaving)
    if (isForced && (session.viewers.all.length === 0 || user.isAdmin === true)) {
      await this.#life.retire(session, 'end', 'it was ended')
      return { outcome: 'ended' }
    }
    if (session.viewers.here.length > 0) return { outcome: 'left' }
    this.#life.unwatched(session, 'its last viewer stopped it')
    // Nothing is kept of live content: there is nothing to come back to.
    if (session.kind === 'live') await this.#life.retire(session, 'end', 'its last viewer stopped it')
    return { outcome: session.isOver ? 'ended' : 'stopped' }
  }

  /** A session in which a user is; any for an administrator. @throws CuemuxError `NOT_FOUND` */
  sessionOf(id: string, user: SessionUser): Session {
    const session = this.#life.table.get(id)
    const isMine = user.isAdmin === true || session?.viewers.all.some(viewer => viewer.user.user === user.user)
    if (session === undefined || isMine !== true) throw noSession(id)
    return session
  }

  /** @throws CuemuxError `NOT_FOUND` */
  viewerOf(id: string, token: string): { readonly session: Session; readonly viewer: Viewer } {
    const session = this.#life.table.get(id)
    const viewer = session?.viewers.byToken(token)
    if (session === undefined || viewer === undefined) throw noSession(id)
    return { session, viewer }
  }

  /** In how many ms nothing will be left of a session, unless somebody comes. */
  endsInMs(session: Session): number | undefined {
    const { clock, limits } = this.#parts
    if (session.state !== 'suspended') return undefined
    return Math.max(0, session.sinceMs + limits.cacheMs - clock.nowMs())
  }

  /** Ends all that is open, and resolves when it is closed and written down, or `limitMs` have passed. */
  async close(limitMs: number): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    const hasFolder = await this.#recovered.then(
      () => true,
      () => false,
    )
    await this.#life.close(limitMs)
    if (hasFolder) await this.#parts.storage.close()
  }

  async #enter(request: KeeperStart, kept: KeptSource<Source>, user: SessionUser): Promise<Entered> {
    if (this.#isClosed) throw closedError()
    const key = keyOf(request.reference, request.settings)
    const known = this.#life.table.find(key)
    this.#makeRoom(user, kept, known)
    const session = known ?? this.#create(key, request, kept)
    const { viewer, token } = session.viewers.join(user, this.#parts.clock.nowMs())
    this.#parts.tell({ type: 'viewer', session: session.id, user: user.user, what: 'joined' })
    viewer.requests++
    try {
      this.#wake(session, kept)
      await untilAborted(session.ready, request.signal)
    } catch (error) {
      this.#leave(session, [viewer])
      this.#life.unwatched(session, 'its viewer left before it was open')
      throw error
    } finally {
      viewer.requests--
      this.#see(session, viewer)
    }
    this.#life.table.save(session)
    return { session, viewer, token, isReused: known !== undefined }
  }

  #create(key: string, { reference, settings }: KeeperStart, { kind, sourceId }: KeptSource<Source>): Session {
    const { clock, limits } = this.#parts
    if (this.#life.table.size >= limits.maxSessions) this.#forgetOneSuspended()
    const id = randomBytes(12).toString('base64url')
    const facts = { id, key, reference, settings, kind, sourceId, createdAtMs: clock.wallMs() }
    const session = new Session(facts, 'starting', clock.nowMs())
    this.#life.table.add(session)
    return session
  }

  /** The one that was used least lately makes room for a new one. */
  #forgetOneSuspended(): void {
    const [oldest] = this.sessions
      .filter(({ state }) => state === 'suspended' || state === 'failed')
      .sort((a, b) => a.usedAtMs - b.usedAtMs)
    if (oldest === undefined) throw new BusyError(503, `There are ${this.#parts.limits.maxSessions} sessions.`, 30)
    void this.#life.retire(oldest, 'end', 'others need its room')
  }

  /** A known viewer is here from now on, its session open or being opened. */
  async #letIn(session: Session, viewer: Viewer): Promise<void> {
    const isIn = (): boolean => viewer.isHere && session.isOpen
    if (session.error !== undefined) throw session.error
    if (isIn()) return this.#see(session, viewer)
    const kept = await this.#parts.resolve(session.reference, viewer.user)
    if (this.#isClosed) throw closedError()
    if (session.isOver || !session.viewers.all.includes(viewer)) throw session.error ?? noSession(session.id)
    if (isIn()) return this.#see(session, viewer)
    this.#makeRoom(viewer.user, kept, session)
    if (!viewer.isHere) {
      viewer.isHere = true
      this.#parts.tell({ type: 'viewer', session: session.id, user: viewer.user.user, what: 'back' })
    }
    this.#see(session, viewer)
    this.#wake(session, kept)
  }

  /** Lets what has to give way close or be left, all at once. */
  #makeRoom(user: SessionUser, { sourceId, maxPerSource }: KeptSource<Source>, target: Session | undefined): void {
    const open = this.sessions.filter(session => session.isOpen).map(session => session.holding)
    const { close, leave } = findRoom({ user, sourceId, maxPerSource, target: target?.id }, open)
    for (const id of [...close, ...leave]) {
      const session = this.#life.table.get(id)
      if (session === undefined) continue
      const own = session.viewers.here.filter(viewer => viewer.user.user === user.user)
      this.#leave(session, own)
      if (session.viewers.here.length === 0) void this.#life.retire(session, 'rest', 'another one needs its place')
    }
  }

  /** Opens a session that isn't open; one that nobody watched is watched again. */
  #wake(session: Session, kept: KeptSource<Source>): void {
    const { table } = this.#life
    if (session.state === 'idle') table.transit(session, 'watched', 'viewers', 'a viewer came')
    if (session.state === 'suspended') table.transit(session, 'wanted', 'viewers', 'a viewer came')
    if (session.state === 'starting' && session.opening === undefined) this.#life.open(session, kept)
    this.#life.changed()
  }

  /** The viewers that a stop is for. @throws CuemuxError `NOT_FOUND` for those of others */
  #leaving(session: Session, user: SessionUser, token: string | undefined): readonly Viewer[] {
    const mine = session.viewers.all.filter(({ user: { user: name } }) => user.isAdmin === true || name === user.user)
    if (token === undefined) return mine
    const { viewer } = this.viewerOf(session.id, token)
    if (!mine.includes(viewer)) throw noSession(session.id)
    return [viewer]
  }

  #leave(session: Session, viewers: readonly Viewer[]): void {
    const known = session.viewers.all
    for (const viewer of viewers) {
      if (!known.includes(viewer)) continue
      session.viewers.remove(viewer)
      this.#parts.tell({ type: 'viewer', session: session.id, user: viewer.user.user, what: 'left' })
    }
    if (viewers.length > 0 && session.savedAtMs !== undefined) this.#life.table.save(session)
  }

  #wasJustUsed(session: Session): boolean {
    const sinceMs = this.#parts.clock.nowMs() - this.#parts.limits.stopGraceMs
    return session.viewers.here.some(({ seenAtMs, requests }) => requests > 0 || seenAtMs > sinceMs)
  }

  #see(session: Session, viewer: Viewer): void {
    const nowMs = this.#parts.clock.nowMs()
    viewer.seenAtMs = nowMs
    session.usedAtMs = nowMs
    const { savedAtMs } = session
    if (savedAtMs !== undefined && nowMs - savedAtMs > SAVE_EVERY_MS) this.#life.table.save(session)
  }
}

/** Why a session that was open a moment ago is not: one that only rests can be asked for again. */
function gone(session: Session): CuemuxError {
  if (session.isOver) return session.error ?? noSession(session.id)
  return new BusyError(503, 'The session is being closed.')
}
