// Sessions of real films with real encoders: what is made, what is kept, and what is left when something goes wrong.
import { mkdir, mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import {
  createSessionManager,
  openMedia,
  type SessionEvent,
  type SessionManager,
  type SessionManagerOptions,
} from 'cuemux'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { makeMedia } from '../media/media.js'
import { descendants, eventually } from '../support/children.js'
import { runOrThrow } from '../support/process.js'

const ann = { user: 'ann' }

let folder: string
let manager: SessionManager
let events: SessionEvent[]
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'cuemux-sessions-'))
  events = []
})
afterEach(async () => {
  await manager.close()
  await rm(folder, { recursive: true, force: true })
})

async function open(
  films: Readonly<Record<string, string>>,
  options: Partial<SessionManagerOptions> = {},
): Promise<void> {
  const paths = new Map<string, string>()
  for (const [reference, name] of Object.entries(films)) paths.set(reference, await makeMedia(name))
  manager = createSessionManager({
    folder,
    resolve: reference => {
      const input = paths.get(reference)
      return input === undefined ? undefined : { input, series: 'series' }
    },
    exposeErrors: true,
    onEvent: event => events.push(event),
    ...options,
  })
  await manager.ready()
}

function get(playlist: string, file: string): Promise<Response> {
  return manager.handle(new Request(`http://films.test${playlist.replace('master.m3u8', file)}`))
}

async function recordOf(session: string): Promise<{ text: string; file: string }> {
  const file = path.join(folder, 'sessions', session, 'session.json')
  return { file, text: await readFile(file, 'utf8') }
}

test('a seek makes what is missing, once, and renumbers nothing; a resume goes on where the cache ends', async () => {
  await open({ film: 'clock_10bit.mkv' })
  const { session, token, playlist } = await manager.start({ source: 'film' }, ann)
  const before = await (await get(playlist, 'video-1/playlist.m3u8')).text()
  await manager.seek({ session, token }, 20_000)
  const kept = async (): Promise<number | undefined> => (await manager.progress(session, ann)).progress?.segments.kept
  const speed = async (): Promise<number | undefined> => (await manager.progress(session, ann)).progress?.speed
  expect(await (await get(playlist, 'video-1/playlist.m3u8')).text()).toBe(before)
  await manager.seek({ session, token }, 0)
  const first = new Uint8Array(await (await get(playlist, 'video-1/3.m4s')).arrayBuffer())
  const count = await kept()
  expect(count).toBeGreaterThanOrEqual(4)
  // What is there is not made again.
  const soFar = await speed()
  await manager.seek({ session, token }, 20_000)
  await manager.seek({ session, token }, 0)
  expect([await kept(), await speed()]).toEqual([count, soFar])

  await manager.close()
  await open({ film: 'clock_10bit.mkv' })
  const again = new Uint8Array(await (await get(playlist, 'video-1/3.m4s')).arrayBuffer())
  expect(Buffer.compare(again, first)).toBe(0)
  expect([await kept(), await speed()]).toEqual([count, undefined])
  expect(await (await get(playlist, 'video-1/playlist.m3u8')).text()).toBe(before)
})

test('a record has all that is known of the film, for its owner alone, and no way to it', async () => {
  await open({ film: 'clock_10bit.mkv' })
  const { session, token, info } = await manager.start({ source: 'film' }, ann)
  await manager.close()
  const { file, text } = await recordOf(session)
  expect((await stat(file)).mode & 0o777).toBe(0o600)
  expect(JSON.parse(text).probe).toEqual(JSON.parse(JSON.stringify(info)))
  expect(JSON.parse(text).probe.tracks[0]).toMatchObject({ bitDepth: 10, videoRange: 'SDR', interlaced: false })
  expect(text).not.toContain(token)
  expect(text).not.toContain('.media')
  // The index too is as the film has it.
  const film = await openMedia(await makeMedia('clock_10bit.mkv'))
  expect(film.info.tracks).toEqual(info?.tracks)
  await film.close()
})

test('what a killed or damaged process left is cleaned up; what is whole comes back', async () => {
  await open({ film: 'clock_ac3.mkv', other: 'clock_10bit.mkv' })
  const good = await manager.start({ source: 'film' }, ann)
  const torn = await manager.start({ source: 'other' }, ann)
  await get(good.playlist, 'audio-2/0.m4s')
  await manager.close()
  const { file } = await recordOf(torn.session)
  await truncate(file, 100)
  const sessions = path.join(folder, 'sessions')
  const orphan = path.join(sessions, 'orphanorphan1234')
  await mkdir(path.join(orphan, 'v1/objects/aa'), { recursive: true })
  await writeFile(path.join(sessions, good.session, 'session.json.1.tmp'), '{')
  await open({ film: 'clock_ac3.mkv', other: 'clock_10bit.mkv' })
  expect(events).toContainEqual({ type: 'recovered', sessions: 1, removed: 2 })
  expect(await readdir(sessions)).toEqual([good.session])
  expect((await readdir(path.join(sessions, good.session))).sort()).toEqual(['session.json', 'v1'])
  expect((await get(good.playlist, 'audio-2/0.m4s')).status).toBe(200)
  expect((await get(torn.playlist, 'master.m3u8')).status).toBe(404)
})

test('past their time sessions are not taken up', async () => {
  await open({ film: 'clock_ac3.mkv' })
  const { session } = await manager.start({ source: 'film' }, ann)
  await manager.close()
  const { file, text } = await recordOf(session)
  await writeFile(file, JSON.stringify({ ...JSON.parse(text), usedAtMs: Date.now() - 3_600_001 }))
  await open({ film: 'clock_ac3.mkv' })
  expect(await readdir(path.join(folder, 'sessions'))).toEqual([])
})

test('another episode is a hint alone: a film is played as it is itself', async () => {
  await open({ one: 'clock_10bit.mkv', two: 'clock_ac3.mkv' })
  await manager.start({ source: 'one' }, ann)
  const second = await manager.start({ source: 'two' }, ann)
  expect(second.info?.tracks.map(({ codec }) => codec)).toEqual(['h264', 'ac3'])
  expect(events).toContainEqual({ type: 'hint-wrong', session: second.session, series: 'series' })
  const master = await (await get(second.playlist, 'master.m3u8')).text()
  expect(master).toContain('CODECS="avc1')
})

test('a film without sound plays', async () => {
  const silent = path.join(folder, 'silent.mkv')
  const film = await makeMedia('clock_10bit.mkv')
  await runOrThrow('ffmpeg', ['-v', 'error', '-i', film, '-map', '0:v', '-t', '4', '-c', 'copy', silent])
  await open({}, { resolve: () => ({ input: silent }) })
  const { playlist } = await manager.start({ source: 'silent' }, ann)
  expect(await (await get(playlist, 'master.m3u8')).text()).not.toContain('TYPE=AUDIO')
  expect((await get(playlist, 'video-1/0.m4s')).status).toBe(200)
})

test('segments past the 999th come in their order', async () => {
  const long = path.join(folder, 'long.mkv')
  const picture = ['-f', 'lavfi', '-i', 'color=size=64x36:rate=1:duration=6100', '-c:v', 'libx264']
  await runOrThrow('ffmpeg', [
    '-v',
    'error',
    ...picture,
    '-preset',
    'ultrafast',
    '-g',
    '6',
    '-pix_fmt',
    'yuv420p',
    long,
  ])
  await open({}, { resolve: () => ({ input: long }) })
  const { session, token, playlist } = await manager.start({ source: 'long' }, ann)
  const listed = (await (await get(playlist, 'video-1/playlist.m3u8')).text()).match(/^\d+(?=\.m4s$)/gm)?.map(Number)
  expect(listed?.length).toBeGreaterThan(1010)
  expect(listed).toEqual(listed?.map((_, n) => n))
  await manager.seek({ session, token }, 6_050_000)
  expect((await get(playlist, 'video-1/1008.m4s')).status).toBe(200)
})

test('subtitles come as a file each, and what is not there is told at once', async () => {
  await open({ languages: 'clock_languages.mkv' })
  const started = await manager.start({ source: 'languages', settings: { startMs: 4000 } }, ann)
  expect(started.subtitles.map(({ path: file, language }) => [file, language])).toEqual([
    [expect.stringMatching(/^text-\d+\/all\.vtt$/), 'en'],
    [expect.stringMatching(/^text-\d+\/all\.vtt$/), 'es'],
  ])
  const text = await (await get(started.playlist, started.subtitles[0]?.path ?? '')).text()
  expect(text).toMatch(/^WEBVTT/)
  expect((await get(started.playlist, 'video-1/9999.m4s')).status).toBe(404)
  await expect(manager.start({ source: 'none' }, ann)).rejects.toMatchObject({ code: 'NOT_FOUND' })
})

test('a film that can not be opened leaves nothing, and an end leaves no process', async () => {
  const broken = path.join(folder, 'broken.mkv')
  await writeFile(broken, new Uint8Array(5000))
  const film = await makeMedia('clock_10bit.mkv')
  await open({}, { resolve: reference => ({ input: reference === 'film' ? film : broken }) })
  await expect(manager.start({ source: 'broken' }, ann)).rejects.toMatchObject({ code: 'UNSUPPORTED_CONTAINER' })
  const { session, playlist } = await manager.start({ source: 'film' }, ann)
  const wanted = get(playlist, 'video-1/4.m4s')
  expect(await eventually(() => descendants(process.pid, 'ffmpeg').length > 0, 20_000)).toBe(true)
  expect(await manager.stop(session, ann, { isForced: true })).toEqual({ outcome: 'ended' })
  await wanted
  expect(await eventually(() => descendants(process.pid, 'ffmpeg').length === 0, 10_000)).toBe(true)
  expect(await readdir(path.join(folder, 'sessions'))).toEqual([])
})

test('encoders that are killed fail one request at most, and no session', async () => {
  await open({ film: 'clock_10bit.mkv' })
  const { session, playlist } = await manager.start({ source: 'film' }, ann)
  const killed = get(playlist, 'video-1/3.m4s')
  expect(await eventually(() => descendants(process.pid, 'ffmpeg').length > 0, 20_000)).toBe(true)
  for (const pid of descendants(process.pid, 'ffmpeg')) process.kill(pid, 'SIGKILL')
  expect([200, 500]).toContain((await killed).status)
  const again = await get(playlist, 'video-1/3.m4s')
  expect([again.status, (await again.arrayBuffer()).byteLength]).toEqual([200, expect.any(Number)])
  expect((await manager.progress(session, ann)).state).toBe('running')
})

test('what sessions have on disk stays below its size, and what was removed is made again', async () => {
  await open({ film: 'clock_ac3.mkv' }, { maxBytes: 500_000 })
  const { session, token, playlist } = await manager.start({ source: 'film' }, ann)
  for (let n = 0; n < 6; n++) await (await get(playlist, `audio-2/${n}.m4s`)).arrayBuffer()
  // Of somebody who watches nothing is removed that was made just now; of nobody all may go.
  await manager.stop(session, ann, { token })
  const other = await manager.start({ source: 'film', settings: { startMs: 12_000 } }, ann)
  await (await get(other.playlist, 'audio-2/1.m4s')).arrayBuffer()
  await expect.poll(() => events.some(({ type }) => type === 'evicted'), { timeout: 20_000 }).toBe(true)
  const back = await manager.start({ source: 'film' }, ann)
  expect([back.session, (await get(back.playlist, 'audio-2/2.m4s')).status]).toEqual([session, 200])
})

test('a live input is opened once for all who watch it, and ends with them', async () => {
  const live = { input: 'lavfi:testsrc2=size=320x180:rate=25[out0];sine[out1]', segmentDurationMs: 1000 }
  await open({}, { resolve: reference => ({ live, sourceId: reference, maxPerSource: 1 }), idleMs: 1000 })
  const [first, second] = await Promise.all([
    manager.start({ source: 'tv' }, ann),
    manager.start({ source: 'tv', settings: { client: 'safari' } }, { user: 'ben' }),
  ])
  expect(second.session).toBe(first.session)
  expect(descendants(process.pid, 'ffmpeg')).toHaveLength(1)
  const master = await (await get(first.playlist, 'master.m3u8')).text()
  const playlist = /^[\w./-]+\.m3u8$/m.exec(master)?.[0] ?? ''
  const media = await (await get(second.playlist, playlist)).text()
  const segment = /^[\w./-]+\.m4s$/m.exec(media)?.[0] ?? ''
  expect((await get(second.playlist, segment)).status).toBe(200)
  expect((await get(second.playlist, 'none.m4s')).status).toBe(404)
  const [shown] = await manager.list(ann)
  expect(shown).toMatchObject({ kind: 'live', state: 'running', progress: { durationMs: undefined } })
  expect(await readdir(path.join(folder, 'sessions'))).toEqual([])
  expect(await manager.stop(first.session, ann, { token: first.token })).toEqual({ outcome: 'left' })
  // Of the other one nothing more is heard.
  const isOver = (): boolean => events.some(event => event.type === 'state' && event.to === 'ended')
  await expect.poll(isOver, { timeout: 20_000 }).toBe(true)
  expect(await eventually(() => descendants(process.pid, 'ffmpeg').length === 0, 10_000)).toBe(true)
  await expect(manager.start({ source: 'tv' }, ann)).resolves.toMatchObject({ isReused: false })
})

test('two processes don’t use one folder', async () => {
  await open({ film: 'clock_ac3.mkv' })
  const second = createSessionManager({ folder, resolve: () => undefined })
  await expect(second.ready()).rejects.toMatchObject({ code: 'CAPACITY' })
  await expect(second.start({ source: 'film' }, ann)).rejects.toMatchObject({ code: 'CAPACITY' })
  await second.close()
  await manager.start({ source: 'film' }, ann)
})
