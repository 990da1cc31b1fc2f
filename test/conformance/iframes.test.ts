// I-frame playlists: each range of bytes, behind its init segment, is one picture of the film.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { parsePlaylist } from '@cuemux/playlist'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { decodeErrors, decodeFrames } from '../hls-check/decode.js'
import { makeMedia } from '../media/media.js'
import { presentFile } from '../support/presentation.js'

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'cuemux-iframes-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

/** The pictures of an I-frame playlist one after the other in a file; another init segment starts another file. */
async function pictures(name: string) {
  const { load, close } = await presentFile(await makeMedia(name))
  try {
    const text = async (at: string): Promise<string> => Buffer.from(await load(at)).toString()
    const master = parsePlaylist(await text('master.m3u8'), { strict: true })
    if (master.kind !== 'multivariant') throw new Error('no multivariant playlist')
    const [stream] = master.iFrameStreams ?? []
    const playlist = parsePlaylist(await text(stream?.uri ?? ''), { strict: true })
    if (playlist.kind !== 'media') throw new Error('no media playlist')
    const below = (uri: string): string => path.posix.join('iframes', uri)
    const files: string[] = []
    let parts: Uint8Array[] = []
    let [peak, seconds] = [0, 0]
    const flush = async (): Promise<void> => {
      if (parts.length === 0) return
      files.push(path.join(folder, `${name}-${files.length}.mp4`))
      await writeFile(files.at(-1) ?? '', Buffer.concat(parts))
    }
    for (const [i, { uri, byteRange, durationUs, map }] of playlist.segments.entries()) {
      const init = map ?? (i === 0 ? playlist.map : undefined)
      if (init !== undefined) {
        await flush()
        parts = [await load(below(init.uri))]
      }
      const segment = await load(below(uri))
      const { offsetBytes = 0, lengthBytes = 0 } = byteRange ?? {}
      const range = segment.subarray(offsetBytes, offsetBytes + lengthBytes)
      expect(range.byteLength).toBe(lengthBytes)
      parts.push(range)
      peak = Math.max(peak, (lengthBytes * 8e6) / durationUs)
      seconds += durationUs / 1e6
    }
    await flush()
    return { stream, playlist, files, peak, seconds }
  } finally {
    await close()
  }
}

const FILMS = ['h264_aac.mkv', 'h264_opengop.mkv', 'h264_aac.mp4', 'h264_aac_frag.mp4', 'zlib.mkv', 'changing.mkv']

describe.each(FILMS)('%s', name => {
  test('has the keyframes with which segments start as ranges that decode alone', async () => {
    const { stream, playlist, files, peak, seconds } = await pictures(name)
    expect(playlist.isIFramesOnly).toBe(true)
    expect(stream?.codecs[0]).toMatch(/^avc1\./)
    expect(stream?.resolution).toEqual({ width: 640, height: 360 })
    expect(stream?.bandwidthBps).toBe(Math.ceil(peak))
    const shown = (await Promise.all(files.map(decodeFrames))).flat()
    for (const file of files) expect(await decodeErrors(file)).toEqual([])
    expect(shown).toHaveLength(playlist.segments.length)
    if (name === 'changing.mkv') return expect(files).toHaveLength(2)
    const film = await decodeFrames(await makeMedia(name))
    expect(Math.abs(seconds - film.length / 24)).toBeLessThan(0.1)
    const hashes = new Map(film.map(({ hash }, i) => [hash, i]))
    let at = 0
    for (const [i, { hash }] of shown.entries()) {
      expect(hashes.get(hash)).toBe(Math.round(at * 24))
      at += (playlist.segments[i]?.durationUs ?? 0) / 1e6
    }
  })
})

test('a transport stream and a film of sound have none', async () => {
  for (const name of ['h264_aac.ts', 'aac_only.mka']) {
    const { load, close } = await presentFile(await makeMedia(name))
    expect(Buffer.from(await load('master.m3u8')).toString()).not.toContain('I-FRAME')
    await expect(load('iframes/video-256.m3u8')).rejects.toMatchObject({ code: 'NOT_FOUND' })
    await close()
  }
})
