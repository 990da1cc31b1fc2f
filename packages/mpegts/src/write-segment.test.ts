import { type AudioTrack, createSampleBatch, SAMPLE_SYNC, type SampleBatch, type VideoTrack } from '@cuemux/core'
import { describe, expect, it } from 'vitest'
import { crc32 } from './crc32.js'
import { PacketWriter } from './packet-writer.js'
import { writeTsSegment } from './write-segment.js'

const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'))
const AVCC = hex('01 640015 ff e1 0004 67640015 01 0002 68ce')
const ASC = hex('1190')

function track(codec: 'h264' | 'aac' | 'hevc', config: Uint8Array): VideoTrack & AudioTrack {
  const kind = codec === 'aac' ? 'audio' : 'video'
  return { id: 1, kind, codec, descriptions: [{ config, codecString: undefined }] } as unknown as VideoTrack &
    AudioTrack
}

function batch(timescale: number, dts: readonly number[], offsets: readonly number[], data: Uint8Array[]): SampleBatch {
  const made = createSampleBatch(1, timescale, data.length)
  made.dts.set(dts)
  made.compositionOffset.set(offsets)
  data.forEach((sample, i) => {
    made.size[i] = sample.length
    made.data.push(sample)
  })
  made.flags[0] = SAMPLE_SYNC
  return made
}

interface Packet {
  readonly pid: number
  readonly isStart: boolean
  readonly counter: number
  /** Adaptation field without its length. */
  readonly field: Uint8Array
  readonly payload: Uint8Array
}

function packetsOf(bytes: Uint8Array): Packet[] {
  expect(bytes.length % 188).toBe(0)
  return Array.from({ length: bytes.length / 188 }, (_, i) => {
    const packet = bytes.subarray(i * 188, i * 188 + 188)
    const [sync, second = 0, third = 0, fourth = 0, fifth = 0] = packet
    expect(sync).toBe(0x47)
    const fieldBytes = fourth & 0x20 ? fifth + 1 : 0
    return {
      pid: ((second & 0x1f) << 8) | third,
      isStart: (second & 0x40) !== 0,
      counter: fourth & 15,
      field: packet.subarray(5, 4 + fieldBytes),
      payload: packet.subarray(4 + fieldBytes),
    }
  })
}

const joined = (packets: readonly Packet[]): string =>
  Buffer.concat(packets.map(({ payload }) => payload)).toString('hex')

describe('a segment of pictures', () => {
  const slice = hex('00000004 65aabbcc')
  const other = hex('00000002 09f0 00000003 41ddee')
  const { bytes, keyframeBytes } = writeTsSegment(
    track('h264', AVCC),
    batch(24_000, [0, 1001], [2002, 0], [slice, other]),
    2002,
  )
  const packets = packetsOf(bytes)

  it('starts with the tables', () => {
    const [pat, pmt] = packets
    expect([pat?.pid, pmt?.pid]).toEqual([0, 0x1000])
    for (const { payload } of [pat, pmt] as Packet[]) {
      const length = (((payload[2] ?? 0) & 15) << 8) | (payload[3] ?? 0)
      expect(crc32(payload.subarray(1, 4 + length))).toBe(0)
    }
    expect(Buffer.from(pmt?.payload.subarray(1, 18) ?? []).toString('hex')).toBe('02b0120001c10000e100f0001be100f000')
  })
  it('has each picture in a PES packet with its times, Annex B, its sets and one delimiter', () => {
    const [first, second] = packets.slice(2)
    // 2002/24000 s and 4004/24000 s, a second later.
    const header = '000001e00000 84c00a 310007346f 110005f9c9'
    const units = '0000000109f0 0000000167640015 0000000168ce 0000000165aabbcc'
    expect(joined([first as Packet])).toBe(`${header}${units}`.replaceAll(' ', ''))
    expect(joined([second as Packet]).slice(-26)).toBe(['0000000109f0', '0000000141ddee'].join(''))
    expect(first?.isStart && second?.isStart).toBe(true)
    expect([first?.counter, second?.counter]).toEqual([0, 1])
    // Discontinuity, random access and clock; then the clock alone.
    expect([first?.field[0], second?.field[0]]).toEqual([0xd0, 0x10])
    expect(keyframeBytes).toBe(3 * 188)
  })
})

it('has several frames of sound in a PES packet, each with its ADTS header', () => {
  const frames = Array.from({ length: 9 }, (_, i) => new Uint8Array(20 + i).fill(i))
  const times = frames.map((_, i) => i * 1024)
  const { bytes } = writeTsSegment(
    track('aac', ASC),
    batch(
      48_000,
      times,
      times.map(() => 0),
      frames,
    ),
    0,
  )
  const starts = packetsOf(bytes)
    .slice(2)
    .filter(({ isStart }) => isStart)
  expect(starts).toHaveLength(2)
  const text = joined(packetsOf(bytes).slice(2))
  expect(text.match(/fff14c80/g)).toHaveLength(9)
  expect(text).toContain(`fff14c80037ffc${'00'.repeat(20)}`)
})

it('writes times of 33 bits that wrap, and counters of four', () => {
  const writer = new PacketWriter()
  for (let i = 0; i < 20; i++) writer.writeUnit(5, new Uint8Array(185 + i).fill(7), { pcr: 2 ** 33 - 1 })
  const packets = packetsOf(writer.bytes)
  expect(packets.map(({ counter }) => counter)).toEqual(packets.map((_, i) => i % 16))
  expect(Buffer.from(packets[2]?.field.subarray(0, 7) ?? []).toString('hex')).toBe('10fffffffffe00')
  const payload = packets.reduce((sum, each) => sum + each.payload.length, 0)
  expect(payload).toBe(20 * 185 + (19 * 20) / 2)
  const day = batch(1, [95_443], [0], [hex('00000001 65')])
  expect(joined(packetsOf(writeTsSegment(track('h264', AVCC), day, 0).bytes).slice(2))).toContain('84800521')
})

it('has no other codecs', () => {
  expect(() => writeTsSegment(track('hevc', AVCC), batch(1, [0], [0], [new Uint8Array(1)]), 0)).toThrow(
    expect.objectContaining({ code: 'UNSUPPORTED_CODEC' }),
  )
})
