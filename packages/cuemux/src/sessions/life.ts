import { CuemuxError, type CuemuxErrorCode, throwIfAborted, toCuemuxError } from '@cuemux/core'
import type { SessionContent } from './content.js'
import type { KeeperParts, KeptSource } from './keeper.js'
import type { Session } from './session.js'
import { Sweeper } from './sweeper.js'
import { SessionTable } from './table.js'
import { untilAborted } from './until.js'

/** Errors after which a film may well be opened the next time: what is kept of it stays. */
const PASSING: ReadonlySet<CuemuxErrorCode> = new Set<CuemuxErrorCode>([
  'ABORTED',
  'CAPACITY',
  'SOURCE_UNREACHABLE',
  'NOT_FOUND',
  'ENCODER_MISSING',
  'ENCODER_FAILED',
  'OUTPUT_FAILED',
])

/** Opens and closes the content of sessions, and ends by time what ends by time. */
export class SessionLife<Source> {
  readonly table: SessionTable
  readonly #parts: KeeperParts<Source>
  readonly #sweeper: Sweeper
  #order = 0

  constructor(parts: KeeperParts<Source>) {
    const { clock, storage, limits, tell } = parts
    this.#parts = parts
    this.#sweeper = new Sweeper(
      clock,
      () => this.#earliestDeadlineMs(),
      () => this.#sweep(),
    )
    this.table = new SessionTable({
      clock,
      storage,
      cacheMs: limits.cacheMs,
      tell,
      onChange: () => this.#sweeper.set(),
    })
  }

  /** Opens the content of a session that is `starting`; `session.ready` tells when it is. */
  open(session: Session, kept: KeptSource<Source>): void {
    const isNew = session.savedAtMs === undefined
    const opening = new AbortController()
    session.opening = opening
    session.order = ++this.#order
    if (isNew) {
      this.#parts.tell({ type: 'state', session: session.id, from: undefined, to: 'starting', reason: 'a viewer came' })
    }
    const before = this.table.endingBefore(session)
    session.ready = session.inTurn('content', async () => {
      try {
        await untilAborted(Promise.all(before), opening.signal)
        this.#opened(session, await this.#openContent(session, kept.source, opening.signal))
      } catch (cause) {
        const { reason } = opening.signal
        throw this.#openFailed(session, opening, toCuemuxError(reason ?? cause, 'SOURCE_UNREACHABLE'), isNew)
      }
    })
    session.ready.catch(() => {})
    this.#sweeper.set()
  }

  /**
   * Lets a session rest, where that is worth it, or ends it.
   *
   * @returns resolves when its content is closed, and its files are gone where it is ended
   */
  async retire(session: Session, how: 'rest' | 'end', reason: string): Promise<void> {
    const { opening, content, isOpen } = session
    const isKept = session.kind === 'vod' && session.savedAtMs !== undefined && this.#parts.limits.cacheMs > 0
    const isResting = how === 'rest' && isKept
    if (session.state === 'ended' || (isResting && !isOpen)) return
    session.opening = undefined
    session.content = undefined
    opening?.abort(new CuemuxError('ABORTED', `The session was ended: ${reason}.`))
    const closed = opening === undefined && content === undefined ? undefined : this.#close(session, content)
    for (const viewer of session.viewers.here) viewer.isHere = false
    this.table.transit(session, isResting ? 'rested' : 'ended', 'retirement', reason)
    if (isResting) this.table.save(session)
    else await this.table.remove(session)
    await closed
  }

  /** A session that nobody watches any more is idle; one that isn't open yet need not be opened. */
  unwatched(session: Session, reason: string): void {
    if (session.viewers.here.length > 0) return
    if (session.state === 'running') this.table.transit(session, 'unwatched', 'viewers', reason)
    else if (session.state === 'starting') void this.retire(session, 'rest', reason)
  }

  /** To be called when a viewer came: there may be an earlier deadline. */
  changed(): void {
    this.#sweeper.set()
  }

  /** Ends all that is open, and resolves when it is closed and written down, or `limitMs` have passed. */
  async close(limitMs: number): Promise<void> {
    this.#sweeper.close()
    for (const session of this.table.all) if (session.isOpen) void this.retire(session, 'rest', 'the service ends')
    let timer: NodeJS.Timeout | undefined
    const limit = new Promise<void>(resolve => {
      timer = setTimeout(resolve, limitMs)
    })
    await Promise.race([this.table.settled(), limit])
    clearTimeout(timer)
  }

  async #openContent(session: Session, source: Source, signal: AbortSignal): Promise<SessionContent> {
    const { storage, openContent } = this.#parts
    const { id, settings } = session
    const folder = session.kind === 'live' ? undefined : await session.inTurn('disk', () => storage.create(id))
    throwIfAborted(signal)
    let content: SessionContent | undefined
    const onFailure = (cause: unknown): void => {
      if (content !== undefined) this.#failed(session, content, toCuemuxError(cause, 'SOURCE_UNREACHABLE'))
    }
    content = await openContent({
      id,
      source,
      settings,
      folder,
      signal,
      onFailure,
      onHint: info => session.onHint(info),
      onEnd: () => this.table.removeKey(session),
    })
    // It may have come too late.
    if (signal.aborted) await content.close()
    throwIfAborted(signal)
    return content
  }

  #opened(session: Session, content: SessionContent): void {
    session.opening = undefined
    session.content = content
    session.info = content.info ?? session.info
    session.hint = undefined
    this.table.transit(session, 'opened', 'content', 'its content is open')
    this.table.save(session)
    this.unwatched(session, 'its viewers left before it was open')
  }

  #openFailed(session: Session, opening: AbortController, error: CuemuxError, isNew: boolean): CuemuxError {
    // It has gone another way meanwhile: whoever ended it has seen to it.
    if (session.opening !== opening) return error
    session.opening = undefined
    // What was kept is as good as before, when its film can't be reached for a while.
    if (!isNew && PASSING.has(error.code)) void this.retire(session, 'rest', error.message)
    else this.#fail(session, error)
    return error
  }

  #failed(session: Session, content: SessionContent, error: CuemuxError): void {
    if (session.content !== content) return
    session.content = undefined
    void this.#close(session, content)
    this.#fail(session, error)
  }

  /** Only the reason stays, for a while, for those who ask. */
  #fail(session: Session, error: CuemuxError): void {
    session.error = error
    this.table.removeKey(session)
    void this.table.removeFiles(session)
    this.table.transit(session, 'failed', 'content', error.message)
  }

  /** Closes content in the session's turn: after what opens it has ended. */
  #close(session: Session, content: SessionContent | undefined): Promise<void> {
    return this.table.ending(
      session,
      session.inTurn('content', async () => content?.close()),
    )
  }

  #earliestDeadlineMs(): number | undefined {
    let earliest: number | undefined
    for (const session of this.table.all) {
      const deadline = this.#deadlineMs(session)
      if (deadline !== undefined && (earliest === undefined || deadline < earliest)) earliest = deadline
    }
    return earliest
  }

  /** When time does something to a session. */
  #deadlineMs(session: Session): number | undefined {
    const { idleMs, cacheMs, startTimeoutMs } = this.#parts.limits
    switch (session.state) {
      case 'starting':
        return session.opening?.signal.aborted === false ? session.sinceMs + startTimeoutMs : undefined
      case 'running':
        return session.viewers.nextExpiryMs(idleMs)
      case 'idle':
        return session.usedAtMs + idleMs
      case 'suspended':
        return session.sinceMs + cacheMs
      case 'failed':
        return session.sinceMs + idleMs
      case 'ended':
        return undefined
    }
  }

  #sweep(): void {
    const nowMs = this.#parts.clock.nowMs()
    const isDue = (session: Session): boolean => (this.#deadlineMs(session) ?? Number.POSITIVE_INFINITY) <= nowMs
    for (const session of this.table.all.filter(isDue)) {
      if (session.state === 'starting') {
        session.opening?.abort(new CuemuxError('SOURCE_UNREACHABLE', 'The film took too long to open.'))
      }
      if (session.state === 'running') this.#expireViewers(session)
      if (session.state === 'idle' && isDue(session)) void this.retire(session, 'rest', 'nobody watches it')
      else if (session.state === 'suspended') void this.retire(session, 'end', 'nobody came back to it')
      else if (session.state === 'failed') void this.retire(session, 'end', 'it had failed')
    }
  }

  #expireViewers(session: Session): void {
    for (const { user } of session.viewers.expire(this.#parts.clock.nowMs(), this.#parts.limits.idleMs)) {
      this.#parts.tell({ type: 'viewer', session: session.id, user: user.user, what: 'away' })
    }
    this.unwatched(session, 'nothing was heard of its viewers')
  }
}
