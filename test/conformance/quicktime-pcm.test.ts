// PCM as QuickTime has it: copied to the bit where the player takes PCM in MP4, else encoded as what it is.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { AudioTrack } from '@cuemux/core'
import { openMedia } from 'cuemux'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { judge } from '../hls-check/judge.js'
import { makeMedia } from '../media/media.js'
import { bytesOf, presentFile } from '../support/presentation.js'
import { runProgram } from '../support/process.js'

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'cuemux-pcm-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

/** What the sound of a file decodes to, in ffmpeg's own format of 64-bit floats. */
async function decoded(...input: readonly string[]): Promise<Buffer> {
  const args = ['-v', 'error', ...input, '-map', '0:a:0', '-c:a', 'pcm_f64le', '-f', 'f64le', '-']
  return (await runProgram('ffmpeg', args)).stdout
}

/** Payloads of all `mdat` boxes. */
function payloads(bytes: Uint8Array): Buffer[] {
  const found: Buffer[] = []
  const buffer = Buffer.from(bytes)
  for (let at = 0; at + 8 <= buffer.length; at += buffer.readUInt32BE(at)) {
    if (buffer.toString('latin1', at + 4, at + 8) !== 'mdat') continue
    found.push(buffer.subarray(at + 8, at + buffer.readUInt32BE(at)))
  }
  return found
}

/** Codec of ffmpeg with each entry, bits and order of bytes, and the sample entry that plays it. */
const CARRIED = [
  ['pcm_s16le', 's16le', 'ipcm'],
  ['pcm_s16be', 's16be', 'ipcm'],
  ['pcm_s24le', 's24le', 'ipcm'],
  ['pcm_s24be', 's24be', 'ipcm'],
  ['pcm_s32be', 's32be', 'ipcm'],
  ['pcm_f32le', 'f32le', 'fpcm'],
  ['pcm_f64be', 'f64be', 'fpcm'],
] as const

describe.each(CARRIED)('%s in MOV', (codec, format, entry) => {
  test('is copied bit by bit for a player of PCM in MP4', async () => {
    const source = await makeMedia(`${codec}.mov`)
    const media = await openMedia(source)
    try {
      const presentation = await media.hls({ client: 'native' })
      const track = presentation.plan.renditions[1]?.tracks[0] as AudioTrack
      expect(track.descriptions[0].codecString).toBe(entry)
      const init = Buffer.from(await bytesOf(presentation, 'audio-2/init.mp4'))
      const at = init.indexOf('pcmC')
      expect(init.indexOf(entry)).toBeGreaterThan(0)
      const bits = Number(/\d+/.exec(format)?.[0])
      expect([...init.subarray(at + 4, at + 10)]).toEqual([0, 0, 0, 0, format.endsWith('le') ? 1 : 0, bits])
      const segments = await Promise.all([0, 1].map(n => bytesOf(presentation, `audio-2/${n}.m4s`)))
      const raw = Buffer.concat(segments.flatMap(payloads))
      const file = path.join(folder, `${codec}.raw`)
      await writeFile(file, raw)
      const copied = await decoded('-f', format, '-ar', String(track.sampleRate), '-ac', '2', '-i', file)
      expect(copied.byteLength).toBe(8 * track.sampleRate * 2 * 8)
      expect(copied.equals(await decoded('-i', source))).toBe(true)
    } finally {
      await media.close()
    }
  })
})

test.each(['pcm_s16le', 'pcm_s24le', 'pcm_f32le', 'pcm_f64be', 'pcm_s8', 'pcm_u8', 'pcm_alaw'])(
  '%s in MOV is encoded as what it is for a browser',
  async codec => {
    const source = await makeMedia(`${codec}.mov`)
    const { load, close } = await presentFile(source)
    try {
      const { summary, facts } = await judge(load, { source })
      expect(summary).toEqual([])
      expect(Math.abs(facts.skewMs ?? Number.NaN)).toBeLessThan(1.1)
    } finally {
      await close()
    }
  },
)
