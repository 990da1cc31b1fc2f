import { expect, test } from 'vitest'
import { LIMITS, SessionWorld } from '../../testing/session-world.js'
import type { SessionUser } from './options.js'

// What went wrong in the session managers before this one, by name.

const ann: SessionUser = { user: 'ann', maxSessions: 1 }
const ben: SessionUser = { user: 'ben' }
const film = (reference: string): { reference: string; settings: object } => ({ reference, settings: {} })

test('opening a film again at the limit keeps the own session', async () => {
  const { keeper } = new SessionWorld()
  const first = await keeper.start(film('a/1'), ann)
  const again = await keeper.start(film('a/1'), ann)
  expect([again.session, again.isReused]).toEqual([first.session, true])
  expect(keeper.viewerOf(first.session.id, first.token).viewer.isHere).toBe(true)
})

test('another film at the limit takes the place of the own oldest, whose address is good no more', async () => {
  const world = new SessionWorld()
  const { keeper } = world
  const first = await keeper.start(film('a/1'), ann)
  const other = await keeper.start(film('a/1'), ben)
  await keeper.start(film('a/2'), ann)
  expect(() => keeper.viewerOf(first.session.id, first.token)).toThrow('There is no session')
  // Somebody else watches it: it goes on.
  expect([first.session.state, other.viewer.isHere]).toEqual(['running', true])
})

test('a source at capacity answers so, unless the own can give way', async () => {
  const { keeper } = new SessionWorld()
  await keeper.start(film('a/1'), ben)
  await keeper.start(film('a/2'), ben)
  await expect(keeper.start(film('a/3'), ann)).rejects.toMatchObject({
    code: 'CAPACITY',
    status: 429,
    message: 'Source at capacity (2 streams)',
  })
  await keeper.start(film('a/3'), ben)
  expect(keeper.sessions.map(({ reference, state }) => [reference, state])).toEqual([
    ['a/1', 'suspended'],
    ['a/2', 'running'],
    ['a/3', 'running'],
  ])
})

test('simultaneous starts of a film make one session, and simultaneous stops end it once', async () => {
  const world = new SessionWorld()
  const { keeper } = world
  const entered = await Promise.all(Array.from({ length: 20 }, () => keeper.start(film('b/live-1'), ben)))
  expect(new Set(entered.map(({ session }) => session)).size).toBe(1)
  expect(world.open.size).toBe(1)
  const [{ session }] = entered as [(typeof entered)[0]]
  await Promise.all(entered.map(({ token }) => keeper.stop(session.id, ben, { token })))
  await world.quiet()
  expect([session.state, world.open.size, keeper.sessions.length]).toEqual(['ended', 0, 0])
})

test('a seek, a stop and a start at once leave a session that plays', async () => {
  const world = new SessionWorld()
  const { keeper } = world
  const { session, token } = await keeper.start(film('a/1'), ben)
  const [sought, stopped, again] = await Promise.all([
    keeper
      .serve(session.id, token, async ({ content, viewer }) => content.seek?.(viewer.hash, 5000))
      .catch(error => error.code),
    keeper.stop(session.id, ben, { token, isForced: true }),
    keeper.start(film('a/1'), ben),
  ])
  // Its session was ended under it.
  expect(sought).toBe('NOT_FOUND')
  await world.quiet()
  expect(stopped.outcome).toBe('ended')
  expect(again.session.state).toBe('running')
  world.checkQuiet()
})

test('a failed start leaves nothing behind', async () => {
  const world = new SessionWorld()
  world.break('a/1')
  await expect(world.keeper.start(film('a/1'), ann)).rejects.toMatchObject({ code: 'SOURCE_UNREACHABLE' })
  await world.quiet()
  expect([world.open.size, world.disk.size]).toEqual([0, 0])
  await world.advance(LIMITS.idleMs)
  expect([world.keeper.sessions, world.timers]).toEqual([[], 0])
})

test('a start that its viewer gives up is given up', async () => {
  const world = new SessionWorld()
  world.turns = 20
  const leaving = new AbortController()
  const started = world.keeper.start({ ...film('a/1'), signal: leaving.signal }, ann)
  await world.quiet(8)
  expect(world.keeper.sessions.map(({ state }) => state)).toEqual(['starting'])
  leaving.abort()
  await expect(started).rejects.toMatchObject({ code: 'ABORTED' })
  await world.quiet()
  expect([world.keeper.sessions, world.open.size, world.disk.size, world.timers]).toEqual([[], 0, 0, 0])
})

test('the end of a session leaves a newer one of the same film its place', async () => {
  const world = new SessionWorld()
  world.break('a/1')
  await expect(world.keeper.start(film('a/1'), ben)).rejects.toThrow()
  world.mend('a/1')
  const newer = await world.keeper.start(film('a/1'), ben)
  await world.advance(LIMITS.idleMs - 1000)
  await world.keeper.touch(newer.session.id, newer.token)
  await world.advance(2000)
  // The failed one is forgotten by now.
  expect(world.keeper.sessions).toEqual([newer.session])
  expect((await world.keeper.start(film('a/1'), ann)).session).toBe(newer.session)
})

test('no user stops, joins or sees the session of another', async () => {
  const { keeper } = new SessionWorld()
  const { session, token } = await keeper.start(film('a/1'), ben)
  for (const options of [{ isForced: true }, { token }, {}]) {
    await expect(keeper.stop(session.id, ann, options)).rejects.toMatchObject({ code: 'NOT_FOUND' })
  }
  await expect(keeper.join(session.id, ann)).rejects.toMatchObject({ code: 'NOT_FOUND' })
  expect(() => keeper.sessionOf(session.id, ann)).toThrow('There is no session')
  expect(session.state).toBe('running')
})

test('a stop moments after somebody watched is ignored, unless it is forced', async () => {
  const world = new SessionWorld()
  const { keeper } = world
  const { session, token } = await keeper.start(film('a/1'), ben)
  await world.advance(LIMITS.stopGraceMs + 1)
  await keeper.touch(session.id, token)
  expect(await keeper.stop(session.id, ben, {})).toEqual({ outcome: 'ignored' })
  await world.advance(LIMITS.stopGraceMs + 1)
  expect(await keeper.stop(session.id, ben, {})).toEqual({ outcome: 'stopped' })
  expect(session.state).toBe('idle')
  const second = await keeper.start(film('a/1'), ben)
  expect(await keeper.stop(second.session.id, ben, { isForced: true })).toEqual({ outcome: 'ended' })
})

test('a forced stop is for the own viewers, where others watch', async () => {
  const { keeper } = new SessionWorld()
  const { session } = await keeper.start(film('a/1'), ben)
  await keeper.start(film('a/1'), ann)
  expect(await keeper.stop(session.id, ben, { isForced: true })).toEqual({ outcome: 'left' })
  expect(session.state).toBe('running')
  expect(await keeper.stop(session.id, { user: 'root', isAdmin: true }, { isForced: true })).toEqual({
    outcome: 'ended',
  })
})

test('any request is a heartbeat: who watches is never taken for gone', async () => {
  const world = new SessionWorld()
  const { session, token } = await world.keeper.start(film('a/1'), ben)
  for (let i = 0; i < 20; i++) {
    await world.advance(LIMITS.idleMs - 1)
    await world.keeper.serve(session.id, token, async ({ content, viewer }) =>
      content.respond(new Request('http://x/'), 'video-1/0.m4s', viewer.hash),
    )
  }
  expect(session.state).toBe('running')
  // One that waits for an encoder for long is here as well.
  const waiting = world.keeper.serve(session.id, token, () => world.advance(10 * LIMITS.idleMs))
  await waiting
  expect(session.state).toBe('running')
})

test('each viewer has a heartbeat of its own', async () => {
  const world = new SessionWorld()
  const first = await world.keeper.start(film('a/1'), ben)
  const second = await world.keeper.start(film('a/1'), ann)
  await world.advance(LIMITS.idleMs - 1)
  await world.keeper.touch(second.session.id, second.token)
  await world.advance(2)
  expect([first.viewer.isHere, second.viewer.isHere, first.session.state]).toEqual([false, true, 'running'])
})

test('after its viewers film rests for the cache time, and goes on when one comes back; nothing stays of live', async () => {
  const world = new SessionWorld()
  const { session, token } = await world.keeper.start(film('a/1'), ben)
  const live = await world.keeper.start(film('b/live-1'), ben)
  await world.advance(LIMITS.idleMs)
  expect([session.state, live.session.state, world.open.size]).toEqual(['suspended', 'ended', 0])
  await world.advance(LIMITS.cacheMs - 1)
  await world.keeper.serve(session.id, token, async () => {})
  expect([session.state, world.open.size]).toEqual(['running', 1])
  await world.advance(LIMITS.idleMs + LIMITS.cacheMs)
  expect([session.state, world.disk.size]).toEqual(['ended', 0])
})

test('setting the clock ends nothing', async () => {
  const world = new SessionWorld()
  const { session } = await world.keeper.start(film('a/1'), ben)
  for (const jump of [1e12, -2e12, 1e12]) {
    world.wallMs += jump
    await world.advance(1000)
    expect(session.state).toBe('running')
  }
})

test('a session that was watched comes back after a crash, its viewer with the same address', async () => {
  const world = new SessionWorld()
  const { session, token } = await world.keeper.start(film('a/1'), ann)
  await world.quiet()
  await world.crash()
  expect(world.open.size).toBe(0)
  const back = await world.keeper.serve(session.id, token, async arrived => arrived.session)
  expect([back.id, back.state, world.open.size]).toEqual([session.id, 'running', 1])
})

test('a resume that fails for a while loses nothing', async () => {
  const world = new SessionWorld()
  const { session, token } = await world.keeper.start(film('a/1'), ben)
  await world.advance(LIMITS.idleMs)
  world.break('a/1')
  const ask = (): Promise<string> => world.keeper.serve(session.id, token, async arrived => arrived.session.state)
  await expect(ask()).rejects.toMatchObject({ code: 'SOURCE_UNREACHABLE' })
  expect([session.state, world.disk.has(session.id)]).toEqual(['suspended', true])
  world.mend('a/1')
  expect(await ask()).toBe('running')
})

test('an end that takes long holds up nobody else', async () => {
  const world = new SessionWorld()
  const { session, token } = await world.keeper.start(film('a/1'), ben)
  world.turns = 2000
  const stopping = world.keeper.stop(session.id, ben, { token, isForced: true })
  world.turns = 1
  const other = await world.keeper.start(film('b/1'), ben)
  expect([other.session.state, world.open.size]).toEqual(['running', 2])
  await stopping
  expect(world.open.size).toBe(1)
})

test('closing leaves no timer, and what was watched is written down', async () => {
  const world = new SessionWorld()
  const { session } = await world.keeper.start(film('a/1'), ben)
  await world.keeper.start(film('b/live-1'), ben)
  await world.keeper.close(5000)
  expect([world.open.size, world.timers, world.isLocked, [...world.disk.keys()]]).toEqual([0, 0, false, [session.id]])
  await expect(world.keeper.start(film('a/1'), ben)).rejects.toMatchObject({ code: 'CAPACITY', status: 503 })
})
