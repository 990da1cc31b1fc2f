import { existsSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { CuemuxError } from '@cuemux/core'
import { expect } from 'vitest'
import type { SessionClock } from '../src/sessions/clock.js'
import type { ContentRequest, SessionContent } from '../src/sessions/content.js'
import { diskStorage, sessionsFolder } from '../src/sessions/disk-storage.js'
import { type KeeperLimits, SessionKeeper } from '../src/sessions/keeper.js'
import type { SessionEvent, SessionUser } from '../src/sessions/options.js'
import type { SessionRecord } from '../src/sessions/record.js'
import { type SessionState, TRANSITIONS } from '../src/sessions/states.js'
import type { SessionStorage } from '../src/sessions/storage.js'

/** Times of the sessions in a {@link SessionWorld}. */
export const LIMITS: KeeperLimits = {
  idleMs: 30_000,
  cacheMs: 3_600_000,
  stopGraceMs: 5000,
  startTimeoutMs: 40_000,
  maxSessions: 12,
}

/** How many sessions each source of the world allows at once. */
export const MAX_PER_SOURCE = 2

/** One process's life: all that it does stops with it. */
interface Generation {
  isDead: boolean
  readonly timers: Set<{ readonly atMs: number; readonly work: () => void }>
  /** Operations on a real disk that are under way. */
  pending: number
}

/** What a {@link SessionWorld} is made with. */
export interface WorldOptions {
  readonly limits?: KeeperLimits
  /** A real folder in place of a disk that is made up. */
  readonly folder?: string
}

/** Content that is open, as a process and a descriptor would be. */
interface OpenFake {
  readonly id: string
  readonly sourceId: string
  readonly generation: Generation
}

const never = (): Promise<never> => new Promise(() => {})

/** What sessions touch, made up: clocks, a disk, sources, and processes that are killed. */
export class SessionWorld {
  nowMs = 1000
  wallMs = Date.UTC(2026, 0, 1)
  /** What is on the disk: records by folder; `undefined` for a folder without one. */
  readonly disk = new Map<string, SessionRecord | undefined>()
  readonly open = new Set<OpenFake>()
  readonly states = new Map<string, SessionState>()
  readonly events: SessionEvent[] = []
  /** References whose source can't be reached. */
  readonly #broken = new Set<string>()
  /** How many turns opening and closing take. */
  turns = 2
  readonly limits: KeeperLimits
  keeper: SessionKeeper<string>
  readonly #folder: string | undefined
  readonly #generations: Generation[] = []
  #generation: Generation
  #lock: Generation | undefined
  /** Operations on a real disk that were begun. */
  #operations = 0

  constructor({ limits = LIMITS, folder }: WorldOptions = {}) {
    this.limits = limits
    this.#folder = folder
    this.#generation = newGeneration()
    this.keeper = this.#boot()
  }

  /** Names of the sessions' folders. */
  get folders(): string[] {
    if (this.#folder === undefined) return [...this.disk.keys()]
    const sessions = sessionsFolder(this.#folder)
    return existsSync(sessions) ? readdirSync(sessions) : []
  }

  get timers(): number {
    return this.#generation.timers.size
  }

  get isLocked(): boolean {
    if (this.#folder !== undefined) return readdirSync(this.#folder).some(name => name.startsWith('lock'))
    return this.#lock !== undefined && !this.#lock.isDead
  }

  break(reference: string): void {
    this.#broken.add(reference)
  }

  mend(reference: string): void {
    this.#broken.delete(reference)
  }

  /** The process is gone from one moment to the next; another one takes over. */
  async crash(): Promise<void> {
    this.#generation.isDead = true
    // What the system had begun for it is done before anybody else is there.
    while (this.#generation.pending > 0) await turn()
    for (const content of this.open) if (content.generation === this.#generation) this.open.delete(content)
    this.states.clear()
    this.keeper = this.#boot()
  }

  async restart(): Promise<void> {
    await this.keeper.close(5000)
    this.states.clear()
    this.keeper = this.#boot()
  }

  /** Time passes; what ends by it is let end. */
  async advance(ms: number): Promise<void> {
    const endMs = this.nowMs + ms
    for (;;) {
      const [next] = [...this.#generation.timers].filter(timer => timer.atMs <= endMs).sort((a, b) => a.atMs - b.atMs)
      if (next === undefined) break
      this.wallMs += Math.max(0, next.atMs - this.nowMs)
      this.nowMs = Math.max(this.nowMs, next.atMs)
      this.#generation.timers.delete(next)
      next.work()
      await this.quiet()
    }
    this.wallMs += endMs - this.nowMs
    this.nowMs = endMs
  }

  /** Resolves when what was begun has had time to end. */
  async quiet(turns = 24 * (this.turns + 1)): Promise<void> {
    // A real disk takes its time: nothing more is to come when for so long nothing was done on it.
    for (let isBusy = true; isBusy; ) {
      const before = this.#operations
      isBusy = this.#generation.pending > 0
      for (let i = 0; i < turns; i++) await turn()
      isBusy ||= before !== this.#operations
    }
  }

  /** What must hold at every moment. */
  check(users: readonly SessionUser[]): void {
    const bySource = new Map<string, number>()
    for (const { sourceId } of this.open) bySource.set(sourceId, (bySource.get(sourceId) ?? 0) + 1)
    for (const [source, count] of bySource)
      expect({ source, isWithin: count <= MAX_PER_SOURCE, count }).toMatchObject({ isWithin: true })
    const { sessions } = this.keeper
    for (const { user, maxSessions = Number.POSITIVE_INFINITY } of users) {
      const watched = sessions.filter(
        ({ isOpen, viewers }) => isOpen && viewers.here.some(one => one.user.user === user),
      )
      expect(watched.length).toBeLessThanOrEqual(maxSessions)
    }
    expect(sessions.length).toBeLessThanOrEqual(this.limits.maxSessions)
    const keys = sessions.filter(({ state }) => state !== 'failed').map(({ key }) => key)
    expect(new Set(keys).size).toBe(keys.length)
    const ids = [...this.open].map(({ id }) => id)
    expect(new Set(ids).size).toBe(ids.length)
    for (const { id, state } of sessions) expect([id, state]).toEqual([id, this.states.get(id) ?? 'suspended'])
  }

  /** What must hold when nothing is under way: what is open belongs to an open session, a folder to a session. */
  checkQuiet(): void {
    const { sessions } = this.keeper
    const wanted = sessions.filter(({ isOpen }) => isOpen).map(({ id }) => id)
    expect([...this.open].map(({ id }) => id).sort()).toEqual(wanted.sort())
    const kept = sessions.filter(({ state, kind }) => state !== 'failed' && kind === 'vod').map(({ id }) => id)
    expect(this.folders.sort()).toEqual(kept.sort())
    for (const id of kept) expect([id, this.#hasRecord(id)]).toEqual([id, true])
    expect(this.timers).toBe(sessions.length === 0 ? 0 : 1)
  }

  #hasRecord(id: string): boolean {
    if (this.#folder === undefined) return this.disk.get(id) !== undefined
    return existsSync(path.join(sessionsFolder(this.#folder), id, 'session.json'))
  }

  #boot(): SessionKeeper<string> {
    const generation = newGeneration()
    this.#generation = generation
    this.#generations.push(generation)
    return new SessionKeeper<string>({
      limits: this.limits,
      clock: this.#clockOf(generation),
      storage: this.#folder === undefined ? this.#storageOf(generation) : this.#realStorage(generation, this.#folder),
      resolve: async reference => {
        await turn()
        if (generation.isDead) return never()
        if (reference === 'none') throw new CuemuxError('NOT_FOUND', 'There is no such film.')
        const sourceId = reference.split('/', 1)[0] ?? ''
        const kind = reference.includes('live') ? 'live' : 'vod'
        return { source: reference, kind, sourceId, maxPerSource: MAX_PER_SOURCE }
      },
      openContent: request => this.#openContent(generation, request),
      tell: event => {
        if (!generation.isDead) this.#told(event)
      },
    })
  }

  #told(event: SessionEvent): void {
    this.events.push(event)
    if (event.type !== 'state') return
    const { session, from, to } = event
    if (from === undefined) expect(this.states.has(session)).toBe(false)
    else {
      expect(this.states.get(session) ?? 'suspended').toBe(from)
      expect(Object.values(TRANSITIONS[from])).toContain(to)
    }
    this.states.set(session, to)
  }

  #clockOf(generation: Generation): SessionClock {
    return {
      nowMs: () => this.nowMs,
      wallMs: () => this.wallMs,
      schedule: (delayMs, work) => {
        const timer = { atMs: this.nowMs + delayMs, work }
        generation.timers.add(timer)
        return () => generation.timers.delete(timer)
      },
    }
  }

  async #openContent(generation: Generation, request: ContentRequest<string>): Promise<SessionContent> {
    const { id, source, folder, signal } = request
    const content: OpenFake = { id, sourceId: source.split('/', 1)[0] ?? '', generation }
    if (generation.isDead) return never()
    // From its first moment it has a connection to the source.
    this.open.add(content)
    try {
      for (let i = 0; i < this.turns; i++) await turn()
      if (generation.isDead) return await never()
      if (this.#broken.has(source)) throw new CuemuxError('SOURCE_UNREACHABLE', 'It is broken.')
      // Some notice that they are not wanted any more, some are already there.
      if (signal.aborted && this.turns % 2 === 0) throw new CuemuxError('ABORTED', 'The operation was aborted.')
    } catch (error) {
      this.open.delete(content)
      throw error
    }
    return {
      info: undefined,
      subtitles: [],
      respond: async () => {
        await turn()
        return new Response('')
      },
      progress: () => ({
        durationMs: undefined,
        segments: { total: undefined, kept: 0 },
        keptBytes: 0,
        speed: undefined,
        encoded: [],
      }),
      seek: turn,
      close: async () => {
        for (let i = 0; i < 3 * this.turns; i++) await turn()
        this.open.delete(content)
        // What is being written makes its folder anew.
        if (!generation.isDead && folder !== undefined && !this.disk.has(id)) this.disk.set(id, undefined)
      },
    }
  }

  /** The storage that managers use, for a process that may be killed. */
  #realStorage(generation: Generation, folder: string): SessionStorage {
    const number = this.#generations.length - 1
    const real = diskStorage(folder, {
      self: async () => ({ pid: number, started: '' }),
      isAlive: async ({ pid }) => this.#generations[pid]?.isDead === false,
    })
    const gated = async <T>(work: () => Promise<T>): Promise<T> => {
      if (generation.isDead) return never()
      generation.pending++
      this.#operations++
      try {
        return await work()
      } finally {
        generation.pending--
        if (generation.isDead) await never()
      }
    }
    return {
      open: accept => gated(() => real.open(accept)),
      create: id => gated(() => real.create(id)),
      write: record => gated(() => real.write(record)),
      remove: id => gated(() => real.remove(id)),
      close: () => gated(() => real.close()),
    }
  }

  #storageOf(generation: Generation): SessionStorage {
    const step = async (): Promise<void> => {
      await turn()
      if (generation.isDead) await never()
    }
    return {
      open: async accept => {
        await step()
        if (this.isLocked) throw new CuemuxError('CAPACITY', 'Another process uses the folder.')
        this.#lock = generation
        const before = this.disk.size
        for (const [id, record] of this.disk) if (record === undefined || !accept(record)) this.disk.delete(id)
        const records = [...this.disk.values()].flatMap(record => (record === undefined ? [] : [record]))
        return { records, removed: before - this.disk.size }
      },
      create: async id => {
        await step()
        if (!this.disk.has(id)) this.disk.set(id, undefined)
        return id
      },
      write: async record => {
        await step()
        if (this.disk.has(record.id)) this.disk.set(record.id, JSON.parse(JSON.stringify(record)))
      },
      remove: async id => {
        await step()
        this.disk.delete(id)
      },
      close: async () => {
        await step()
        this.#lock = undefined
      },
    }
  }
}

function newGeneration(): Generation {
  return { isDead: false, timers: new Set(), pending: 0 }
}

function turn(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve))
}
