import { toCuemuxError } from '@cuemux/core'
import type { SessionClock } from './clock.js'
import type { SessionEvent, SessionSettings } from './options.js'
import { RECORD_VERSION, type SessionRecord } from './record.js'
import { Session } from './session.js'
import type { SessionSignal, SignalOwner } from './states.js'
import { SIGNAL_OWNERS } from './states.js'
import type { SessionStorage } from './storage.js'

/** What a {@link SessionTable} works with. */
export interface TableParts {
  readonly clock: SessionClock
  readonly storage: SessionStorage
  readonly cacheMs: number
  readonly tell: (event: SessionEvent) => void
  /** Told when a deadline may be earlier than before. */
  readonly onChange: () => void
}

/** The sessions that there are, by id and by what they play, and what of them is on disk. */
export class SessionTable {
  readonly #parts: TableParts
  readonly #byId = new Map<string, Session>()
  readonly #byKey = new Map<string, Session>()
  /** What is being closed or removed, with its session, which may be over. */
  readonly #ending = new Map<Promise<void>, Session>()

  constructor(parts: TableParts) {
    this.#parts = parts
  }

  get all(): Session[] {
    return [...this.#byId.values()]
  }

  get size(): number {
    return this.#byId.size
  }

  get(id: string): Session | undefined {
    return this.#byId.get(id)
  }

  /** The session of a source and settings. */
  find(key: string): Session | undefined {
    return this.#byKey.get(key)
  }

  add(session: Session): void {
    this.#byId.set(session.id, session)
    this.#byKey.set(session.key, session)
  }

  /** Starts for what it plays lead to it no more. Only its own: another session may have taken its place by now. */
  removeKey(session: Session): void {
    if (this.#byKey.get(session.key) === session) this.#byKey.delete(session.key)
  }

  /** Nothing leads to it any more; resolves when its files are removed. */
  remove(session: Session): Promise<void> {
    session.viewers.clear()
    this.#byId.delete(session.id)
    this.removeKey(session)
    return this.removeFiles(session)
  }

  /** Moves a session to another state. */
  transit(session: Session, signal: SessionSignal, by: SignalOwner, reason: string): void {
    if (SIGNAL_OWNERS[signal] !== by) throw new Error(`It is not for ${by} to say that a session is ${signal}.`)
    const from = session.transit(signal, this.#parts.clock.nowMs())
    this.#parts.tell({ type: 'state', session: session.id, from, to: session.state, reason })
    this.#parts.onChange()
  }

  /** Remembers what is being closed until it is; until then its place at the source is taken. */
  ending(session: Session, work: Promise<unknown>): Promise<void> {
    const done = work
      .catch(cause => this.tellError(session, cause))
      .then(() => {
        this.#ending.delete(done)
      })
    this.#ending.set(done, session)
    return done
  }

  /** What has to be closed before a session is opened: what it was before, and others of its source. */
  endingBefore(session: Session): Promise<void>[] {
    return [...this.#ending].flatMap(([done, other]) => {
      const isSameSource = session.sourceId !== undefined && other.sourceId === session.sourceId
      // Its own turn comes after its own closing.
      return other !== session && (other.key === session.key || isSameSource) ? [done] : []
    })
  }

  /** Resolves when everything that was begun is done. */
  async settled(): Promise<void> {
    await Promise.all([...this.all.map(session => session.settled()), ...this.#ending.keys()])
  }

  /** Writes a session down; what fails is told, and tried again at the next occasion. */
  save(session: Session): void {
    if (session.kind === 'live' || session.isOver) return
    const { clock, storage } = this.#parts
    session.savedAtMs = clock.nowMs()
    void session
      .inTurn('disk', async () => {
        if (session.savedAtMs !== undefined) await storage.write(this.#recordOf(session))
      })
      .catch(cause => this.tellError(session, cause))
  }

  /** Removes a session's files, after its content is closed: that writes too. Resolves when they are gone. */
  removeFiles(session: Session): Promise<void> {
    session.savedAtMs = undefined
    const remove = (): Promise<void> => this.#parts.storage.remove(session.id)
    return this.ending(
      session,
      session.inTurn('content', () => session.inTurn('disk', remove)),
    )
  }

  /** Takes the folder, and takes up what is in it. */
  async recover(): Promise<void> {
    const { clock, storage, cacheMs, tell } = this.#parts
    // A clock that was set back lets sessions end later than they should, but not live for ever.
    const ageOf = ({ usedAtMs }: SessionRecord): number => Math.max(0, clock.wallMs() - usedAtMs)
    const { records, removed } = await storage.open(record => ageOf(record) < cacheMs)
    let doubles = 0
    for (const record of records.sort((a, b) => a.usedAtMs - b.usedAtMs)) {
      const session = suspendedSession(record, clock.nowMs() - ageOf(record))
      const before = this.#byKey.get(session.key)
      if (before !== undefined) {
        this.#byId.delete(before.id)
        await storage.remove(before.id)
        doubles++
      }
      this.add(session)
    }
    tell({ type: 'recovered', sessions: this.size, removed: removed + doubles })
    this.#parts.onChange()
  }

  tellError(session: Session, cause: unknown): void {
    this.#parts.tell({ type: 'error', session: session.id, error: toCuemuxError(cause, 'OUTPUT_FAILED') })
  }

  #recordOf({ id, reference, settings, sourceId, createdAtMs, usedAtMs, viewers, info }: Session): SessionRecord {
    const { clock } = this.#parts
    return {
      version: RECORD_VERSION,
      id,
      kind: 'vod',
      reference,
      settings,
      ...(sourceId === undefined ? {} : { sourceId }),
      createdAtMs,
      usedAtMs: Math.round(clock.wallMs() - (clock.nowMs() - usedAtMs)),
      viewers: viewers.records(),
      ...(info === undefined ? {} : { probe: info }),
    }
  }
}

/** A session that was written down, as it is before somebody comes. */
function suspendedSession(record: SessionRecord, usedAtMs: number): Session {
  const { id, reference, settings, kind, sourceId, createdAtMs } = record
  const key = keyOf(reference, settings)
  const session = new Session({ id, key, reference, settings, kind, sourceId, createdAtMs }, 'suspended', usedAtMs)
  session.savedAtMs = usedAtMs
  session.info = record.probe
  session.viewers.restore(record.viewers)
  return session
}

/** The same source with the same settings has the same key, however the settings are written. */
export function keyOf(reference: string, settings: SessionSettings): string {
  const { client = 'browser', audioLanguages = [], startMs = 0, endMs } = settings
  return JSON.stringify([reference, client, audioLanguages, startMs, endMs ?? null])
}
