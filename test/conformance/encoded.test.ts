// What a client can't play is encoded: every frame and every sound is there, at its time, whichever segment is made first.

import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { openMedia } from 'cuemux'
import { describe, expect, test } from 'vitest'
import { decodeSound, PCM_RATE } from '../hls-check/decode.js'
import { judge } from '../hls-check/judge.js'
import { findShift, joinQuality } from '../hls-check/sound.js'
import { makeMedia } from '../media/media.js'
import { bytesOf, presentFile } from '../support/presentation.js'

const FILMS = [
  { name: 'ac3_51.mkv', encoded: ['aac'] },
  { name: 'eac3_2997.mkv', encoded: ['aac'] },
  { name: 'mp2.mkv', encoded: ['aac'] },
  { name: 'h264_10bit.mkv', encoded: ['h264'] },
  { name: 'h264_10bit_vfr.mkv', encoded: ['h264'] },
  { name: 'mpeg4_mp3.avi', encoded: ['h264', 'aac'] },
  // Pictures out of order in a container that has decode times alone.
  { name: 'h264_pcm.avi', encoded: ['h264', 'aac'] },
  { name: 'mpeg2_ac3.ts', encoded: ['h264', 'aac'] },
] as const

describe.each(FILMS)('$name for a browser', ({ name, encoded }) => {
  test('keeps every rule, every frame and the sound, in step', async () => {
    const source = await makeMedia(name)
    const { presentation, load, close } = await presentFile(source)
    try {
      const { decisions } = presentation.plan
      const targets = decisions.flatMap(({ action, target }) => (action === 'encode' ? [target] : []))
      expect(targets).toEqual(encoded)
      const isEncoded = targets.includes('h264')
      const { summary, facts } = await judge(load, { source, isEncoded })
      expect(summary).toEqual([])
      expect(facts.frames).toBeGreaterThan(280)
    } finally {
      await close()
    }
  })
})

/** The sound's init segment and segments, made in an order, each by a film opened for it alone where it is `cold`. */
async function soundOf(source: string, order: readonly number[], cold: boolean): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  let media = await openMedia(source)
  let presentation = await media.hls()
  parts.push(await bytesOf(presentation, 'audio-2/init.mp4'))
  for (const n of order) {
    if (cold) {
      await media.close()
      media = await openMedia(source)
      presentation = await media.hls()
    }
    parts[n + 1] = await bytesOf(presentation, `audio-2/${n}.m4s`)
  }
  await media.close()
  return Buffer.concat(parts)
}

/** Decode times of the fragments: `tfdt` of version 1. */
function decodeTimes(bytes: Uint8Array): bigint[] {
  const buffer = Buffer.from(bytes)
  const times: bigint[] = []
  for (let at = buffer.indexOf('tfdt'); at >= 0; at = buffer.indexOf('tfdt', at + 4)) {
    times.push(buffer.readBigUInt64BE(at + 8))
  }
  return times
}

test('sound of segments made in any order, each by a process of its own, joins as cleanly as in a row', async () => {
  const source = await makeMedia('eac3_2997.mkv')
  const [inOrder, shuffled] = [await soundOf(source, [0, 1, 2], false), await soundOf(source, [2, 0, 1], true)]
  expect(decodeTimes(shuffled)).toEqual(decodeTimes(inOrder))
  const folder = await mkdtemp(path.join(tmpdir(), 'cuemux-order-'))
  try {
    const before = await decodeSound(source)
    for (const [i, bytes] of [inOrder, shuffled].entries()) {
      const file = path.join(folder, `${i}.mp4`)
      await writeFile(file, bytes)
      const sound = await decodeSound(file)
      const joins = [6, 12].map(seconds => seconds * PCM_RATE)
      const { worstJoin, elsewhere } = joinQuality(before, sound, findShift(before, sound), joins)
      expect(worstJoin).toBeGreaterThan(elsewhere - 3)
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})

test('without ffmpeg the picture is copied, sound that needs it is left out, and a picture that needs it says what to do', async () => {
  const none = { encoder: { ffmpeg: '/nowhere/ffmpeg' } }
  const film = await openMedia(await makeMedia('ac3_51.mkv'), none)
  const { plan } = await film.hls()
  expect(plan.renditions.map(({ name }) => name)).toEqual(['video-1'])
  await film.close()
  const picture = await openMedia(await makeMedia('h264_10bit.mkv'), none)
  await expect(picture.hls()).rejects.toMatchObject({ code: 'ENCODER_MISSING' })
  await picture.close()
  await expect(openMedia(await makeMedia('mpeg4_mp3.avi'), none)).rejects.toMatchObject({
    code: 'UNSUPPORTED_CONTAINER',
  })
})
