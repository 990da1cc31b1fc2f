import { describe, expect, test } from 'vitest'
import { Publisher } from './publisher.js'
import { LiveResponder } from './responder.js'
import { MemoryStorage } from './storage.js'
import { liveTracks } from './tracks.js'
import { LiveWindow, type WindowOptions } from './window.js'

/** Sound alone: AAC of 48 kHz, stereo. */
const TRACKS = liveTracks({ video: undefined, audio: { config: Uint8Array.of(0x11, 0x90) } })

interface Rig {
  readonly publisher: Publisher
  readonly window: LiveWindow
  /** Gives out parts of half a second; four are a segment. */
  parts(count: number): Promise<void>
  get(path: string, init?: RequestInit): Promise<Response>
  text(path: string): Promise<string>
}

function rig(options: Partial<WindowOptions> & { readonly isLowLatency?: boolean } = {}): Rig {
  const { isLowLatency = true, ...limits } = options
  const partUs = isLowLatency ? 500_000 : undefined
  const window = new LiveWindow({ kind: 'sliding', windowUs: 6_000_000, maxBytes: 1e9, partUs, ...limits })
  const storage = new MemoryStorage()
  let nowMs = Date.UTC(2026, 0, 1)
  let made = 0
  const publisher = new Publisher({
    ...{ window, storage, token: 'token1', segmentUs: 2_000_000, isLowLatency },
    isEncoded: () => true,
    now: () => nowMs,
    onSegment: () => {},
    onFailure: error => {
      throw error
    },
  })
  publisher.begin(TRACKS)
  const ready = async (): Promise<void> => {}
  const responder = new LiveResponder({ window, publisher, storage, isLowLatency, cors: {}, ready })
  const get = (path: string, init: RequestInit = {}): Promise<Response> =>
    responder.handle(new Request(`http://localhost/${path}`, init), path.replace(/\?.*/, ''))
  return {
    ...{ publisher, window, get },
    parts: async count => {
      for (let i = 0; i < count; i++, made++) {
        nowMs += 500
        publisher.take({
          ...{ bytes: Uint8Array.of(made), startUs: 1_000_000 + made * 500_000, durationUs: 500_000 },
          ...{ isIndependent: made % 4 === 0, endsSegment: made % 4 === 3 },
        })
      }
      // Until it is written.
      await publisher.idle()
    },
    text: async path => (await get(path)).text(),
  }
}

/** Whether it is still waiting after all that could have settled it by now has. */
async function isWaiting(promise: Promise<unknown>): Promise<boolean> {
  let isSettled = false
  void promise.then(() => {
    isSettled = true
  })
  for (let i = 0; i < 20; i++) await new Promise(resolve => setImmediate(resolve))
  return !isSettled
}

describe('a low-latency playlist', () => {
  test('has the parts of the last segments, those of the open one, and the one that comes', async () => {
    const it = rig()
    await it.parts(4 * 5 + 2)
    expect(await it.text('playlist.m3u8')).toBe(`#EXTM3U
#EXT-X-VERSION:7
#EXT-X-TARGETDURATION:2
#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,CAN-SKIP-UNTIL=12,PART-HOLD-BACK=1.5
#EXT-X-PART-INF:PART-TARGET=0.5
#EXT-X-MEDIA-SEQUENCE:2
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-MAP:URI="token1-i0.mp4"
#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:04.000Z
#EXTINF:2,
token1-2.m4s
#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:06.000Z
#EXT-X-PART:DURATION=0.5,URI="token1-3.0.m4s",INDEPENDENT=YES
#EXT-X-PART:DURATION=0.5,URI="token1-3.1.m4s"
#EXT-X-PART:DURATION=0.5,URI="token1-3.2.m4s"
#EXT-X-PART:DURATION=0.5,URI="token1-3.3.m4s"
#EXTINF:2,
token1-3.m4s
#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:08.000Z
#EXT-X-PART:DURATION=0.5,URI="token1-4.0.m4s",INDEPENDENT=YES
#EXT-X-PART:DURATION=0.5,URI="token1-4.1.m4s"
#EXT-X-PART:DURATION=0.5,URI="token1-4.2.m4s"
#EXT-X-PART:DURATION=0.5,URI="token1-4.3.m4s"
#EXTINF:2,
token1-4.m4s
#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:10.000Z
#EXT-X-PART:DURATION=0.5,URI="token1-5.0.m4s",INDEPENDENT=YES
#EXT-X-PART:DURATION=0.5,URI="token1-5.1.m4s"
#EXT-X-PRELOAD-HINT:TYPE=PART,URI="token1-5.2.m4s"
`)
  })

  test('leaves old segments out for who has them (EXT-X-SKIP)', async () => {
    const it = rig({ windowUs: 60_000_000 })
    await it.parts(4 * 10)
    const delta = await it.text('playlist.m3u8?_HLS_skip=YES')
    expect(delta).toContain('#EXT-X-VERSION:9\n')
    // Of ten segments of 2 s six lie within six target durations of the end.
    expect(delta).toContain('#EXT-X-SKIP:SKIPPED-SEGMENTS=4\n')
    expect(delta.match(/#EXTINF/g)).toHaveLength(6)
    expect(await it.text('playlist.m3u8')).not.toContain('EXT-X-SKIP')
  })

  test('gives a segment that is the parts one after the other', async () => {
    const it = rig()
    await it.parts(5)
    const bytes = async (path: string): Promise<number[]> => [
      ...new Uint8Array(await (await it.get(path)).arrayBuffer()),
    ]
    expect(await bytes('token1-0.m4s')).toEqual([0, 1, 2, 3])
    expect(await bytes('token1-0.2.m4s')).toEqual([2])
    expect(await bytes('token1-1.0.m4s')).toEqual([4])
  })

  test('forgets parts that are listed no longer', async () => {
    const it = rig({ windowUs: 120_000_000 })
    await it.parts(4 * 20)
    expect((await it.get('token1-0.0.m4s')).status).toBe(404)
    expect((await it.get('token1-0.m4s')).status).toBe(200)
  })
})

describe('a request that waits', () => {
  test('is answered with the part that it waits for, and not before', async () => {
    const it = rig()
    await it.parts(5)
    const blocked = it.get('playlist.m3u8?_HLS_msn=1&_HLS_part=1')
    expect(await isWaiting(blocked)).toBe(true)
    await it.parts(1)
    expect(await (await blocked).text()).toContain('token1-1.1.m4s"\n')
  })

  test('for a segment waits until all of it is there', async () => {
    const it = rig()
    await it.parts(5)
    const blocked = it.get('playlist.m3u8?_HLS_msn=1')
    await it.parts(2)
    expect(await isWaiting(blocked)).toBe(true)
    await it.parts(1)
    expect(await (await blocked).text()).toContain('\ntoken1-1.m4s\n')
  })

  test('for a part past a segment’s last is for the next segment (RFC 8216bis §6.2.5.2)', async () => {
    const it = rig()
    await it.parts(7)
    const blocked = it.get('playlist.m3u8?_HLS_msn=1&_HLS_part=4')
    await it.parts(1)
    expect((await blocked).status).toBe(200)
  })

  test('is answered at once for what is there, however long ago', async () => {
    const it = rig()
    await it.parts(4 * 6)
    expect((await it.get('playlist.m3u8?_HLS_msn=0&_HLS_part=0')).status).toBe(200)
  })

  test('for the part that the playlist announces gets it as soon as it is there', async () => {
    const it = rig()
    await it.parts(5)
    const hinted = it.get('token1-1.1.m4s')
    expect(await isWaiting(hinted)).toBe(true)
    await it.parts(1)
    expect([...new Uint8Array(await (await hinted).arrayBuffer())]).toEqual([5])
  })

  test('is answered when the stream ends', async () => {
    const it = rig()
    await it.parts(5)
    const blocked = it.get('playlist.m3u8?_HLS_msn=2')
    const hinted = it.get('token1-1.1.m4s')
    await it.publisher.end()
    const text = await (await blocked).text()
    expect(text).toContain('#EXT-X-ENDLIST')
    expect(text).not.toContain('PRELOAD-HINT')
    expect((await hinted).status).toBe(404)
  })

  test('is let go of when who asks leaves', async () => {
    const it = rig()
    await it.parts(5)
    const leaving = new AbortController()
    const blocked = it.get('playlist.m3u8?_HLS_msn=1&_HLS_part=3', { signal: leaving.signal })
    leaving.abort()
    expect((await blocked).status).toBe(503)
  })

  test.each(['_HLS_part=1', '_HLS_msn=x', '_HLS_msn=-1', '_HLS_msn=1.5', '_HLS_msn=1&_HLS_msn=2', '_HLS_msn=3'])(
    'is refused for %s',
    async query => {
      const it = rig()
      await it.parts(5)
      expect((await it.get(`playlist.m3u8?${query}`)).status).toBe(400)
    },
  )

  test('is none where the stream has no parts: the playlist comes at once', async () => {
    const it = rig({ isLowLatency: false })
    await it.parts(4)
    const text = await it.text('playlist.m3u8?_HLS_msn=1')
    expect(text).toContain('token1-0.m4s')
    expect(text).not.toMatch(/PART|SERVER-CONTROL|PRELOAD/)
  })
})

describe('a response', () => {
  test('says how long it may be kept, and who may read it', async () => {
    const it = rig()
    await it.parts(5)
    const headers = async (path: string): Promise<(string | null)[]> => {
      const { headers: all } = await it.get(path)
      return ['content-type', 'cache-control', 'access-control-allow-origin'].map(name => all.get(name))
    }
    const kept = 'public, max-age=3600, immutable'
    expect(await headers('playlist.m3u8')).toEqual(['application/vnd.apple.mpegurl', 'no-cache', '*'])
    expect(await headers('master.m3u8')).toEqual(['application/vnd.apple.mpegurl', 'no-cache', '*'])
    expect(await headers('token1-0.m4s')).toEqual(['video/mp4', kept, '*'])
    expect(await headers('token1-i0.mp4')).toEqual(['video/mp4', kept, '*'])
  })

  test('to other methods, and to names that are none', async () => {
    const it = rig()
    await it.parts(4)
    const status = async (path: string, method: string): Promise<number> => (await it.get(path, { method })).status
    expect(await status('playlist.m3u8', 'OPTIONS')).toBe(204)
    expect(await status('playlist.m3u8', 'POST')).toBe(405)
    expect(await status('playlist.m3u8', 'HEAD')).toBe(200)
    for (const path of ['token1-9.m4s', '../secret', 'token1-0.m4s/..', '%2e%2e/a', 'constructor']) {
      expect(await status(path, 'GET'), path).toBe(404)
    }
  })
})

describe('a window that slides', () => {
  test('counts discontinuities that have left it', async () => {
    const it = rig({ isLowLatency: false })
    for (let n = 0; n < 6; n++) {
      if (n > 0) it.publisher.begin(TRACKS)
      await it.parts(4)
    }
    const text = await it.text('playlist.m3u8')
    // Segments 3 to 5 are listed; the discontinuities before 1 and 2 have left.
    expect(text).toContain('#EXT-X-MEDIA-SEQUENCE:3\n#EXT-X-DISCONTINUITY-SEQUENCE:2\n')
    expect(text.match(/#EXT-X-DISCONTINUITY\n/g)).toHaveLength(3)
    // The same description needs no other init segment.
    expect(text.match(/#EXT-X-MAP/g)).toHaveLength(1)
  })

  test('keeps what has left it for as long as an older playlist lists it', async () => {
    const it = rig({ isLowLatency: false })
    await it.parts(4 * 7)
    const status = async (n: number): Promise<number> => (await it.get(`token1-${n}.m4s`)).status
    expect(await Promise.all([4, 3, 2, 1].map(status))).toEqual([200, 200, 200, 200])
    await it.parts(4 * 3)
    expect(await Promise.all([3, 2].map(status))).toEqual([200, 404])
  })

  test('keeps no more bytes than it may', async () => {
    const it = rig({ isLowLatency: false, windowUs: 1e12, maxBytes: 20 })
    await it.parts(4 * 50)
    expect(it.window.byteLength).toBeLessThanOrEqual(24)
  })
})
