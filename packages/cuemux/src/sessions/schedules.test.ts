import { readdirSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { CuemuxError } from '@cuemux/core'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { LIMITS, SessionWorld } from '../../testing/session-world.js'
import type { SessionUser } from './options.js'

// Any order of what can happen to sessions, several things at once: at no time is a limit exceeded or a transition made
// that the table doesn't have, and at the end there is no process, folder, lock or timer that nobody knows of.

const USERS: readonly SessionUser[] = [
  { user: 'ann', maxSessions: 1 },
  { user: 'ben', maxSessions: 2 },
  { user: 'eve' },
]
const FILMS = ['a/1', 'a/2', 'a/3', 'b/1', 'b/live-1', 'a/live-2', 'none']

/** What takes a while, and meets other steps half done. */
type Deed =
  | { readonly do: 'start'; readonly user: number; readonly film: number }
  | { readonly do: 'join' | 'stop'; readonly user: number; readonly session: number; readonly isForced: boolean }
  | { readonly do: 'ask' | 'touch' | 'seek' | 'leave'; readonly viewer: number }

type Step =
  | Deed
  | { readonly do: 'wait'; readonly ms: number }
  | { readonly do: 'jump'; readonly ms: number }
  | { readonly do: 'break' | 'mend'; readonly film: number }
  | { readonly do: 'crash' | 'restart' | 'quiet' | 'reopen' }

const user = fc.nat(USERS.length - 1)
const film = fc.nat(FILMS.length - 1)
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('start'), user, film }) },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constantFrom('join', 'stop'), user, session: fc.nat(9), isForced: fc.boolean() }),
  },
  { weight: 6, arbitrary: fc.record({ do: fc.constantFrom('ask', 'touch', 'seek', 'leave'), viewer: fc.nat(9) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('wait'), ms: fc.constantFrom(1, 4000, 20_000, 31_000, 4e6) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('jump'), ms: fc.constantFrom(-1e9, -5000, 5000, 1e9) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('break', 'mend'), film }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('crash', 'restart', 'quiet', 'reopen') }) },
) as fc.Arbitrary<Step>

/** What a viewer may be told, whatever happens around it. */
const EXPECTED = new Set(['NOT_FOUND', 'CAPACITY', 'ABORTED', 'SOURCE_UNREACHABLE'])

test('500 random schedules leave nothing behind and exceed no limit', { timeout: 120_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40, size: 'max' }), fc.nat(4), async (steps, turns) => {
      const run = new Schedule(turns)
      for (const one of steps) await run.take(one)
      await run.finish()
    }),
    { numRuns: 500 },
  )
})

test('on a real disk too, where no descriptor stays open', { timeout: 120_000 }, async () => {
  const descriptors = (): number => readdirSync('/proc/self/fd').length
  const play = async (steps: readonly Step[]): Promise<void> => {
    const folder = await mkdtemp(path.join(tmpdir(), 'cuemux-schedule-'))
    try {
      const run = new Schedule(1, folder)
      for (const one of steps) await run.take(one)
      await run.finish()
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  }
  await play([{ do: 'start', user: 0, film: 0 }, { do: 'crash' }])
  const before = descriptors()
  await fc.assert(fc.asyncProperty(fc.array(step, { maxLength: 30, size: 'max' }), play), { numRuns: 30 })
  expect(descriptors()).toBeLessThanOrEqual(before)
})

class Schedule {
  readonly #world: SessionWorld
  readonly #viewers: { readonly session: string; readonly token: string }[] = []
  readonly #failures: unknown[] = []

  constructor(turns: number, folder?: string) {
    this.#world = new SessionWorld(folder === undefined ? {} : { folder })
    this.#world.turns = turns
  }

  /** Begins a step and lets it have a turn or two: the next one meets it half done. */
  async take(one: Step): Promise<void> {
    const world = this.#world
    if (one.do === 'wait') await world.advance(one.ms)
    else if (one.do === 'jump') world.wallMs += one.ms
    else if ('film' in one && one.do !== 'start') world[one.do](FILMS[one.film] ?? '')
    else if ('user' in one || 'viewer' in one) this.#begin(one)
    else if (one.do === 'crash') await world.crash()
    else if (one.do === 'restart') await world.restart()
    else if (one.do === 'reopen') await this.#reopen()
    else await this.#settle()
    world.check(USERS)
    await world.quiet(world.turns)
    world.check(USERS)
  }

  async finish(): Promise<void> {
    const world = this.#world
    await this.#settle()
    // Nobody comes any more: all ends by itself.
    await world.advance(LIMITS.idleMs + LIMITS.cacheMs + 1000)
    await this.#settle()
    expect(world.keeper.sessions.map(({ state }) => state)).toEqual([])
    expect({ open: world.open.size, timers: world.timers, folders: world.folders.length }).toEqual({
      open: 0,
      timers: 0,
      folders: 0,
    })
    await world.keeper.close(5000)
    expect(world.isLocked).toBe(false)
    expect(this.#failures).toEqual([])
  }

  async #settle(): Promise<void> {
    await this.#world.quiet()
    this.#world.check(USERS)
    this.#world.checkQuiet()
  }

  /** Who opens again what they watch, at whatever limit, gets the same session, and nothing of theirs ends. */
  async #reopen(): Promise<void> {
    await this.#settle()
    const { keeper } = this.#world
    const viewersOf = (): string[] => keeper.sessions.flatMap(one => one.viewers.all.map(({ hash }) => hash))
    for (const session of keeper.sessions) {
      const [watching] = session.viewers.here
      if (watching === undefined) continue
      const before = viewersOf()
      const opened = await keeper.start({ reference: session.reference, settings: {} }, watching.user)
      expect([opened.session, opened.isReused]).toEqual([session, true])
      expect(viewersOf()).toEqual(expect.arrayContaining(before))
    }
  }

  #begin(one: Deed): void {
    this.#perform(one).catch(error => {
      if (!(error instanceof CuemuxError) || !EXPECTED.has(error.code)) this.#failures.push(error)
    })
  }

  async #perform(one: Deed): Promise<void> {
    const { keeper } = this.#world
    if (one.do === 'start') {
      const who = USERS[one.user] as SessionUser
      const reference = FILMS[one.film] ?? ''
      const before = keeper.sessions.find(session => session.reference === reference && session.isOpen)
      const isIn = before?.viewers.here.some(viewer => viewer.user.user === who.user)
      const { session, token } = await keeper.start({ reference, settings: {} }, who)
      this.#viewers.push({ session: session.id, token })
      if (isIn && !before?.isOver) expect(session).toBe(before)
    } else if ('session' in one) {
      const session = keeper.sessions[one.session % Math.max(1, keeper.sessions.length)]
      const who = USERS[one.user] as SessionUser
      if (session === undefined) return
      if (one.do === 'stop') await keeper.stop(session.id, who, { isForced: one.isForced })
      else this.#viewers.push({ session: session.id, token: (await keeper.join(session.id, who)).token })
    } else {
      const viewer = this.#viewers[one.viewer % Math.max(1, this.#viewers.length)]
      if (viewer === undefined) return
      const { session, token } = viewer
      if (one.do === 'touch') await keeper.touch(session, token)
      else if (one.do === 'leave') {
        const { user: who } = keeper.viewerOf(session, token).viewer
        await keeper.stop(session, who, { token })
      } else {
        await keeper.serve<unknown>(session, token, ({ content, viewer: { hash } }) =>
          one.do === 'seek'
            ? (content.seek?.(hash, 1000) ?? Promise.resolve())
            : content.respond(new Request('http://x/'), '', hash),
        )
      }
    }
  }
}
