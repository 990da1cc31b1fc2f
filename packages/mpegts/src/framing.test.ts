import { describe, expect, it } from 'vitest'
import { open, readAll, SOUND, times, VIDEO } from '../testing/reading.js'
import { accessUnit, adts, film, pat, pmt, TsMuxer } from '../testing/ts-muxer.js'

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
        [6, 0x122, [0x7a, 1, 0]],
        [0x86, 0x123],
      ]),
    )
    for (let n = 0; n < 10; n++) muxer.pes({ pid: VIDEO, pts: n * 3600, payload: accessUnit(n % 5 === 0, 300, n + 16) })
    for (let n = 0; n < 4; n++) muxer.pes({ pid: 0x122, pts: n * 2880, payload: Uint8Array.from(eac3(0, 64, n)) })
    const { tracks } = (await open(muxer)).index
    expect(tracks.map(({ id, kind, codec, language }) => [id, kind, codec, language])).toEqual([
      [VIDEO, 'video', 'h264', 'und'],
      [0x120, 'text', 'dvbsub', 'de'],
      [0x121, 'text', 'unknown', 'fr'],
      [0x122, 'audio', 'eac3', 'und'],
    ])
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
