import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
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

describe('the command stays within its memory and time', () => {
  test.each(['billions-of-samples.mp4', 'too-many-sizes.mp4', 'cues-outside.mkv'])('with %s', async name => {
    const input = path.join(folder, name)
    await writeFile(input, damagedInputs()[name] ?? Buffer.of())
    const finished = await cuemux('hls', input, path.join(folder, `${name}-hls`))
    if (finished.code !== 0) expectOneClearLine(finished)
  })
})
