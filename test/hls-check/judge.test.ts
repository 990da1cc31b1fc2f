import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, test } from 'vitest'
import { presentFile } from '../support/presentation.js'
import { findBox, viewOf } from './boxes.js'
import { judge } from './judge.js'

const film = fileURLToPath(new URL('../../sample/cuemux-sample.mkv', import.meta.url))
const good = new Map<string, Uint8Array>()

beforeAll(async () => {
  const { presentation, load, close } = await presentFile(film)
  for (const { path } of await presentation.resources()) good.set(path, await load(path))
  await close()
})

/** The rules that are broken when one resource is changed. */
async function brokenBy(
  path: string,
  change: (bytes: Buffer) => Uint8Array | undefined,
  source?: string,
): Promise<string[]> {
  const original = good.get(path)
  if (original === undefined) throw new Error(`the presentation has no ${path}`)
  const copy = Buffer.from(original)
  const changed = change(copy) ?? copy
  const load = async (asked: string): Promise<Uint8Array> =>
    asked === path ? changed : (good.get(asked) ?? Buffer.of())
  const { findings } = await judge(load, source === undefined ? {} : { source })
  return [...new Set(findings.map(finding => finding.rule))]
}

const bodyOf = (bytes: Uint8Array, ...types: string[]): number => {
  const box = findBox(bytes, [0, bytes.length], ...types)
  if (box === undefined) throw new Error(`no ${types.join('/')}`)
  return box.body
}
const replaceText =
  (from: RegExp | string, to: string) =>
  (bytes: Buffer): Uint8Array => {
    const text = bytes.toString()
    const changed = text.replace(from, to)
    if (changed === text) throw new Error(`nothing to replace in ${text}`)
    return Buffer.from(changed)
  }

describe('a good presentation', () => {
  test('breaks no rule', async () => {
    const { summary, facts } = await judge(async path => good.get(path) ?? Buffer.of(), { source: film })
    expect(summary).toEqual([])
    expect(facts.frames).toBe(1152)
  })
})

describe('a broken presentation', () => {
  test('a moved tfdt', async () => {
    const rules = await brokenBy(
      'video-1/2.m4s',
      bytes => {
        const tfdt = bodyOf(bytes, 'moof', 'traf', 'tfdt')
        const view = viewOf(bytes)
        view.setBigUint64(tfdt + 4, view.getBigUint64(tfdt + 4) + 1000n)
        return bytes
      },
      film,
    )
    expect(rules).toContain('tfdt continues the previous segment')
    expect(rules).toContain('frames keep their times')
  })

  test('a wrong EXTINF', async () => {
    const rules = await brokenBy('video-1/playlist.m3u8', replaceText(/#EXTINF:6[.0-9]*/, '#EXTINF:5.9'))
    expect(rules).toEqual(['EXTINF is the true duration'])
  })

  test('a dropped frame', async () => {
    const rules = await brokenBy(
      'video-1/1.m4s',
      bytes => {
        // The last sample leaves trun; its bytes stay in mdat.
        const trun = bodyOf(bytes, 'moof', 'traf', 'trun')
        const view = viewOf(bytes)
        view.setUint32(trun + 4, view.getUint32(trun + 4) - 1)
        return bytes
      },
      film,
    )
    expect(rules).toEqual(
      expect.arrayContaining(['samples fill mdat', 'tfdt continues the previous segment', 'no frame is lost']),
    )
  })

  test('a negative composition offset', async () => {
    const rules = await brokenBy('video-1/3.m4s', bytes => {
      const trun = bodyOf(bytes, 'moof', 'traf', 'trun')
      const view = viewOf(bytes)
      const flags = view.getUint32(trun) & 0xffffff
      const perSample = [0x100, 0x200, 0x400, 0x800].filter(bit => flags & bit).length
      const first = trun + 8 + (flags & 1 ? 4 : 0) + (flags & 4 ? 4 : 0)
      view.setUint8(trun, 1)
      view.setInt32(first + perSample * 4 - 4, -1)
      return bytes
    })
    expect(rules).toContain('no composition offset is negative')
  })

  test('sound out of step with the picture', async () => {
    const load = async (path: string): Promise<Uint8Array> => {
      const bytes = Buffer.from(good.get(path) ?? [])
      if (!/^audio.*m4s$/.test(path)) return bytes
      const tfdt = bodyOf(bytes, 'moof', 'traf', 'tfdt')
      const view = viewOf(bytes)
      view.setBigUint64(tfdt + 4, view.getBigUint64(tfdt + 4) + 240n)
      return bytes
    }
    const { summary } = await judge(load, { source: film })
    expect(summary).toEqual([expect.stringMatching(/^sound and picture stay together \(1\): 5\.\d\d ms$/)])
  })

  test('a cut segment', async () => {
    const rules = await brokenBy('video-1/4.m4s', () => good.get('video-1/4.m4s')?.slice(0, 600))
    expect(rules).toContain('box sizes fit')
  })

  test.each([
    ['master.m3u8', /,?CODECS="[^"]*"/, '', 'STREAM-INF has CODECS'],
    ['master.m3u8', /(:|,)BANDWIDTH=\d+/, '$1BANDWIDTH=1000', 'BANDWIDTH covers the peak'],
    ['master.m3u8', /FRAME-RATE=[\d.]+/, 'FRAME-RATE=24', 'FRAME-RATE has three decimals'],
    ['video-1/playlist.m3u8', '#EXT-X-ENDLIST', '', 'the playlist has ENDLIST'],
    ['video-1/playlist.m3u8', /TARGETDURATION:\d+/, 'TARGETDURATION:5', 'TARGETDURATION covers every EXTINF'],
  ])('%s: %s', async (path, from, to, rule) => {
    expect(await brokenBy(path, replaceText(from, to))).toContain(rule)
  })
})
