import { type Demuxer, deserializeIndex, type SampleBatch, type Span, serializeIndex } from '@cuemux/core'
import { describe, expect, it } from 'vitest'
import { expectContinuous, open, readAll, SOUND, times, VIDEO } from '../testing/reading.js'
import { accessUnit, film, memorySource, OTHER_PPS, OTHER_SPS, pat, pmt, SPS, TsMuxer } from '../testing/ts-muxer.js'
import { openMpegTs } from './index.js'

describe('a stream of H.264 and AAC', () => {
  it('has its tracks, keyframes and length in the index', async () => {
    const { index } = await open(film())
    expect(index).toMatchObject({ container: 'mpegts', foundBy: 'scan', durationMs: (58 * 1024) / 48 })
    expect(index.tracks).toMatchObject([
      {
        id: VIDEO,
        kind: 'video',
        codec: 'h264',
        width: 64,
        height: 36,
        timescale: 25000,
        frameDuration: 1000,
        frameRate: 25,
        start: 0,
        end: 30_000,
      },
      {
        id: SOUND,
        kind: 'audio',
        codec: 'aac',
        language: 'en',
        timescale: 48000,
        frameDuration: 1024,
        channels: 2,
        start: 0,
      },
    ])
    expect(index.tracks[0]!.descriptions[0].codecString).toBe('avc1.42c00a')
    expect([...index.tracks[1]!.descriptions[0].config]).toEqual([0x11, 0x90])
    expect([...index.keyframes.time]).toEqual([0, 5000, 10000, 15000, 20000, 25000])
  })

  it('gives length-prefixed samples without delimiter and known parameter sets', async () => {
    const [batch] = await (await open(film())).readSpan({ first: 0, end: 1 }, [VIDEO])
    expect(batch).toMatchObject({ count: 5, timescale: 25000 })
    expect([...batch!.flags]).toEqual([1, 0, 0, 0, 0])
    expect([...batch!.duration]).toEqual([1000, 1000, 1000, 1000, 1000])
    const expected = [0, 0, 1, 44, 0x65, 0x88, ...new Array<number>(298).fill(16)]
    expect([...batch!.data[0]!]).toEqual(expected)
    expect([...batch!.data[1]!.subarray(0, 7)]).toEqual([0, 0, 1, 44, 0x41, 0x88, 17])
  })

  it.each([188, 192, 204] as const)('is read from packets of %i bytes', async stride => {
    const demuxer = await open(film(), stride)
    expect(times(await readAll(demuxer, VIDEO))).toEqual(Array.from({ length: 30 }, (_, n) => n * 1000))
  })

  it('gives each sound frame once, on its grid, without header, whatever the spans', async () => {
    const demuxer = await open(film())
    for (const step of [1, 2, 6]) {
      const batches = await readAll(demuxer, SOUND, step)
      expectContinuous(batches)
      const all = times(batches)
      expect(all).toEqual(Array.from({ length: all.length }, (_, n) => n * 1024))
      expect(all.length).toBe(58)
      const data = batches.flatMap(batch => batch.data)
      expect(data.map(frame => [frame.length, frame[0]])).toEqual(data.map((_, n) => [40 + (n & 1), n & 127]))
    }
  })

  it('fits from span to span, in any order', async () => {
    const demuxer = await open(film())
    const there = await readAll(demuxer, VIDEO)
    expectContinuous(there)
    const again = await demuxer.readSpan({ first: 3, end: 4 }, [SOUND, VIDEO])
    expect(again[1]).toEqual(there[3])
  })

  it('finds keyframes by NAL type where random_access_indicator is missing or lies', async () => {
    for (const flags of ['none', 'lying'] as const) {
      const { index } = await open(film({ flags }))
      expect([...index.keyframes.time]).toEqual([0, 5000, 10000, 15000, 20000, 25000])
    }
  })

  it('goes on behind garbage', async () => {
    const bytes = film().toBytes()
    const at = 60 * 188
    const broken = new Uint8Array(bytes.length + 77)
    broken.set(bytes.subarray(0, at))
    broken.fill(0x55, at, at + 77)
    broken.set(bytes.subarray(at), at + 77)
    const demuxer = await openMpegTs(memorySource(broken))
    const all = times(await readAll(demuxer, VIDEO))
    // The picture and the sound around the gap may be lost, nothing else.
    expect(all.length).toBeGreaterThanOrEqual(28)
    expect(all.at(-1)).toBe(29_000)
  })

  it.each([0, 77])(
    'gives the same by a source that reads into memory that is there, %i bytes of garbage in it',
    async garbage => {
      const bytes = film({ pictures: 700, pictureBytes: 9000, group: 50 }).toBytes()
      const at = 6000 * 188
      const broken = new Uint8Array(bytes.length + garbage).fill(0x55)
      broken.set(bytes.subarray(0, at))
      broken.set(bytes.subarray(at), at + garbage)
      const plain = memorySource(broken)
      const reusing = {
        ...plain,
        readInto: async (offset: number, target: Uint8Array): Promise<number> => {
          const part = plain.read(offset, target.length) as Uint8Array
          await Promise.resolve()
          target.set(part)
          return part.length
        },
      }
      const [one, two] = [await openMpegTs(plain), await openMpegTs(reusing)]
      expect(two.index).toEqual(one.index)
      const spans = [0, 1, 2, 9, 5, 13].map(first => ({ first, end: first + 1 }))
      const read = async (demuxer: Demuxer, span: Span): Promise<unknown> =>
        (await demuxer.readSpan(span, [VIDEO, SOUND])).map(digest)
      const wanted = await Promise.all(spans.map(span => read(one, span)))
      // At once, and one by one in another order.
      expect(await Promise.all(spans.map(span => read(two, span)))).toEqual(wanted)
      for (const i of [5, 0, 3]) expect(await read(two, spans[i]!)).toEqual(wanted[i])
    },
  )

  it('reads from a beginning in mid-packet', async () => {
    const demuxer = await openMpegTs(
      memorySource(Uint8Array.from([...new Array<number>(99).fill(1), ...film().toBytes()])),
    )
    expect(times(await readAll(demuxer, VIDEO))).toEqual(Array.from({ length: 30 }, (_, n) => n * 1000))
  })

  it('unrolls time stamps that wrap', async () => {
    const demuxer = await open(film({ from: 2 ** 33 - 40_000 }))
    expect(times(await readAll(demuxer, VIDEO))).toEqual(Array.from({ length: 30 }, (_, n) => n * 1000))
    expect(times(await readAll(demuxer, SOUND)).slice(0, 3)).toEqual([0, 1024, 2048])
    expect(demuxer.index.durationMs).toBeCloseTo(1237, 0)
  })

  it('joins recordings whose time stamps jump', async () => {
    const muxer = film()
    film({ from: 90_000_000, muxer })
    film({ from: 50_000, muxer })
    const demuxer = await open(muxer)
    const all = times(await readAll(demuxer, VIDEO))
    expect(all).toEqual(Array.from({ length: 90 }, (_, n) => n * 1000))
    expectContinuous(await readAll(demuxer, SOUND))
  })
})

describe('damage', () => {
  it('drops the PES packet from which a transport packet is missing, and no other', async () => {
    const muxer = film({ pictureBytes: 900 })
    const continued = muxer.packets.findIndex(
      (packet, i) => i > 40 && packet[2] === 0 && (packet[1]! & 0x5f) === 0x01 && (packet[3]! & 0x20) === 0,
    )
    muxer.packets.splice(continued, 1)
    const all = times(await readAll(await open(muxer), VIDEO))
    expect(all.length).toBe(29)
  })

  it('takes a packet that is sent twice once', async () => {
    const muxer = film()
    muxer.packets.splice(20, 0, muxer.packets[20]!)
    expect(times(await readAll(await open(muxer), VIDEO)).length).toBe(30)
    expect(times(await readAll(await open(muxer), SOUND)).length).toBe(58)
  })

  it('passes a packet with transport_error_indicator over', async () => {
    const muxer = film()
    const bad = Uint8Array.from(muxer.packets[30]!)
    bad[1] = bad[1]! | 0x80
    muxer.packets[30] = bad
    const all = [...(await readAll(await open(muxer), VIDEO)), ...(await readAll(await open(muxer), SOUND))]
    expect(times(all).length).toBeGreaterThanOrEqual(85)
  })

  it('says that a scrambled stream is encrypted', async () => {
    const muxer = new TsMuxer()
    muxer.section(0, pat([1, 0x1000]))
    muxer.section(0x1000, pmt(1, 0, [[0x1b, VIDEO]]))
    for (let n = 0; n < 8; n++)
      muxer.pes({ pid: VIDEO, pts: n * 3600, payload: accessUnit(n === 0, 300, n), isScrambled: true })
    await expect(open(muxer)).rejects.toMatchObject({ code: 'ENCRYPTED' })
  })
})

describe('parameter sets that change in mid-film', () => {
  const muxer = film({ pictures: 10 })
  film({ pictures: 10, from: 90_000 + 10 * 3600, muxer, isOther: true })
  film({ pictures: 10, from: 90_000 + 20 * 3600, muxer })

  it('are told with the groups that they begin', async () => {
    const demuxer = await open(muxer)
    const starts = await demuxer.readGroupStarts([0, 1, 2, 3, 4, 5])
    const plain = { isClosed: true, lead: 0, bringsSets: true }
    const other = {
      ...plain,
      description: expect.objectContaining({ codecString: 'avc1.42c00a', width: 128, height: 72 }),
    }
    expect(starts).toEqual([plain, plain, other, other, plain, plain])
    const config = starts[2]!.description!.config
    expect([...config]).toEqual([
      1,
      0x42,
      0xc0,
      0x0a,
      0xff,
      0xe1,
      0,
      OTHER_SPS.length,
      ...OTHER_SPS,
      1,
      0,
      OTHER_PPS.length,
      ...OTHER_PPS,
    ])
  })

  it('all stay in the samples, so that those that come back do', async () => {
    const demuxer = await open(muxer)
    const keys = (await readAll(demuxer, VIDEO)).map(({ data }) => [...data[0]!.subarray(4, 8)])
    expect(keys).toEqual([0, 0, 1, 1, 0, 0].map(isOther => (isOther ? OTHER_SPS : SPS).slice(0, 4)))
    const whole = await readAll(demuxer, VIDEO, 6)
    expect(whole.flatMap(({ data }) => data)).toEqual((await readAll(demuxer, VIDEO)).flatMap(({ data }) => data))
  })
})

describe('a remote stream', () => {
  // 36 MB, of which a group of pictures is 300 kB, at 25 pictures a second.
  const muxer = film({ pictures: 3000, group: 25, pictureBytes: 11_500 })
  const bytes = muxer.toBytes()

  it('is sampled, and cut at the same keyframes as one that is read through', { timeout: 60_000 }, async () => {
    const far = memorySource(bytes, 512 * 1024)
    const sampled = await openMpegTs(far)
    expect(far.readBytes).toBeLessThan(6_000_000)
    expect(far.reads).toBeLessThan(30)
    const near = await openMpegTs(memorySource(bytes))
    expect(sampled.index.durationMs).toBe(near.index.durationMs)
    expect([...sampled.index.keyframes.time]).toEqual([...near.index.keyframes.time])
    for (const first of [60, 0, 61, 118]) {
      const span = { first, end: first + 1 }
      const [[picture, sound], [wanted, heard]] = (await Promise.all(
        [sampled, near].map(demuxer => demuxer.readSpan(span, [VIDEO, SOUND])),
      )) as [SampleBatch[], SampleBatch[]]
      expect(sound).toEqual(heard)
      const { data, size: _, ...columns } = picture!
      const { data: plain, size: __, ...expected } = wanted!
      expect(columns).toEqual(expected)
      expect(data.slice(1)).toEqual(plain.slice(1))
      // Nobody has seen whether they change: the sets stay before the keyframe.
      const added = data[0]!.length - plain[0]!.length
      expect(data[0]!.subarray(added)).toEqual(plain[0])
      expect(data[0]![4]! & 31).toBe(7)
    }
  })

  it('tells where parameter sets change, by few reads when it is opened, and then by one', {
    timeout: 60_000,
  }, async () => {
    const pictures = 1500
    const changing = film({ pictures, group: 25, pictureBytes: 11_500 })
    film({ pictures, group: 25, pictureBytes: 11_500, from: 90_000 + pictures * 3600, muxer: changing, isOther: true })
    const source = memorySource(changing.toBytes(), 512 * 1024)
    const { index } = await openMpegTs(source)
    expect(source.reads).toBeLessThan(40)
    expect(source.readBytes).toBeLessThan(8_000_000)
    const reopened = memorySource(changing.toBytes(), 512 * 1024)
    const demuxer = await openMpegTs(reopened, { index: deserializeIndex(serializeIndex(index)) })
    const starts = await demuxer.readGroupStarts(Array.from({ length: index.keyframes.count }, (_, i) => i))
    expect(reopened.reads).toBe(1)
    const first = starts.findIndex(({ description }) => description !== undefined)
    expect(first).toBe(60)
    for (const [i, { description, bringsSets, isClosed }] of starts.entries()) {
      expect([i, description?.width, bringsSets, isClosed]).toEqual([i, i < first ? undefined : 128, true, true])
    }
    await expect(demuxer.readGroupStarts([index.keyframes.count])).rejects.toMatchObject({ code: 'NOT_FOUND' })
  })

  it('brings no sets as long as none was found to change', { timeout: 60_000 }, async () => {
    const demuxer = await openMpegTs(memorySource(bytes, 512 * 1024))
    expect(await demuxer.readGroupStarts([0, 1, 100])).toEqual(Array(3).fill({ isClosed: true, lead: 0 }))
  })

  it('is read through where recordings were joined in it', { timeout: 60_000 }, async () => {
    const joined = Uint8Array.from([...bytes.subarray(0, 20_000_064), ...bytes.subarray(0, 20_000_064)])
    const demuxer = await openMpegTs(memorySource(joined, 512 * 1024))
    const { time, count } = demuxer.index.keyframes
    expect(count).toBeGreaterThan(125)
    for (let k = 1; k < count; k++) expect(time[k]! - time[k - 1]!).toBeLessThanOrEqual(26_000)
  })
})

describe('recordings that were joined', () => {
  it("leaves out the second one's sound where the first one's lasts into it", async () => {
    const muxer = film()
    film({ muxer, from: 90_000 + 30 * 3600 })
    const demuxer = await open(muxer)
    const batches = await readAll(demuxer, SOUND, 20)
    expect(batches).toHaveLength(1)
    expect([...batches[0]!.duration].filter(ticks => ticks < 512)).toEqual([])
    // 58 frames of sound each, the second one's from 1.2 s on, where the first one ends at 1.2373 s.
    expect(batches[0]!.count).toBe(58 * 2 - 2)
  })

  it('loses a track where its PID becomes that of another codec, and finds it again', async () => {
    const muxer = film()
    const foreign = new TsMuxer()
    foreign.section(
      0x1000,
      pmt(1, 1, [
        [0x24, VIDEO],
        [0x0f, SOUND],
      ]),
    )
    for (let n = 0; n < 5; n++) {
      foreign.pes({ pid: VIDEO, pts: 198_000 + n * 3600, payload: accessUnit(n === 0, 300, n), isUnbounded: true })
    }
    muxer.packets.push(...foreign.packets)
    film({ muxer, from: 216_000 })
    const demuxer = await open(muxer)
    const [batch] = await demuxer.readSpan({ first: 0, end: demuxer.index.keyframes.count }, [VIDEO])
    expect(batch!.count).toBe(60)
  })
})

describe('a stream that has not all that its program map names', () => {
  it('has the tracks that are sent', async () => {
    const muxer = new TsMuxer()
    muxer.section(0, pat([1, 0x1000]))
    muxer.section(
      0x1000,
      pmt(1, 0, [
        [0x0f, SOUND - 8],
        [0x1b, VIDEO],
        [0x0f, SOUND],
        [0x1b, VIDEO + 8],
      ]),
    )
    muxer.packets.push(...film().packets.slice(2))
    const { index } = await open(muxer)
    expect(index.tracks.map(({ id, isDefault }) => [id, isDefault])).toEqual([
      [VIDEO, true],
      [SOUND, true],
    ])
  })
})

describe('a stream of one picture', () => {
  it('is described by its last access unit, after which nothing comes', async () => {
    const muxer = new TsMuxer()
    muxer.section(0, pat([1, 0x1000]))
    muxer.section(0x1000, pmt(1, 0, [[0x1b, VIDEO]]))
    muxer.pes({ pid: VIDEO, pts: 90_000, payload: accessUnit(true, 300, 1), isUnbounded: true, isRandomAccess: true })
    const demuxer = await open(muxer)
    expect(demuxer.index.tracks).toMatchObject([{ width: 64, height: 36, start: 0, end: 1000 }])
    expect(demuxer.index.tracks[0]!.descriptions[0].codecString).toBe('avc1.42c00a')
    expect(await demuxer.readSpan({ first: 0, end: 1 }, [VIDEO])).toMatchObject([{ count: 1 }])
  })
})

function digest({ data, ...columns }: SampleBatch): unknown {
  const sums = data.map(bytes => bytes.reduce((sum, byte) => (Math.imul(sum, 31) + byte) | 0, bytes.length))
  return { ...columns, sums }
}
