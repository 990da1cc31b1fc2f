import type { ByteSource } from '@cuemux/core'
import { crc32 } from '../src/crc32.js'

/** A PES packet for {@link muxTs}. */
export interface TestPes {
  readonly pid: number
  readonly streamId?: number
  readonly pts?: number
  readonly dts?: number
  readonly payload: Uint8Array
  readonly isRandomAccess?: boolean
  readonly isUnbounded?: boolean
  readonly isScrambled?: boolean
  /** Payload bytes of each transport packet at most; default all that fit. */
  readonly chunkBytes?: number
}

/** Writes transport packets, with a continuity counter per PID. */
export class TsMuxer {
  readonly packets: Uint8Array[] = []
  readonly #counters = new Map<number, number>()

  section(pid: number, section: Uint8Array): void {
    const payload = new Uint8Array(184).fill(0xff)
    payload[0] = 0
    payload.set(section, 1)
    this.packet(pid, payload, true)
  }

  pes(pes: TestPes): void {
    const bytes = pesBytes(pes)
    const most = pes.chunkBytes ?? 184
    for (let at = 0; at < bytes.length; ) {
      const isStart = at === 0
      const room = isStart && pes.isRandomAccess ? 182 : 184
      const part = bytes.subarray(at, at + Math.min(room, most))
      this.packet(pes.pid, part, isStart, isStart && pes.isRandomAccess === true, pes.isScrambled === true)
      at += part.length
    }
  }

  packet(pid: number, payload: Uint8Array, isStart: boolean, isRandomAccess = false, isScrambled = false): void {
    const counter = this.#counters.get(pid) ?? 0
    this.#counters.set(pid, (counter + 1) & 15)
    const packet = new Uint8Array(188).fill(0xff)
    packet[0] = 0x47
    packet[1] = (isStart ? 0x40 : 0) | (pid >> 8)
    packet[2] = pid & 255
    const stuffing = 184 - payload.length
    packet[3] = (isScrambled ? 0x80 : 0) | (stuffing > 0 ? 0x30 : 0x10) | counter
    if (stuffing > 0) packet[4] = stuffing - 1
    if (stuffing > 1) packet[5] = isRandomAccess ? 0x40 : 0
    packet.set(payload, 188 - payload.length)
    this.packets.push(packet)
  }

  /** All packets; with bytes before (192) or behind (204) each. */
  toBytes(stride: 188 | 192 | 204 = 188): Uint8Array {
    const out = new Uint8Array(this.packets.length * stride)
    for (const [i, packet] of this.packets.entries()) out.set(packet, i * stride + (stride === 192 ? 4 : 0))
    return out
  }
}

function pesBytes({ streamId = 0xe0, pts, dts, payload, isUnbounded }: TestPes): Uint8Array {
  const stamps = [
    ...(pts === undefined ? [] : stamp(dts === undefined ? 2 : 3, pts)),
    ...(dts === undefined ? [] : stamp(1, dts)),
  ]
  const length = isUnbounded ? 0 : 3 + stamps.length + payload.length
  const flags = (pts === undefined ? 0 : 0x80) | (dts === undefined ? 0 : 0x40)
  return Uint8Array.from([
    0,
    0,
    1,
    streamId,
    length >> 8,
    length & 255,
    0x80,
    flags,
    stamps.length,
    ...stamps,
    ...payload,
  ])
}

function stamp(prefix: number, value: number): number[] {
  const wrapped = ((value % 2 ** 33) + 2 ** 33) % 2 ** 33
  const high = Math.floor(wrapped / 2 ** 30)
  const middle = Math.floor(wrapped / 2 ** 15) & 0x7fff
  const low = wrapped % 2 ** 15
  return [(prefix << 4) | (high << 1) | 1, middle >> 7, ((middle & 127) << 1) | 1, low >> 7, ((low & 127) << 1) | 1]
}

/** A PAT section. */
export function pat(...programs: readonly (readonly [number: number, pid: number])[]): Uint8Array {
  const body = programs.flatMap(([number, pid]) => [number >> 8, number & 255, 0xe0 | (pid >> 8), pid & 255])
  return section(0, 1, 0, body)
}

/** A stream of {@link pmt}: type, PID, descriptors as bytes. */
export type TestStream = readonly [type: number, pid: number, descriptors?: readonly number[]]

/** A PMT section. */
export function pmt(program: number, version: number, streams: readonly TestStream[]): Uint8Array {
  const body = [0xe1, 0, 0xf0, 0]
  for (const [type, pid, descriptors = []] of streams) {
    body.push(
      type,
      0xe0 | (pid >> 8),
      pid & 255,
      0xf0 | (descriptors.length >> 8),
      descriptors.length & 255,
      ...descriptors,
    )
  }
  return section(2, program, version, body)
}

function section(table: number, id: number, version: number, body: readonly number[]): Uint8Array {
  const length = 5 + body.length + 4
  const head = [table, 0xb0 | (length >> 8), length & 255, id >> 8, id & 255, 0xc1 | (version << 1), 0, 0, ...body]
  const crc = crc32(Uint8Array.from(head))
  return Uint8Array.from([...head, crc >>> 24, (crc >> 16) & 255, (crc >> 8) & 255, crc & 255])
}

/** An ADTS frame of AAC-LC, 48 kHz, stereo, whose payload is `fill` repeated. */
export function adts(payloadBytes: number, fill: number): Uint8Array {
  const size = payloadBytes + 7
  return Uint8Array.from([
    0xff,
    0xf1,
    0x4c,
    0x80 | (size >> 11),
    (size >> 3) & 255,
    ((size & 7) << 5) | 0x1f,
    0xfc,
    ...new Array<number>(payloadBytes).fill(fill),
  ])
}

/** SPS (Baseline, 64x36, 25 pictures a second, as x264 writes it) and PPS. */
export const SPS: readonly number[] = [
  0x67, 0x42, 0xc0, 0x0a, 0xd9, 0x04, 0x7f, 0x9f, 0x01, 0x10, 0x00, 0x00, 0x03, 0x00, 0x10, 0x00, 0x00, 0x03, 0x03,
  0x28, 0xf1, 0x22, 0x64, 0x80,
]
export const PPS: readonly number[] = [0x68, 0xcb, 0x83, 0xcb, 0x20]
/** Others: Baseline, 128x72. */
export const OTHER_SPS: readonly number[] = [
  0x67, 0x42, 0xc0, 0x0a, 0xda, 0x08, 0x2f, 0xe5, 0xc0, 0x44, 0x00, 0x00, 0x03, 0x00, 0x04, 0x00, 0x00, 0x03, 0x00,
  0xc8, 0x3c, 0x48, 0x9a, 0x80,
]
export const OTHER_PPS: readonly number[] = [0x68, 0xce, 0x0f, 0xc8]
const AUD: readonly number[] = [0, 0, 0, 1, 9, 0xf0]

/** An access unit of H.264: a delimiter, parameter sets before a keyframe, and a slice of `bytes` bytes. */
export function accessUnit(isKey: boolean, bytes: number, fill: number, isOther = false): Uint8Array {
  const [sps, pps] = isOther ? [OTHER_SPS, OTHER_PPS] : [SPS, PPS]
  const sets = isKey ? [0, 0, 0, 1, ...sps, 0, 0, 0, 1, ...pps] : []
  const slice = [isKey ? 0x65 : 0x41, 0x88, ...new Array<number>(bytes - 2).fill(fill)]
  return Uint8Array.from([...AUD, ...sets, 0, 0, 1, ...slice])
}

/** A source over bytes in memory. */
export function memorySource(bytes: Uint8Array, seekCostBytes = 0): ByteSource & { reads: number; readBytes: number } {
  return {
    key: 'memory:test',
    name: 'test.ts',
    sizeBytes: bytes.length,
    seekCostBytes,
    reads: 0,
    readBytes: 0,
    read(offset: number, length: number): Uint8Array {
      const view = bytes.subarray(Math.min(offset, bytes.length), Math.min(offset + length, bytes.length))
      this.reads++
      this.readBytes += view.length
      return view
    },
  }
}

/** How {@link film} is made. */
export interface FilmOptions {
  readonly pictures?: number
  readonly group?: number
  /** First presentation time, 90 kHz. */
  readonly from?: number
  readonly flags?: 'true' | 'none' | 'lying'
  readonly muxer?: TsMuxer
  readonly pictureBytes?: number
  /** Its parameter sets are the other ones. */
  readonly isOther?: boolean
}

/** Pictures at 25/s on PID 0x100, groups of 5, and AAC on 0x101, 47 frames a second in packets of two, some crossing. */
export function film(options: FilmOptions = {}): TsMuxer {
  const { pictures = 30, group = 5, from = 90_000, flags = 'true', muxer = new TsMuxer(), pictureBytes = 300 } = options
  const { isOther = false } = options
  let sound = 0
  muxer.section(0, pat([1, 0x1000]))
  muxer.section(
    0x1000,
    pmt(1, 0, [
      [0x1b, 0x100],
      [0x0f, 0x101, [10, 4, 0x65, 0x6e, 0x67, 0]],
    ]),
  )
  for (let n = 0; n < pictures; n++) {
    const isKey = n % group === 0
    const isRandomAccess = flags === 'true' ? isKey : flags === 'lying' ? !isKey : false
    muxer.pes({
      pid: 0x100,
      pts: from + n * 3600,
      payload: accessUnit(isKey, pictureBytes, n + 16, isOther),
      isUnbounded: true,
      isRandomAccess,
    })
    while (sound * 1024 * 90_000 < (n + 1) * 3600 * 48_000) {
      const pts = from + Math.round((sound * 1024 * 90_000) / 48_000)
      muxer.pes({
        pid: 0x101,
        streamId: 0xc0,
        pts,
        payload: Uint8Array.from([...adts(40, sound & 127), ...adts(41, (sound + 1) & 127)]),
      })
      sound += 2
    }
  }
  return muxer
}
