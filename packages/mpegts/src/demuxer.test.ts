import type { Demuxer, SampleBatch, Span } from '@cuemux/core'
import { describe, expect, it } from 'vitest'
import {
  accessUnit,
  adts,
  film,
  memorySource,
  OTHER_PPS,
  OTHER_SPS,
  pat,
  pmt,
  SPS,
  TsMuxer,
} from '../testing/ts-muxer.js'
import { openMpegTs } from './index.js'

const VIDEO = 0x100
const SOUND = 0x101

async function open(muxer: TsMuxer, stride: 188 | 192 | 204 = 188): Promise<Demuxer> {
  return openMpegTs(memorySource(muxer.toBytes(stride)))
}

async function readAll(demuxer: Demuxer, trackId: number, step = 1): Promise<SampleBatch[]> {
  const { count } = demuxer.index.keyframes
  const batches: SampleBatch[] = []
  for (let first = 0; first < count; first += step) {
    batches.push(...(await demuxer.readSpan({ first, end: Math.min(count, first + step) }, [trackId])))
  }
  return batches
}

function times(batches: readonly SampleBatch[]): number[] {
  return batches.flatMap(({ dts, compositionOffset }) => Array.from(dts, (time, i) => time + compositionOffset[i]!))
}

function expectContinuous(batches: readonly SampleBatch[]): void {
  for (let n = 1; n < batches.length; n++) {
    const { dts, duration, count } = batches[n - 1]!
    expect(batches[n]!.dts[0]).toBe(dts[count - 1]! + duration[count - 1]!)
  }
}

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

describe('packets and frames', () => {
  it('puts an ADTS frame together that crosses PES packets', async () => {
    const muxer = new TsMuxer()
    muxer.section(0, pat([1, 0x1000]))
    muxer.section(0x1000, pmt(1, 0, [[0x0f, SOUND]]))
    const frames = Uint8Array.from(Array.from({ length: 60 }, (_, n) => [...adts(93, n)]).flat())
    // Ten packets of six frames' bytes, each but the first beginning 30 bytes into a frame.
    for (let n = 0; n < 10; n++) {
      const from = n === 0 ? 0 : n * 600 + 30
      const payload = frames.subarray(from, n === 9 ? frames.length : (n + 1) * 600 + 30)
      const firstFrame = Math.ceil(from / 100)
      muxer.pes({ pid: SOUND, streamId: 0xc0, pts: 90_000 + firstFrame * 1920, payload })
    }
    const demuxer = await open(muxer)
    const batches = await readAll(demuxer, SOUND)
    expect(times(batches)).toEqual(Array.from({ length: 60 }, (_, n) => n * 1024))
    expect(batches.flatMap(({ data }) => data.map(frame => [frame.length, frame[50]]))).toEqual(
      Array.from({ length: 60 }, (_, n) => [93, n]),
    )
  })

  it('cuts access units where they begin, not where PES packets do', async () => {
    const muxer = new TsMuxer()
    muxer.section(0, pat([1, 0x1000]))
    muxer.section(0x1000, pmt(1, 0, [[0x1b, VIDEO]]))
    const unit = (n: number): Uint8Array => accessUnit(n % 4 === 0, 200, n + 16)
    for (let n = 0; n < 12; n += 4) {
      // Two in one packet; then one in two packets, the second of which has no time stamp.
      muxer.pes({ pid: VIDEO, pts: n * 3600, payload: Uint8Array.from([...unit(n), ...unit(n + 1)]) })
      muxer.pes({ pid: VIDEO, pts: (n + 2) * 3600, payload: unit(n + 2).subarray(0, 90) })
      muxer.pes({ pid: VIDEO, payload: unit(n + 2).subarray(90) })
      muxer.pes({ pid: VIDEO, pts: (n + 3) * 3600, payload: unit(n + 3) })
    }
    const batches = await readAll(await open(muxer), VIDEO)
    expect(batches.flatMap(({ data }) => data.map(sample => [sample.length, sample.at(-1)]))).toEqual(
      Array.from({ length: 12 }, (_, n) => [204, n + 16]),
    )
    expect(times(batches)).toEqual(Array.from({ length: 12 }, (_, n) => n * 1000))
  })

  it('follows the program map to other PIDs', async () => {
    const muxer = film()
    muxer.section(
      0x1000,
      pmt(1, 1, [
        [0x1b, 0x200],
        [0x0f, SOUND],
      ]),
    )
    for (let n = 30; n < 40; n++) {
      muxer.pes({ pid: 0x200, pts: 90_000 + n * 3600, payload: accessUnit(n % 5 === 0, 300, n), isUnbounded: true })
    }
    const batches = await readAll(await open(muxer), VIDEO)
    expect(times(batches)).toEqual(Array.from({ length: 40 }, (_, n) => n * 1000))
  })

  it('reads LATM as raw frames with its AudioSpecificConfig', async () => {
    const muxer = new TsMuxer()
    muxer.section(0, pat([1, 0x1000]))
    muxer.section(0x1000, pmt(1, 0, [[0x11, SOUND]]))
    for (let n = 0; n < 60; n++) {
      muxer.pes({ pid: SOUND, streamId: 0xc0, pts: 90_000 + n * 1920, payload: latm([0x21, n, 0x55]) })
    }
    const demuxer = await open(muxer)
    const [track] = demuxer.index.tracks
    expect(track).toMatchObject({ codec: 'aac', timescale: 48000, channels: 2, frameDuration: 1024 })
    expect([...track!.descriptions[0].config]).toEqual([0x11, 0x90])
    const batches = await readAll(demuxer, SOUND)
    expect(times(batches)).toEqual(Array.from({ length: 60 }, (_, n) => n * 1024))
    expect(batches.flatMap(({ data }) => data.map(frame => [...frame]))).toEqual(
      Array.from({ length: 60 }, (_, n) => [0x21, n, 0x55]),
    )
  })

  it('joins dependent E-AC-3 substreams to the independent one before them', async () => {
    const muxer = new TsMuxer()
    muxer.section(0, pat([1, 0x1000]))
    muxer.section(0x1000, pmt(1, 0, [[0x87, SOUND]]))
    for (let n = 0; n < 40; n++) {
      const payload = Uint8Array.from([...eac3(0, 64, n), ...eac3(1, 32, n)])
      muxer.pes({ pid: SOUND, streamId: 0xbd, pts: 90_000 + n * 2880, payload })
    }
    const demuxer = await open(muxer)
    expect(demuxer.index.tracks[0]).toMatchObject({ codec: 'eac3', timescale: 48000, frameDuration: 1536 })
    const batches = await readAll(demuxer, SOUND)
    expect(times(batches)).toEqual(Array.from({ length: 40 }, (_, n) => n * 1536))
    expect(new Set(batches.flatMap(({ data }) => data.map(frame => frame.length)))).toEqual(new Set([96]))
  })

  it('plays the first program with video, and lists what does not play', async () => {
    const muxer = new TsMuxer()
    muxer.section(0, pat([1, 0x1000], [2, 0x1001]))
    muxer.section(0x1000, pmt(1, 0, [[0x0f, 0x300]]))
    muxer.section(
      0x1001,
      pmt(2, 0, [
        [0x1b, VIDEO],
        [6, 0x120, [0x59, 8, 0x67, 0x65, 0x72, 0x10, 0, 1, 0, 1]],
        [6, 0x121, [0x56, 5, 0x66, 0x72, 0x61, 0x09, 0]],
        [6, 0x122, [0x6a, 1, 0]],
        [0x86, 0x123],
      ]),
    )
    for (let n = 0; n < 10; n++) muxer.pes({ pid: VIDEO, pts: n * 3600, payload: accessUnit(n % 5 === 0, 300, n + 16) })
    const { tracks } = (await open(muxer)).index
    expect(tracks.map(({ id, kind, codec, language }) => [id, kind, codec, language])).toEqual([
      [VIDEO, 'video', 'h264', 'und'],
      [0x120, 'text', 'dvbsub', 'de'],
      [0x121, 'text', 'unknown', 'fr'],
      [0x122, 'audio', 'ac3', 'und'],
    ])
  })
})

describe('parameter sets that change in mid-film', () => {
  const muxer = film({ pictures: 10 })
  film({ pictures: 10, from: 90_000 + 10 * 3600, muxer, isOther: true })
  film({ pictures: 10, from: 90_000 + 20 * 3600, muxer })

  it('are told with the groups that they begin', async () => {
    const demuxer = await open(muxer)
    const starts = await demuxer.readGroupStarts([0, 1, 2, 3, 4, 5])
    const plain = { isClosed: true, lead: 0 }
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
      expect(await sampled.readSpan(span, [VIDEO, SOUND])).toEqual(await near.readSpan(span, [VIDEO, SOUND]))
    }
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

describe('Opus', () => {
  /** A packet of silence of 20 ms with its control header. */
  const packet = [0x7f, 0xe0, 3, 0xfc, 0xff, 0xfe]

  async function sound(extension: readonly number[]): Promise<unknown> {
    const muxer = new TsMuxer()
    muxer.section(0, pat([1, 0x1000]))
    muxer.section(0x1000, pmt(1, 0, [[6, SOUND, [5, 4, 0x4f, 0x70, 0x75, 0x73, ...extension]]]))
    for (let n = 0; n < 20; n++) {
      muxer.pes({ pid: SOUND, streamId: 0xbd, pts: 90_000 + n * 1800, payload: Uint8Array.from(packet) })
    }
    const { index } = await open(muxer)
    const [track] = index.tracks
    return track?.kind === 'audio' ? [track.channels, ...track.descriptions[0].config.subarray(10)] : track
  }

  it('has the channels that its descriptor tells, else those of its first packet', async () => {
    expect(await sound([0x7f, 2, 0x80, 6])).toEqual([6, 1, 4, 2, 0, 4, 1, 2, 3, 5])
    expect(await sound([0x7f, 2, 0x80, 1])).toEqual([1, 0])
    expect(await sound([0x7f, 2, 0x80, 0x81])).toEqual([2, 0])
    expect(await sound([])).toEqual([2, 0])
  })
})

/** A batch with a number for each sample's bytes: quicker to compare. */
function digest({ data, ...columns }: SampleBatch): unknown {
  const sums = data.map(bytes => bytes.reduce((sum, byte) => (Math.imul(sum, 31) + byte) | 0, bytes.length))
  return { ...columns, sums }
}

/** An AudioMuxElement of AAC-LC, 48 kHz, stereo, with StreamMuxConfig, in a LOAS frame. */
function latm(frame: readonly number[]): Uint8Array {
  const bits = [
    '0', // useSameStreamMux
    '0', // audioMuxVersion
    '1', // allStreamsSameTimeFraming
    '000000', // numSubFrames
    '0000', // numProgram
    '000', // numLayer
    '00010',
    '0011',
    '0010',
    '000', // AudioSpecificConfig: 11 90
    '000',
    '11111111', // frameLengthType, latmBufferFullness
    '0',
    '0', // otherDataPresent, crcCheckPresent
    frame.length.toString(2).padStart(8, '0'),
    ...frame.map(byte => byte.toString(2).padStart(8, '0')),
  ].join('')
  const element = Uint8Array.from(bits.match(/.{1,8}/g) ?? [], byte => Number.parseInt(byte.padEnd(8, '0'), 2))
  return Uint8Array.from([0x56, 0xe0 | (element.length >> 8), element.length & 255, ...element])
}

/** An E-AC-3 syncframe of six blocks at 48 kHz, stereo: its header and filling. */
function eac3(type: 0 | 1, size: number, fill: number): number[] {
  const words = size / 2 - 1
  return [
    0x0b,
    0x77,
    (type << 6) | (words >> 8),
    words & 255,
    0x34,
    0x80,
    ...new Array<number>(size - 6).fill(fill & 7),
  ]
}
