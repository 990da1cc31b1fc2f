import { readFile } from 'node:fs/promises'
import { CuemuxError } from '@cuemux/core'
import { type Media, openMedia } from 'cuemux'
import { beforeAll, describe, expect, test } from 'vitest'
import { makeMedia } from '../media/media.js'

const PACKET = 188

let film: Buffer
beforeAll(async () => {
  film = await readFile(await makeMedia('h264_aac.ts'))
})

/** All that a film's presentation has, by path. */
async function present(bytes: Uint8Array): Promise<Map<string, Buffer>> {
  const media = await openMedia(bytes)
  const presentation = await media.hls()
  const all = new Map<string, Buffer>()
  for (const { path } of await presentation.resources()) {
    all.set(path, Buffer.concat((await presentation.resource(path)).pieces))
  }
  await media.close()
  return all
}

/** Each track's samples by presentation time; times go on from segment to segment. */
async function samplesOf(media: Media): Promise<Map<number, Map<number, Buffer>>> {
  const { tracks, keyframes } = media.index
  const samples = new Map(tracks.map(({ id }) => [id, new Map<number, Buffer>()]))
  const ends = new Map<number, number>()
  for (let first = 0; first < keyframes.count; first++) {
    for (const batch of await media.demuxer.readSpan({ first, end: first + 1 }, [...samples.keys()])) {
      const { trackId, dts, compositionOffset, duration, count, data } = batch
      if (ends.has(trackId)) expect(dts[0], `decode time of track ${trackId}, span ${first}`).toBe(ends.get(trackId))
      ends.set(trackId, (dts[count - 1] ?? 0) + (duration[count - 1] ?? 0))
      for (let i = 0; i < count; i++) {
        samples.get(trackId)?.set((dts[i] ?? 0) + (compositionOffset[i] ?? 0), Buffer.from(data[i] ?? []))
      }
    }
  }
  return samples
}

/** How many of the film's samples a damaged copy lacks; those that it has are the same, but for the last one of a film that is cut. */
async function lossOf(
  bytes: Uint8Array,
  isCut = false,
): Promise<{ readonly pictures: number; readonly frames: number }> {
  const [whole, damaged] = [await openMedia(film), await openMedia(bytes)]
  const [wanted, found] = [await samplesOf(whole), await samplesOf(damaged)]
  const losses: number[] = []
  for (const { id } of whole.index.tracks) {
    const [all, left] = [wanted.get(id), found.get(id)]
    const rows = [...(left ?? [])]
    for (const [n, [time, sample]] of rows.entries()) {
      const original = all?.get(time)
      expect(original, `a sample of track ${id} at ${time}`).toBeDefined()
      const isLast = isCut && n === rows.length - 1
      if (!isLast) expect(Buffer.compare(sample, original as Buffer), `the sample of track ${id} at ${time}`).toBe(0)
    }
    losses.push((all?.size ?? 0) - (left?.size ?? 0))
  }
  await Promise.all([whole.close(), damaged.close()])
  return { pictures: losses[0] ?? 0, frames: losses[1] ?? 0 }
}

/** The film with `before` bytes before each packet and `after` behind it. */
function padded(before: number, after: number): Buffer {
  const stride = before + PACKET + after
  const out = Buffer.alloc((film.length / PACKET) * stride, 0xa5)
  for (let n = 0; n < film.length / PACKET; n++) film.copy(out, n * stride + before, n * PACKET, (n + 1) * PACKET)
  return out
}

describe('the film in other packets', () => {
  test.each([
    [192, 4, 0],
    [204, 0, 16],
  ])('of %i bytes is the same presentation', async (_, before, after) => {
    const [own, plain] = [await present(padded(before, after)), await present(film)]
    expect([...own.keys()]).toEqual([...plain.keys()])
    for (const [path, bytes] of own) {
      // These two say the rate, which is that of the file, since a stream tells no other.
      if (path === 'master.m3u8' || path === 'manifest.mpd') continue
      expect(Buffer.compare(bytes, plain.get(path) as Buffer), path).toBe(0)
    }
    expect(own.size).toBeGreaterThan(10)
  })
})

describe('damage', () => {
  test.each([
    ['between packets', 0, 1000, 0x55],
    ['within a packet', 100, 777, 0x55],
    ['of sync bytes', 0, 1000, 0x47],
  ])('garbage %s costs the samples around it and no more', async (_, within, length, value) => {
    const places = [3000, 9001, 15_002].map(n => n * PACKET + within)
    const parts: Buffer[] = []
    let at = 0
    for (const place of places) {
      parts.push(film.subarray(at, place), Buffer.alloc(length, value))
      at = place
    }
    const { pictures, frames } = await lossOf(Buffer.concat([...parts, film.subarray(at)]))
    expect(pictures).toBeLessThanOrEqual(3 * 3)
    // ffmpeg puts up to 16 frames of sound into a PES packet.
    expect(frames).toBeLessThanOrEqual(3 * 17)
  })

  test('packets that are missing cost the PES packets that they are of', async () => {
    const kept: Buffer[] = []
    for (let n = 0; n < film.length / PACKET; n++) {
      const packet = film.subarray(n * PACKET, (n + 1) * PACKET)
      const pid = packet.readUInt16BE(1) & 0x1fff
      // The first ones have the tables; a keyframe that is missing makes another index.
      const isKept = n < 200 || n % 997 !== 0 || pid < 0x100 || (packet[1] ?? 0) >= 0x40
      if (isKept) kept.push(packet)
    }
    const missing = film.length / PACKET - kept.length
    expect(missing).toBeGreaterThan(10)
    const { pictures, frames } = await lossOf(Buffer.concat(kept))
    expect(pictures).toBeGreaterThan(0)
    expect(pictures).toBeLessThanOrEqual(missing)
    expect(frames).toBeLessThanOrEqual(missing * 17)
  })

  test.each([0.31, 0.67, 0.9])('cut off after %f it is the film up to there', async part => {
    const { pictures } = await lossOf(film.subarray(0, Math.floor(film.length * part)), true)
    expect(pictures).toBeGreaterThan(720 * (1 - part) - 60)
    expect(pictures).toBeLessThan(720 * (1 - part) + 60)
  })

  test('nothing but packets without tables is a clean error', async () => {
    const bytes = Buffer.from(film)
    for (let at = 0; at < bytes.length; at += PACKET)
      if ((bytes.readUInt16BE(at + 1) & 0x1fff) < 0x100) bytes[at + 2] = 0xff
    const opened = openMedia(bytes)
    await expect(opened).rejects.toBeInstanceOf(CuemuxError)
    await expect(opened).rejects.toMatchObject({ code: 'CORRUPT_INDEX' })
  })
})
