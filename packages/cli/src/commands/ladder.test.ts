import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { CuemuxError } from '@cuemux/core'
import type { createLadder, Ladder, LadderOptions, LadderResult, LadderUpdate } from 'cuemux'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Io } from '../io.js'
import { run } from '../run.js'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cuemux-cli-'))
})
afterEach(() => rm(folder, { recursive: true }))

/** A version of the playlists, at an address. */
function version(base: string, segments: number, isEnded: boolean): LadderUpdate {
  const picture = { kind: 'video', width: 1280, height: 720, bitrateBps: 2_500_000, segments } as const
  return {
    master: { address: `${base}master.m3u8` },
    rungs: { 'video-720': { address: `${base}video-720/playlist.m3u8`, ...picture } },
    isEnded,
  }
}

/** Runs the command with a ladder that is made up. */
async function ladder(
  base: string,
  args: readonly string[],
  failure?: CuemuxError,
): Promise<{ code: number; stdout: string; stderr: string; options: LadderOptions | undefined }> {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()]
  let options: LadderOptions | undefined
  const result: LadderResult = {
    ...version(base, 3, true),
    segments: 6,
    resumed: 2,
    sizeBytes: 1_500_000,
    isComplete: true,
  }
  const made = async (given: LadderOptions): Promise<Ladder> => {
    options = given
    given.onEvent?.({ type: 'resumed', segments: 2, missing: ['video-720/1.m4s'] })
    given.onEvent?.({ type: 'encoder-trouble', family: 'nvenc', reason: 'out of memory' })
    const done = failure === undefined ? Promise.resolve(result) : Promise.reject(failure)
    done.catch(() => {})
    const job = {
      done,
      async *[Symbol.asyncIterator]() {
        yield version(base, 1, false)
        if (failure !== undefined) throw failure
        yield result
      },
    }
    // Nothing else of a ladder is touched by the command.
    return job as unknown as Ladder
  }
  const library = { createLadder: made as typeof createLadder } as Awaited<ReturnType<Io['loadCuemux']>>
  const io: Io = { stdout, stderr, signal: new AbortController().signal, loadCuemux: async () => library }
  const code = await run(['ladder', '/films/film.mkv', join(folder, 'out'), ...args], io)
  return { code, stdout: String(stdout.read() ?? ''), stderr: String(stderr.read() ?? ''), options }
}

describe('cuemux ladder', () => {
  it('tells people where it is, what was there and what went wrong', async () => {
    const { code, stdout, stderr, options } = await ladder('', ['--rungs', '720,360', '--segment-duration', '2'])
    expect(code).toBe(0)
    expect(stdout).toMatch(
      new RegExp(
        `^${folder}/out/master\\.m3u8: 1 rung, 6 segments, 2 already there, 1\\.5 MB in 0:0\\d\n  1280×720  2\\.5 Mbit/s\n$`,
      ),
    )
    expect(stderr).toBe(
      'Goes on: 2 segments stored before, 1 to be stored again.\nThe encoder nvenc failed, another goes on: out of memory\n',
    )
    expect(options).toMatchObject({
      input: '/films/film.mkv',
      rungs: '720,360',
      segmentDurationMs: 2000,
      checkpoint: join(folder, 'out/.cuemux-ladder.json'),
      store: { kind: 'folder' },
    })
  })

  it('writes a line of JSON for each version, the last one with the sum', async () => {
    const { stdout, stderr } = await ladder('', ['--json', '--checkpoint', '/job.json', '--encoder', 'x264'])
    const [first, last, ...rest] = stdout
      .trim()
      .split('\n')
      .map(line => JSON.parse(line) as object)
    const rung = { address: join(folder, 'out/video-720/playlist.m3u8'), kind: 'video', width: 1280, height: 720 }
    expect(first).toEqual({
      master: join(folder, 'out/master.m3u8'),
      rungs: { 'video-720': { ...rung, bitrateBps: 2_500_000, segments: 1 } },
      isEnded: false,
    })
    expect(last).toMatchObject({ isEnded: true, segments: 6, resumed: 2, sizeBytes: 1_500_000 })
    expect([rest, stderr]).toEqual([[], ''])
  })

  it('leaves beside blocks of IPFS which film is in them', async () => {
    const { stdout, options } = await ladder('ipfs://bafyroot/', ['--to', 'ipfs'])
    expect(stdout).toMatch(/^ipfs:\/\/bafyroot\/master\.m3u8: /)
    expect(options?.store.kind).toBe('ipfs')
    expect(JSON.parse(await readFile(join(folder, 'out/published.json'), 'utf8'))).toEqual({
      format: 'cuemux-published',
      version: 1,
      name: 'film.mkv',
      master: 'ipfs://bafyroot/master.m3u8',
    })
  })

  it('fails with one line, and says how to go on', async () => {
    const stopped = await ladder('', [], new CuemuxError('ABORTED', 'The ladder was aborted.'))
    expect([stopped.code, stopped.stdout]).toEqual([1, ''])
    expect(stopped.stderr).toMatch(/cuemux: ABORTED: The ladder was stopped\. Run the same command again [^\n]+\n$/)
    const full = new CuemuxError('OUTPUT_FAILED', 'The disk is full.', { hint: 'It can be resumed.' })
    const failed = await ladder('', ['--json'], full)
    expect(failed.stderr).toBe('cuemux: OUTPUT_FAILED: The disk is full. It can be resumed.\n')
    expect(failed.stdout).toContain('{"error":{"code":"OUTPUT_FAILED"')
    expect((await ladder('', ['--to', 'ftp://host'])).stderr).toMatch(/^cuemux: BAD_REQUEST: A place to publish to is/)
  })

  it('leaves no empty folder of a film that could not be opened', async () => {
    await ladder('', [], new CuemuxError('NOT_FOUND', 'There is no such film.'))
    expect(await readdir(folder)).toEqual([])
  })
})
