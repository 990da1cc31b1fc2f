import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { CuemuxError } from '@cuemux/core'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { fakeFfmpeg } from '../../testing/fakes.js'
import { MediaFolder } from '../../testing/films.js'
import { writeProcessModules } from '../../testing/plain-modules.js'
import { ProcessPool } from './process-pool.js'
import { FfmpegRegistry, type RegistryOptions } from './registry.js'

const media = new MediaFolder()
afterAll(() => media.remove())

const registries: FfmpegRegistry[] = []
afterEach(async () => {
  await Promise.all(registries.splice(0).map(registry => registry.closeAll()))
})

function registryOf(options: RegistryOptions): FfmpegRegistry {
  const registry = new FfmpegRegistry(options)
  registries.push(registry)
  return registry
}

const WAIT = ['-v', 'error', '-f', 'matroska', '-i', 'pipe:0', '-f', 'null', '-'] as const
const ENDLESS = ['-v', 'error', '-f', 'lavfi', '-i', 'anullsrc', '-f', 's16le', 'pipe:1'] as const

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

async function gone(pids: readonly number[]): Promise<void> {
  while (pids.some(isAlive)) await new Promise(resolve => setTimeout(resolve, 50))
}

describe('FfmpegRegistry', () => {
  it('says what to install where there is no ffmpeg', async () => {
    const child = await registryOf({ ffmpegPath: '/nowhere/ffmpeg' }).start({ args: [], stdin: 'keys' })
    await child.exit
    expect(child.failure('The sound could not be encoded')).toMatchObject({
      code: 'ENCODER_MISSING',
      hint: 'Install ffmpeg, or name its path in CUEMUX_FFMPEG.',
    })
  })

  it('gives the reason of a failure out of stderr', async () => {
    const child = await registryOf({ ffmpegPath: fakeFfmpeg(media.path, 'fail') }).start({ args: [], stdin: 'media' })
    expect(await child.exit).toEqual({ status: 1, signal: undefined, isOurs: false })
    expect(child.failure('The video could not be encoded').message).toBe(
      'The video could not be encoded: ffmpeg failed: in#0: Error opening input: Invalid data found when processing input.',
    )
  })

  it('ends ffmpeg by q, and what does not listen by SIGKILL', async () => {
    const polite = await registryOf({}).start({ args: ENDLESS, stdin: 'keys' })
    await once(polite.stdout, 'data')
    expect(await polite.end()).toEqual({ status: 0, signal: undefined, isOurs: true })
    const deaf = await registryOf({ ffmpegPath: fakeFfmpeg(media.path, 'hang'), endMs: [300, 100] }).start({
      args: [],
      stdin: 'keys',
    })
    expect(await deaf.end()).toEqual({ status: undefined, signal: 'SIGKILL', isOurs: true })
  })

  it('ends a process that makes no progress while somebody waits, and only then', async () => {
    const registry = registryOf({ ffmpegPath: fakeFfmpeg(media.path, 'hang'), stallMs: 300, endMs: [10, 10] })
    const child = await registry.start({ args: [], stdin: 'media' })
    const done = child.expect()
    expect(await child.exit).toMatchObject({ signal: 'SIGKILL', isOurs: false })
    done()
    expect(child.reason).toEqual({ kind: 'stalled', text: 'nothing came for 300 ms' })
  })

  it('does not take the wait for its input for a stall', async () => {
    const registry = registryOf({ ffmpegPath: fakeFfmpeg(media.path, 'hang'), stallMs: 50, endMs: [10, 10] })
    const child = await registry.start({ args: [], stdin: 'media' })
    const release = child.hold()
    child.expect()
    await new Promise(resolve => setTimeout(resolve, 200))
    expect(child.hasEnded).toBe(false)
    release()
    expect((await child.exit).isOurs).toBe(false)
  })

  it('limits how many there are and how many wait', async () => {
    const registry = registryOf({ maxProcesses: 1, maxWaiting: 1 })
    const first = await registry.start({ args: WAIT, stdin: 'media' })
    const second = registry.start({ args: WAIT, stdin: 'media' })
    await expect(registry.start({ args: WAIT, stdin: 'media' })).rejects.toMatchObject({ code: 'CAPACITY' })
    await first.end()
    expect((await second).pid).not.toBe(first.pid)
    const controller = new AbortController()
    const third = registry.start({ args: WAIT, stdin: 'media', signal: controller.signal })
    controller.abort()
    await expect(third).rejects.toBeInstanceOf(CuemuxError)
  })

  it('ends a process when its signal fires', async () => {
    const controller = new AbortController()
    const child = await registryOf({}).start({ args: WAIT, stdin: 'media', signal: controller.signal })
    controller.abort()
    expect((await child.exit).isOurs).toBe(true)
  })

  it('takes a waiting process from the pool, which gives way to a request', async () => {
    const registry = registryOf({ maxProcesses: 2 })
    const pool = new ProcessPool(registry)
    await pool.warm(WAIT)
    expect(pool.size).toBe(1)
    const taken = await pool.take(WAIT)
    await pool.warm(WAIT)
    const other = await registry.start({ args: ENDLESS, stdin: 'keys' })
    expect([pool.size, registry.size]).toEqual([0, 2])
    await Promise.all([taken.end(), other.end()])
    await pool.close()
  })

  it('leaves no child behind when it is killed', async () => {
    const registry = writeProcessModules(media.path)
    const main = join(media.path, 'main.js')
    writeFileSync(
      main,
      `import { FfmpegRegistry } from ${JSON.stringify(registry)}
       const pids = []
       for (const [ffmpegPath, args] of ${JSON.stringify([
         ['ffmpeg', WAIT],
         ['ffmpeg', ENDLESS],
         [fakeFfmpeg(media.path, 'hang'), []],
       ])}) {
         const child = await new FfmpegRegistry({ ffmpegPath }).start({ args, stdin: 'media' })
         pids.push(child.pid)
       }
       setTimeout(() => console.log(pids.join()), 500)`,
    )
    const parent = spawn(process.execPath, [main], { stdio: ['ignore', 'pipe', 'inherit'] })
    const [line] = (await once(parent.stdout, 'data')) as [Buffer]
    const pids = line.toString().trim().split(',').map(Number)
    expect(pids.map(isAlive)).toEqual([true, true, true])
    parent.kill('SIGKILL')
    // The watchdog waits for 2 s.
    await gone(pids)
  })
})
