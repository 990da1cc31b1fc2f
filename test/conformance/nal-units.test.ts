// Access unit delimiters and filler data go out as they are in the film, unless they are to be left out. (Those of a
// transport stream belong to its byte stream, as start codes do, and end with it.)
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { HlsOptions } from 'cuemux'
import { describe, expect, test } from 'vitest'
import { decodeErrors, decodeFrames } from '../hls-check/decode.js'
import { makeMedia } from '../media/media.js'
import { presentFile } from '../support/presentation.js'

const AUD = Buffer.from('0000000209', 'hex')
/** A length, and the header of filler data of at most 64 KiB. */
const isFiller = (bytes: Buffer, at: number): boolean =>
  bytes[at] === 0 && bytes[at + 1] === 0 && bytes[at + 4] === 0x0c

async function picture(name: string, options: HlsOptions): Promise<Buffer> {
  const { presentation, load, close } = await presentFile(await makeMedia(name), options)
  const video = (await presentation.resources()).filter(({ path: at }) => /^video-.*(mp4|m4s)$/.test(at))
  const parts = await Promise.all(video.map(({ path: at }) => load(at)))
  await close()
  return Buffer.concat(parts)
}

describe.each([
  ['delimited.mkv', 'aud'],
  ['filler.mkv', 'filler'],
] as const)('%s', (name, kind) => {
  test(`has its ${kind} units, and the same pictures without them when they are dropped`, async () => {
    const [whole, dropped] = [await picture(name, {}), await picture(name, { dropNalUnits: [kind] })]
    const has = (bytes: Buffer): boolean =>
      kind === 'aud' ? bytes.includes(AUD) : bytes.some((_, at) => isFiller(bytes, at) && bytes[at + 5] === 0xff)
    expect([has(whole), has(dropped)]).toEqual([true, false])
    expect(dropped.byteLength).toBeLessThan(whole.byteLength)
    const folder = await mkdtemp(path.join(tmpdir(), 'cuemux-nal-'))
    try {
      const file = path.join(folder, 'video.mp4')
      await writeFile(file, dropped)
      expect(await decodeErrors(file)).toEqual([])
      const hashes = async (film: string): Promise<string[]> => (await decodeFrames(film)).map(({ hash }) => hash)
      expect(await hashes(file)).toEqual(await hashes(await makeMedia(name)))
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  })
})
