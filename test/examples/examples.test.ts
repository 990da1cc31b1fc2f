import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createReadStream } from 'node:fs'
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { ipfsStore } from '@cuemux/store'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { judge } from '../hls-check/judge.js'
import { runOrThrow, runProgram } from '../support/process.js'

const root = fileURLToPath(new URL('../..', import.meta.url))
const film = path.join(root, 'sample/cuemux-sample.mkv')
const built = (name: string): string => path.join(root, 'examples/dist', `${name}.js`)
let folder = ''
let server: ChildProcess | undefined

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'cuemux-examples-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))
afterEach(async () => {
  if (server?.kill()) await once(server, 'exit')
  server = undefined
})

/** Starts an example that serves, on a free port; gives the first address that it prints. */
async function serve(name: string, ...args: string[]): Promise<string> {
  server = spawn(process.execPath, [built(name), ...args, '0'], { stdio: ['ignore', 'pipe', 'inherit'] })
  if (server.stdout === null) throw new Error('no output')
  for await (const line of createInterface(server.stdout)) {
    const address = /http:\/\/\S+/.exec(line)?.[0]
    if (address !== undefined) return address
  }
  throw new Error(`${name} ended without an address`)
}

/** What is wrong with the presentation at an address. */
async function judgeServed(master: string): Promise<readonly string[]> {
  const load = async (name: string): Promise<Uint8Array> => {
    const response = await fetch(new URL(name, master))
    if (!response.ok) throw new Error(`${response.status} for ${name}`)
    return new Uint8Array(await response.arrayBuffer())
  }
  return (await judge(load, { source: film })).summary
}

describe('examples', () => {
  test('serve', async () => {
    const master = await serve('serve', film)
    expect(master).toMatch(/\/film\/master\.m3u8$/)
    expect(await judgeServed(master)).toEqual([])
  })

  test('sessions', async () => {
    const master = await serve('sessions', film, path.join(folder, 'sessions'))
    expect(await judgeServed(master)).toEqual([])
    const list = new URL('/play/sessions', master)
    expect((await fetch(list)).status).toBe(403)
    const { sessions } = (await (await fetch(list, { headers: { authorization: 'Bearer secret-of-ann' } })).json()) as {
      sessions: { state: string; viewers: string[] }[]
    }
    expect(sessions).toMatchObject([{ state: 'running', viewers: ['ann'] }])
  })

  test.each(['hono', 'express'])('%s', async name => {
    const address = await serve(name, path.dirname(film))
    const films = (await (await fetch(address)).json()) as string[]
    expect(films).toEqual(['/films/cuemux-sample.mkv/master.m3u8', '/films/cuemux-sample.mp4/master.m3u8'])
    expect(await judgeServed(new URL(films[0] ?? '', address).href)).toEqual([])
    expect((await fetch(new URL('/films/other.mkv/master.m3u8', address))).status).toBe(404)
  })

  test('export-hls', async () => {
    const out = path.join(folder, 'hls')
    await runOrThrow(process.execPath, [built('export-hls'), film, out])
    const { summary } = await judge(name => readFile(path.join(out, name)), { source: film })
    expect(summary).toEqual([])
    const missing = await runProgram(process.execPath, [built('export-hls'), '/no/such/film.mkv', out])
    expect({ code: missing.code, stderr: missing.stderr }).toEqual({
      code: 1,
      stderr: expect.stringMatching(/^NOT_FOUND: [^\n]+\n$/),
    })
  })

  test('remux', async () => {
    const out = path.join(folder, 'part.mp4')
    await runOrThrow(process.execPath, [built('remux'), film, out, '21', '10'])
    const show = ['-count_packets', '-select_streams', 'v', '-show_entries', 'stream=codec_name,nb_read_packets']
    const { stdout } = await runOrThrow('ffprobe', ['-v', 'error', ...show, '-of', 'csv=p=0', out])
    const [codec, packets] = stdout.toString().trim().split(',')
    expect(codec).toBe('h264')
    // From the keyframe at 20 s to at least 31 s.
    expect(Number(packets)).toBeGreaterThanOrEqual(240)
    expect(Number(packets)).toBeLessThanOrEqual(336)
    expect((await stat(out)).size).toBeGreaterThan(100_000)
  })

  test('ladder-to-ipfs', async () => {
    const out = path.join(folder, 'ipfs')
    const short = path.join(folder, 'short.mkv')
    await runOrThrow('ffmpeg', ['-v', 'error', '-i', film, '-t', '8', '-c', 'copy', short])
    const { stdout } = await runOrThrow(process.execPath, [built('ladder-to-ipfs'), short, out, '180,90'])
    const master = /^(ipfs:\/\/\w+\/master\.m3u8) is complete/m.exec(stdout.toString())?.[1] ?? ''
    const store = ipfsStore({ folder: path.join(folder, 'imported') })
    await store.importCar(createReadStream(path.join(out, 'film.car')))
    const load = async (name: string): Promise<Uint8Array> => {
      const pieces = []
      for await (const piece of store.read(master.replace('master.m3u8', name))) pieces.push(piece)
      return Buffer.concat(pieces)
    }
    expect((await judge(load)).summary).toEqual([])
    await store.close()
  })

  test('frames-to-hls', async () => {
    const out = path.join(folder, 'frames')
    const { stdout } = await runOrThrow(process.execPath, [built('frames-to-hls'), out, '5'])
    expect(stdout.toString()).toContain("[ '360p: 3', '180p: 3' ]")
    const { summary } = await judge(name => readFile(path.join(out, name)))
    expect(summary).toEqual([])
  })
})
