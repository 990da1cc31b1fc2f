import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { parsePlaylist } from '@cuemux/playlist'
import { afterEach, describe, expect, test } from 'vitest'
import { createPreviewManager, type PreviewEvent, type PreviewManager, type PreviewOptions } from './preview-manager.js'

const PICTURE = 'lavfi:testsrc2=size=320x180:rate=10[out0];sine=frequency=440[out1]'

interface Rig {
  readonly manager: PreviewManager
  readonly folder: string
  readonly events: PreviewEvent[]
  /** Resolves with the next event of a type. */
  next(type: PreviewEvent['type']): Promise<PreviewEvent>
}

const open: Rig[] = []

async function rig(options: Partial<PreviewOptions> = {}): Promise<Rig> {
  const folder = await mkdtemp(path.join(tmpdir(), 'cuemux-preview-'))
  const events: PreviewEvent[] = []
  const waiting: [type: string, resolve: (event: PreviewEvent) => void][] = []
  const manager = createPreviewManager({
    folder,
    input: () => PICTURE,
    segmentDurationMs: 500,
    video: { maxWidth: 320, maxHeight: 180, bitrateBps: 300_000 },
    reconnect: { initialMs: 50, maxMs: 200 },
    onEvent: event => {
      events.push(event)
      for (const one of waiting.splice(0)) {
        if (one[0] === event.type) one[1](event)
        else waiting.push(one)
      }
    },
    ...options,
  })
  const made = {
    ...{ manager, folder, events },
    next: (type: string) => new Promise<PreviewEvent>(resolve => waiting.push([type, resolve])),
  }
  open.push(made)
  return made
}

afterEach(async () => {
  for (const { manager, folder } of open.splice(0)) {
    await manager.stopAll()
    await rm(folder, { recursive: true, force: true })
  }
})

function isRunning(pid: number | undefined): boolean {
  try {
    process.kill(pid ?? 0, 0)
    return true
  } catch {
    return false
  }
}

describe('createPreviewManager', () => {
  test('starts, is ready, lists three segments, and takes all away when it stops', async () => {
    const { manager, folder, next } = await rig()
    await manager.start(0)
    expect(manager.playlistPath(0)).toBe(path.join(folder, 'port_0', 'playlist.m3u8'))
    await manager.ready(0)
    for (let n = 0; n < 5; n++) await next('segment')
    const playlist = parsePlaylist(await readFile(manager.playlistPath(0), 'utf8'), { strict: true })
    if (playlist.kind !== 'media') throw new Error('no media playlist')
    expect(playlist).toMatchObject({ targetDuration: 1, hasIndependentSegments: true })
    expect(playlist.segments.map(({ durationUs }) => durationUs)).toEqual([500_000, 500_000, 500_000])
    for (const { uri } of playlist.segments) expect(existsSync(path.join(folder, 'port_0', uri))).toBe(true)
    const { pid } = manager.stats(0) ?? {}
    expect(isRunning(pid)).toBe(true)
    await manager.stop(0)
    expect([isRunning(pid), existsSync(path.join(folder, 'port_0')), manager.isPreviewing(0)]).toEqual([
      false,
      false,
      false,
    ])
  })

  test('says whether a port is previewed, whatever its state', async () => {
    const { manager } = await rig()
    expect([manager.isPreviewing(0), manager.isPreviewing(7)]).toEqual([false, false])
    await manager.start(0)
    expect([manager.isPreviewing(0), manager.isPreviewing(7)]).toEqual([true, false])
  })

  test('starts a preview that has crashed again, and says so', async () => {
    const { manager, next } = await rig()
    await manager.start(0)
    await manager.ready(0)
    const { pid = 0 } = manager.stats(0) ?? {}
    const told = next('reconnect')
    process.kill(pid, 'SIGKILL')
    expect(await told).toMatchObject({ port: 0, attempt: 1, error: { code: 'ENCODER_FAILED' } })
    expect(manager.isPreviewing(0)).toBe(true)
    let segment = await next('segment')
    // Of what had come before it died there may be one left to list.
    while (segment.type !== 'segment' || !segment.isDiscontinuity) segment = await next('segment')
    const playlist = await readFile(manager.playlistPath(0), 'utf8')
    expect(playlist).toContain('#EXT-X-DISCONTINUITY\n')
    expect(manager.stats(0)).toMatchObject({ restarts: 1 })
    expect(manager.stats(0)?.pid).not.toBe(pid)
  })

  test('reads all that ffmpeg writes: more than a pipe holds does not stall it', async () => {
    // 4 Mbit/s: a pipe of 64 KiB would be full within a fraction of a second.
    const { manager, next } = await rig({ video: { maxWidth: 320, maxHeight: 180, bitrateBps: 4_000_000 } })
    await manager.start(0)
    for (let n = 0; n < 6; n++) await next('segment')
    expect(manager.stats(0)?.byteLength).toBeGreaterThan(200_000)
  })

  test('starts one process however many starts come at once', async () => {
    const { manager, events } = await rig()
    await Promise.all([manager.start(3), manager.start(3), manager.start(3)])
    await manager.ready(3)
    await manager.start(3)
    expect(events.filter(({ type }) => type === 'plan')).toHaveLength(1)
  })

  test('a start after a stop, and during it, starts anew', async () => {
    const { manager } = await rig()
    await manager.start(1)
    await manager.ready(1)
    const first = manager.stats(1)?.pid
    const stopped = manager.stop(1)
    const started = manager.start(1)
    await Promise.all([stopped, started])
    await manager.ready(1)
    expect([isRunning(first), manager.isPreviewing(1)]).toEqual([false, true])
  })

  test('takes away what an earlier preview has left, and nothing else', async () => {
    const { manager, folder } = await rig()
    const own = path.join(folder, 'port_0')
    await mkdir(own)
    for (const name of ['abcdef123-4.m4s', 'abcdef123-i0.mp4', '.abcdef123-5.m4s.part', 'playlist.m3u8', 'notes.txt']) {
      await writeFile(path.join(own, name), 'old')
    }
    await manager.start(0)
    await manager.ready(0)
    const names = await readdir(own)
    expect(names.filter(name => name.includes('abcdef123'))).toEqual([])
    expect(await readFile(path.join(own, 'playlist.m3u8'), 'utf8')).toContain('#EXTM3U')
    await manager.stop(0)
    expect(await readdir(own)).toEqual(['notes.txt'])
  })

  test('ends a preview that nobody asks for, and keeps one that is asked for', async () => {
    const { manager, next } = await rig({ idleMs: 2000 })
    await manager.start(0)
    await manager.start(1)
    const asking = setInterval(() => manager.touch(1), 100)
    const idle = await next('idle')
    const states = [idle.port, manager.isPreviewing(1)]
    clearInterval(asking)
    expect(states).toEqual([0, true])
    await manager.stop(0)
    await expect(manager.ready(0)).rejects.toMatchObject({ code: 'NOT_FOUND' })
  })

  test('encodes 4:2:2 10-bit interlaced pictures as what browsers play, their shape kept within the box', async () => {
    // 720 × 576 of 16:9, as SDI brings it.
    const input = 'lavfi:testsrc2=size=720x576:rate=50,format=yuv422p10le,tinterlace=interleave_top,setsar=64/45'
    const { manager } = await rig({ input: () => input, video: { maxWidth: 640, maxHeight: 640 } })
    await manager.start(0)
    await manager.ready(0)
    const response = await manager.handle(0, new Request('http://localhost/master.m3u8'), 'master.m3u8')
    const master = await response.text()
    expect(master).toMatch(/CODECS="avc1\.(?:42|4D|64)/i)
    expect(master).toContain('RESOLUTION=640x360,FRAME-RATE=25.000')
  })

  test('refuses what is no port, and inputs that are none', async () => {
    const { manager } = await rig({ input: port => (port === 1 ? '-i' : 'lavfi:movie=a') })
    for (const port of [-1, 1.5, Number.NaN, 70_000, 1, 2]) {
      await expect(manager.start(port)).rejects.toMatchObject({ code: 'BAD_REQUEST' })
    }
    expect(() => createPreviewManager({ folder: '' })).toThrow(expect.objectContaining({ code: 'BAD_REQUEST' }))
  })
})
