// A ladder that is killed again and again ends as one that never was.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { judge } from '../hls-check/judge.js'
import { descendants, eventually, isAlive } from '../support/children.js'
import { ObjectServer } from '../support/object-server.js'
import { runOrThrow } from '../support/process.js'
import { seededRandom } from '../support/random.js'

const main = fileURLToPath(new URL('../../packages/cli/dist/main.js', import.meta.url))
const KILLS = 10
/** Segments of a second: as many of each of the two pictures and the sound, and three init segments. */
const SECONDS = 12
const FILES = 3 * SECONDS + 3

const MEDIA = /\.(?:m4s|mp4)$/

let folder: string
let store: ObjectServer
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'cuemux-ladder-'))
  store = await ObjectServer.start()
})
afterEach(async () => {
  await store.close()
  await rm(folder, { recursive: true, force: true })
})

async function makeFilm(): Promise<string> {
  const film = path.join(folder, 'film.mkv')
  const picture = ['-f', 'lavfi', '-i', `testsrc2=s=192x108:r=24:d=${SECONDS}`]
  const sound = ['-f', 'lavfi', '-i', `sine=d=${SECONDS}:r=48000`]
  await runOrThrow('ffmpeg', ['-v', 'error', ...picture, ...sound, '-preset', 'ultrafast', '-c:a', 'aac', film])
  return film
}

function startLadder(film: string, name: string): ChildProcess {
  const options = ['--rungs', '108,54', '--encoder', 'x264', '--segment-duration', '1', '--to', `s3://films/${name}`]
  return spawn(process.execPath, [main, 'ladder', film, path.join(folder, name), ...options], {
    stdio: 'ignore',
    env: { ...process.env, ...store.environment },
  })
}

/** The playlists below a name. */
function playlists(name: string): Record<string, string> {
  const found = [...store.objects].filter(([key]) => key.startsWith(`films/${name}/`) && /\.(?:m3u8|mpd)$/.test(key))
  return Object.fromEntries(found.map(([key, bytes]) => [key.replace(`films/${name}/`, ''), bytes.toString()]))
}

test(`killed at ${KILLS} places, a ladder ends byte for byte as it would have, with nothing stored twice`, async () => {
  const film = await makeFilm()
  const [code] = (await once(startLadder(film, 'whole'), 'exit')) as [number]
  expect(code).toBe(0)

  const random = seededRandom(7)
  let kills = 0
  for (let isDone = false; !isDone; ) {
    const child = startLadder(film, 'killed')
    const ended = once(child, 'exit') as Promise<[number | null, string | null]>
    // After some files, each a stored one of which the process hasn't heard yet.
    let left = 1 + Math.floor(random() * 5)
    store.onStored = key => {
      if (kills < KILLS && MEDIA.test(key) && --left === 0) child.kill('SIGKILL')
    }
    const encoders = (): number[] => descendants(child.pid ?? 0)
    let below: number[] = []
    const watch = setInterval(() => (below = [...new Set([...below, ...encoders()])]), 50)
    const [exit, signal] = await ended
    clearInterval(watch)
    if (signal === 'SIGKILL') kills++
    else expect(exit).toBe(0)
    isDone = signal === null
    // What it started ends with it.
    expect(await eventually(() => !below.some(isAlive), 10_000)).toBe(true)
  }
  expect(kills).toBe(KILLS)

  expect(playlists('killed')).toEqual(playlists('whole'))
  const media = [...store.puts].filter(([key]) => key.startsWith('films/killed/') && MEDIA.test(key))
  expect(media.filter(([, count]) => count !== 1)).toEqual([])
  expect(media.length).toBe(FILES)
  const load = async (name: string): Promise<Uint8Array> => store.objects.get(`films/killed/${name}`) ?? Buffer.of()
  expect((await judge(load, { source: film, isEncoded: true })).summary).toEqual([])
}, 180_000)
