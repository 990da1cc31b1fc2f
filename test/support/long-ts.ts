import { readFile } from 'node:fs/promises'

const PACKET = 188
const CLOCK = 90_000

/** A transport stream that is a short one over and over: time stamps, clock references and counters go on. */
export interface LongTs {
  readonly name: string
  readonly size: number
  /** Length of the short one, s. */
  readonly roundSeconds: number
  read(offset: number, length: number): Uint8Array
}

/** The rounds that make at least `leastBytes`; `roundSeconds` is how long one is, which its sound may pass by a frame. */
export async function longTs(file: string, roundSeconds: number, leastBytes: number): Promise<LongTs> {
  const { length } = await readFile(file)
  return longTsOf([{ file, rounds: Math.ceil(leastBytes / length) }], roundSeconds)
}

/** A short stream and how often it comes. */
export interface LongTsPart {
  readonly file: string
  readonly rounds: number
}

/** Short streams of one length and with the same PIDs behind each other, each so many times. */
export async function longTsOf(parts: readonly LongTsPart[], roundSeconds: number): Promise<LongTs> {
  const stretches = await Promise.all(parts.map(readPart))
  const begins: Begin[] = []
  let [size, round, counters] = [0, 0, new Uint32Array(8192)]
  for (const { bytes, rounds, packetsOf } of stretches) {
    begins.push({ position: size, round, counters })
    size += rounds * bytes.length
    round += rounds
    counters = counters.map((count, pid) => count + rounds * packetsOf[pid]!)
  }
  const packetAt = (position: number): Uint8Array => {
    const i = begins.findLastIndex(begin => begin.position <= position)
    const [{ bytes, packetsOf }, begin] = [stretches[i]!, begins[i]!]
    const n = Math.floor((position - begin.position) / bytes.length)
    const at = (position - begin.position) % bytes.length
    const packet = Uint8Array.from(bytes.subarray(at, at + PACKET))
    const pid = pidAt(packet)
    packet[3] = (packet[3]! & 0xf0) | ((packet[3]! + begin.counters[pid]! + n * packetsOf[pid]!) & 15)
    moveTimes(packet, (begin.round + n) * roundSeconds * CLOCK)
    return packet
  }
  return {
    name: 'long.ts',
    size,
    roundSeconds,
    read(offset: number, length: number): Uint8Array {
      const end = Math.min(size, offset + length)
      const bytes = new Uint8Array(Math.max(0, end - offset))
      for (let at = offset - (offset % PACKET); at < end; at += PACKET) {
        const packet = packetAt(at)
        const from = Math.max(0, offset - at)
        bytes.set(packet.subarray(from, Math.min(PACKET, end - at)), at + from - offset)
      }
      return bytes
    },
  }
}

interface Begin {
  readonly position: number
  /** Rounds before it, and packets with a payload by PID. */
  readonly round: number
  readonly counters: Uint32Array
}

async function readPart({ file, rounds }: LongTsPart) {
  const bytes = await readFile(file)
  const packetsOf = new Uint32Array(8192)
  for (let at = 0; at < bytes.length; at += PACKET) {
    const packet = bytes.subarray(at, at + PACKET)
    if (packet[3]! & 0x10) packetsOf[pidAt(packet)]!++
  }
  return { bytes, rounds, packetsOf }
}

function pidAt(packet: Uint8Array): number {
  return ((packet[1]! & 0x1f) << 8) | packet[2]!
}

/** Moves PCR, PTS and DTS of a packet, 90 kHz. */
function moveTimes(packet: Uint8Array, ticks: number): void {
  const hasAdaptation = (packet[3]! & 0x20) !== 0
  if (hasAdaptation && packet[4]! > 6 && packet[5]! & 0x10) {
    const base =
      packet[6]! * 2 ** 25 + (packet[7]! << 17) + (packet[8]! << 9) + (packet[9]! << 1) + (packet[10]! >> 7) + ticks
    for (const [i, shift] of [25, 17, 9, 1].entries()) packet[6 + i] = Math.floor(base / 2 ** shift) & 255
    packet[10] = ((base & 1) << 7) | (packet[10]! & 0x7f)
  }
  const at = 4 + (hasAdaptation ? 1 + packet[4]! : 0)
  const isPes =
    (packet[1]! & 0x40) !== 0 && at + 19 <= PACKET && packet[at] === 0 && packet[at + 1] === 0 && packet[at + 2] === 1
  if (!isPes) return
  const stamps = packet[at + 7]! >> 6
  if (stamps & 2) moveStamp(packet, at + 9, ticks)
  if (stamps === 3) moveStamp(packet, at + 14, ticks)
}

function moveStamp(packet: Uint8Array, at: number, ticks: number): void {
  const high = (packet[at]! >> 1) & 7
  const middle = (packet[at + 1]! << 7) | (packet[at + 2]! >> 1)
  const low = (packet[at + 3]! << 7) | (packet[at + 4]! >> 1)
  const stamp = high * 2 ** 30 + middle * 2 ** 15 + low + ticks
  packet[at] = (packet[at]! & 0xf1) | ((Math.floor(stamp / 2 ** 30) & 7) << 1)
  packet[at + 1] = Math.floor(stamp / 2 ** 22) & 255
  packet[at + 2] = ((Math.floor(stamp / 2 ** 15) & 0x7f) << 1) | 1
  packet[at + 3] = (stamp >>> 7) & 255
  packet[at + 4] = ((stamp & 0x7f) << 1) | 1
}
