import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { makeMedia } from '../media/media.js'
import { type Finished, runProgram } from '../support/process.js'
import { damagedInputs, hopelessInputs } from './inputs.js'

const main = fileURLToPath(new URL('../../packages/cli/dist/main.js', import.meta.url))
let folder = ''

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'cuemux-faults-'))
  for (const [name, bytes] of Object.entries(hopelessInputs())) await writeFile(path.join(folder, name), bytes)
})
afterAll(() => rm(folder, { recursive: true, force: true }))

/** The command in a process that may not take more than 128 MiB of heap nor 20 s. */
const cuemux = (...args: string[]): Promise<Finished> =>
  runProgram(process.execPath, ['--max-old-space-size=128', main, ...args], { timeoutMs: 20_000 })

function expectOneClearLine({ code, stderr }: Finished): void {
  expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringMatching(/^cuemux: [A-Z_]+: [^\n]{10,}\n$/) })
}

describe('the command says in one line what is wrong', () => {
  test.each(Object.keys(hopelessInputs()))('probe %s', async name => {
    expectOneClearLine(await cuemux('probe', path.join(folder, name)))
  })

  test.each([
    ['a folder', '/'],
    ['a missing path', '/no/such/film.mkv'],
    ['a URL that is refused', 'http://127.0.0.1:9/film.mkv'],
  ])('hls of %s', async (_, input) => {
    expectOneClearLine(await cuemux('hls', input, path.join(folder, 'out')))
  })

  test('hls of a text leaves no presentation behind', async () => {
    const out = path.join(folder, 'no-film')
    expectOneClearLine(await cuemux('hls', path.join(folder, 'text.mkv'), out))
    expect(await readdir(out).catch(() => [])).toEqual([])
  })
})

describe('the command whose output nobody reads', () => {
  /** Its exit code and stderr where the reader of its output goes away at once. */
  async function unread(...args: string[]): Promise<string> {
    const command = [process.execPath, main, ...args].map(part => `'${part}'`).join(' ')
    const script = `{ ${command}; echo "code $?" >&2; } | head -c 0`
    return (await runProgram('sh', ['-c', script], { timeoutMs: 60_000 })).stderr
  }

  test('ends what only says something', async () => {
    expect(await unread('inspect', await makeMedia('h264_10bit.mkv'))).toBe('code 0\n')
  })

  test('does its work all the same', async () => {
    const out = path.join(folder, 'unread')
    const film = await makeMedia('h264_10bit.mkv')
    expect(await unread('ladder', film, out, '--rungs', '90', '--segment-duration', '0.5', '--json')).toBe('code 0\n')
    expect(await readFile(path.join(out, 'video-90/playlist.m3u8'), 'utf8')).toContain('#EXT-X-ENDLIST')
  })

  test.runIf(process.platform === 'linux')('says that the disk is full', async () => {
    const film = await makeMedia('h264_10bit.mkv')
    const { code, stderr } = await runProgram('sh', [
      '-c',
      `'${process.execPath}' '${main}' probe '${film}' >/dev/full`,
    ])
    expect([code, stderr]).toEqual([1, 'cuemux: OUTPUT_FAILED: Cannot write to stdout: the disk is full.\n'])
  })
})

describe('the command stays within its memory and time', () => {
  test.each(['billions-of-samples.mp4', 'too-many-sizes.mp4', 'cues-outside.mkv'])('with %s', async name => {
    const input = path.join(folder, name)
    await writeFile(input, damagedInputs()[name] ?? Buffer.of())
    const finished = await cuemux('hls', input, path.join(folder, `${name}-hls`))
    if (finished.code !== 0) expectOneClearLine(finished)
  })
})
