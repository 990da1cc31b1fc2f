// A ladder whose ffmpeg fails, hangs or dies, whose device gives up, whose source breaks or whose caller leaves: all segments
// once, or a clear error, and nothing left behind.

import { createHash } from 'node:crypto'
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type ByteSource, CuemuxError } from '@cuemux/core'
import { openFile } from '@cuemux/source/node'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { LadderEngineEvent, LadderEngineOptions, LadderSegment } from '../../packages/cuemux/src/ladder/model.js'
import { openLadderEngine } from '../../packages/cuemux/src/ladder/open-engine.js'
import { fakeRuns } from '../../packages/ffmpeg/testing/fakes.js'
import { makeMedia } from '../media/media.js'
import { descendants } from '../support/children.js'

let folder = ''
let film = ''
let right: readonly string[] = []

const OPTIONS: LadderEngineOptions = { rungs: '54,36', segmentDurationMs: 2000, chunkSegments: 3, parallelChunks: 2 }

async function take(options: LadderEngineOptions, signal?: AbortSignal): Promise<LadderSegment[]> {
  const engine = await openLadderEngine({ ...OPTIONS, input: film, ...options })
  const segments: LadderSegment[] = []
  try {
    for await (const segment of engine.segments(() => false, signal)) segments.push(segment)
    return segments
  } finally {
    await engine.close()
  }
}

const namesOf = (segments: readonly LadderSegment[]): string[] =>
  segments.map(({ rendition, number }) => `${rendition}/${number}`).sort()

const hashesOf = (segments: readonly LadderSegment[]): string[] =>
  segments
    .map(({ rendition, number, data }) => {
      return `${rendition}/${number} ${createHash('sha256').update(Buffer.concat(data)).digest('hex')}`
    })
    .sort()

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'cuemux-ladder-'))
  film = await makeMedia('h264_videoonly.mkv')
  right = hashesOf(await take({}))
  expect(right).toHaveLength(30)
}, 120_000)
afterAll(() => rm(folder, { recursive: true, force: true }))
afterEach(() => expect(descendants(process.pid, 'ffmpeg')).toEqual([]))

describe('an ffmpeg', () => {
  test.each(['fail', 'silent-exit', 'hang'] as const)(
    'that does this ends the ladder with its reason: %s',
    async mode => {
      const encoder = { ffmpeg: fakeRuns(folder, { mode }), stallTimeoutMs: 500 }
      const reason = { fail: /Invalid data found/, 'silent-exit': /said nothing/, hang: /nothing came for 500 ms/ }[
        mode
      ]
      await expect(take({ encoder })).rejects.toMatchObject({ code: 'ENCODER_FAILED', message: reason })
    },
  )

  test('that dies once is replaced, and every segment is as it would have been', async () => {
    const ffmpeg = fakeRuns(folder, { mode: 'fail', once: true })
    expect(hashesOf(await take({ encoder: { ffmpeg } }))).toEqual(right)
    expect((await readFile(`${ffmpeg}.runs`, 'utf8')).split('\n').length).toBeGreaterThan(6)
  })

  test("that isn't there is named", async () => {
    const encoder = { ffmpeg: path.join(folder, 'nothing') }
    await expect(openLadderEngine({ input: film, encoder })).rejects.toMatchObject({ code: 'ENCODER_MISSING' })
  })
})

/** The real ffmpeg with x264 for NVENC. @param run in a shell, what is done with its arguments, `"${args[@]}"` */
async function device(name: string, run: string): Promise<string> {
  const file = path.join(folder, name)
  const script = `#!/bin/bash
case " $* " in *" -filters "*|*" -hwaccels "*) ffmpeg "$@" | grep -v cuda; exit 0 ;; esac
case " $* " in *" h264_nvenc "*) ;; *) exec ffmpeg "$@" ;; esac
case " $* " in *" -live "*) ;; *) cat > /dev/null; exit 0 ;; esac
echo run >> "${file}.runs"
args=()
skip=0
for arg in "$@"; do
  if [ $skip = 1 ]; then skip=0; continue; fi
  case "$arg" in
    h264_nvenc) args+=(libx264 -preset ultrafast) ;;
    -preset|-tune|-rc|-spatial-aq|-temporal-aq|-rc-lookahead|-no-scenecut|-b_ref_mode) skip=1 ;;
    *) args+=("$arg") ;;
  esac
done
${run}
`
  await writeFile(file, script)
  await chmod(file, 0o755)
  return file
}

describe('a device', () => {
  test('that has no session left is replaced by software, and that is told', async () => {
    const events: LadderEngineEvent[] = []
    const ffmpeg = fakeRuns(folder, { mode: 'nvenc-session', encoder: 'h264_nvenc' })
    const segments = await take({ encoder: { ffmpeg }, onEvent: event => events.push(event) })
    expect(hashesOf(segments)).toEqual(right)
    expect(events.map(({ type, family }) => [type, family])).toContainEqual(['encoder-trouble', 'nvenc'])
  })

  test('that has sessions for one chunk at a time makes all of them', async () => {
    const events: LadderEngineEvent[] = []
    const lock = path.join(folder, 'sessions')
    const run = `mkdir "${lock}" 2>/dev/null || { echo "OpenEncodeSessionEx failed: out of memory (10)" >&2; exit 1; }
      trap 'rmdir "${lock}"' EXIT
      ffmpeg "\${args[@]}"`
    const ffmpeg = await device('one-session', run)
    const segments = await take({ rungs: '54', encoder: { ffmpeg }, onEvent: event => events.push(event) })
    expect(segments.map(({ number }) => number)).toEqual(Array.from({ length: 15 }, (_, n) => n))
    expect(events).toEqual([])
    expect((await readFile(`${ffmpeg}.runs`, 'utf8')).split('\n').length).toBeGreaterThan(6)
  })

  test('that dies on the way is replaced by software: no segment is lost, none comes twice', async () => {
    const events: LadderEngineEvent[] = []
    // It writes so many bytes.
    const run = `{ ffmpeg "\${args[@]}" 3>&1 >/dev/null 2>/dev/null | head -c 60000 >&3; }
      echo "CUDA_ERROR_LAUNCH_FAILED" >&2
      exit 1`
    const ffmpeg = await device('dying', run)
    const segments = await take({ rungs: '54', encoder: { ffmpeg }, onEvent: event => events.push(event) })
    expect(namesOf(segments)).toEqual(Array.from({ length: 15 }, (_, n) => `video-54/${n}`).sort())
    const starts = segments.map(({ start }) => start)
    expect(starts).toEqual(starts.map((_, n) => 2000 + n * 48_000))
    // Some are the device's own.
    const software = new Set(right)
    const own = hashesOf(segments).filter(hash => !software.has(hash))
    expect(own.length).toBeGreaterThan(0)
    expect(events[0]).toMatchObject({ family: 'nvenc', reason: expect.stringMatching(/CUDA_ERROR_LAUNCH_FAILED/) })
  })
})

test.each(['fail', 'silent-exit'] as const)('frames pushed to an ffmpeg that does this are refused: %s', async mode => {
  const frames = { format: 'rgb24', width: 64, height: 64, frameRate: [25, 1] } as const
  const encoder = { ffmpeg: fakeRuns(folder, { mode }) }
  const engine = await openLadderEngine({ ...OPTIONS, frames, encoder })
  try {
    const made = engine.segments(() => false)[Symbol.asyncIterator]()
    const first = made.next()
    first.catch(() => {})
    const push = async (): Promise<void> => {
      for (let n = 0; n < 1000; n++) await engine.writeFrame(new Uint8Array(64 * 64 * 3))
    }
    await expect(push()).rejects.toMatchObject({ code: 'ENCODER_FAILED' })
    await expect(first).rejects.toMatchObject({ code: 'ENCODER_FAILED' })
    await expect(engine.writeFrame(new Uint8Array(64 * 64 * 3))).rejects.toMatchObject({ code: 'ENCODER_FAILED' })
  } finally {
    await engine.close()
  }
})

test('a source that breaks says so itself', async () => {
  const file = await openFile(film)
  let isBroken = false
  const source: ByteSource = {
    ...{ key: 'broken', name: 'film.mkv', sizeBytes: file.sizeBytes, seekCostBytes: file.seekCostBytes },
    read: async (offset, length, options) => {
      if (isBroken && offset > 300_000) throw new CuemuxError('SOURCE_UNREACHABLE', 'The disk is gone.')
      return file.read(offset, length, options)
    },
    close: async () => file.close?.(),
  }
  const engine = await openLadderEngine({ ...OPTIONS, input: source })
  isBroken = true
  try {
    const all = async (): Promise<void> => {
      for await (const _ of engine.segments(() => false));
    }
    await expect(all()).rejects.toMatchObject({ code: 'SOURCE_UNREACHABLE' })
  } finally {
    await engine.close()
  }
})

describe('a caller', () => {
  test('that aborts gets ABORTED', async () => {
    const abort = new AbortController()
    const engine = await openLadderEngine({ ...OPTIONS, input: film })
    const all = async (): Promise<void> => {
      for await (const _ of engine.segments(() => false, abort.signal)) abort.abort()
    }
    await expect(all()).rejects.toMatchObject({ code: 'ABORTED' })
    await engine.close()
  })

  test('that leaves, or closes, leaves nothing running', async () => {
    const left = await openLadderEngine({ ...OPTIONS, input: film })
    for await (const segment of left.segments(() => false)) {
      expect(segment.number).toBe(0)
      break
    }
    expect(descendants(process.pid, 'ffmpeg')).toEqual([])
    await left.close()
    const closed = await openLadderEngine({ ...OPTIONS, input: film })
    const segments = closed.segments(() => false)[Symbol.asyncIterator]()
    await segments.next()
    await closed.close()
    const rest = async (): Promise<void> => {
      while (!(await segments.next()).done);
    }
    await expect(rest()).rejects.toMatchObject({ code: 'ABORTED' })
    expect(() => closed.segments(() => false)).toThrow(expect.objectContaining({ code: 'BAD_REQUEST' }))
  })

  test.each([
    [{}, /one of the two/],
    [{ input: 'x', frames: { format: 'rgb24', width: 4, height: 4, frameRate: [1, 1] } }, /one of the two/],
    [{ input: 'x', rungs: 5, threads: 0, surprise: 1 }, /rungs.*threads|threads.*rungs/s],
    [{ frames: { format: 'rgb48', width: 0, height: 4, frameRate: [1] } }, /format.*width.*frameRate/s],
  ])('that asks for what can not be is told what: %j', async (options, message) => {
    await expect(openLadderEngine(options as LadderEngineOptions)).rejects.toMatchObject({
      code: 'BAD_REQUEST',
      message,
    })
  })
})
