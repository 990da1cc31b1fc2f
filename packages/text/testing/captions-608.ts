import type { SampleBatch } from '@cuemux/core'

/** A caption of CEA-608, pop-on. */
export interface TestCaption {
  readonly startUs: number
  readonly endUs: number
  /** Rows of ASCII, 32 characters each at most. */
  readonly rows: readonly string[]
  /** Row of the first one, 1 to 15; by default the rows end at 15. */
  readonly row?: number
  /** Column of the rows, a multiple of 4; 0 by default. */
  readonly column?: number
  readonly isItalic?: boolean
}

/** Two bytes of a field of line 21, with parity. */
export type Pair = readonly [first: number, second: number]

/** Which of the two fields and channels within. */
export type TestChannel = 'CC1' | 'CC2' | 'CC3' | 'CC4'

/** First bytes of preamble address codes, and whether the second one begins at 0x60 (ANSI/CTA-608, table 53). */
const ROWS: readonly (readonly [first: number, isUpper: boolean])[] = [
  [0x11, false],
  [0x11, true],
  [0x12, false],
  [0x12, true],
  [0x15, false],
  [0x15, true],
  [0x16, false],
  [0x16, true],
  [0x17, false],
  [0x17, true],
  [0x10, false],
  [0x13, false],
  [0x13, true],
  [0x14, false],
  [0x14, true],
]

/** Seven bits and odd parity. */
export function withParity(byte: number): number {
  let ones = 0
  for (let bit = 0; bit < 7; bit++) ones += (byte >> bit) & 1
  return ones % 2 === 0 ? byte | 0x80 : byte
}

function pair(first: number, second: number): Pair {
  return [withParity(first), withParity(second)]
}

/** A control code of a channel; sent twice, as the standard wants it. */
function code(channel: TestChannel, first: number, second: number): Pair[] {
  const isSecond = channel === 'CC2' || channel === 'CC4'
  const isField2 = (channel === 'CC3' || channel === 'CC4') && first === 0x14 && second < 0x40
  const sent = pair(first + (isSecond ? 8 : 0) + (isField2 ? 1 : 0), second)
  return [sent, sent]
}

/** The pairs that load a caption into the memory that isn't shown: RCL, ENM, then each row. */
export function loadPairs(caption: TestCaption, channel: TestChannel = 'CC1'): Pair[] {
  const pairs = [...code(channel, 0x14, 0x20), ...code(channel, 0x14, 0x2e)]
  const firstRow = caption.row ?? 16 - caption.rows.length
  caption.rows.forEach((text, i) => {
    const [first, isUpper] = ROWS[firstRow - 1 + i]!
    const indent = 0x10 | (((caption.column ?? 0) / 4) << 1)
    pairs.push(...code(channel, first, (isUpper ? 0x60 : 0x40) | indent))
    if (caption.isItalic) pairs.push(...code(channel, 0x11, 0x2e))
    for (let at = 0; at < text.length; at += 2) {
      pairs.push(pair(text.charCodeAt(at), at + 1 < text.length ? text.charCodeAt(at + 1) : 0))
    }
  })
  return pairs
}

/** EOC: the loaded caption is shown. */
export function showPairs(channel: TestChannel = 'CC1'): Pair[] {
  return code(channel, 0x14, 0x2f)
}

/** EDM: nothing is shown. */
export function erasePairs(channel: TestChannel = 'CC1'): Pair[] {
  return code(channel, 0x14, 0x2c)
}

/**
 * The pair of one channel for each picture: captions are loaded before their start, shown and erased at their times,
 * one pair a picture.
 *
 * @param times presentation times of the pictures, µs, rising
 */
export function scheduleCaptions(
  captions: readonly TestCaption[],
  times: readonly number[],
  channel: TestChannel = 'CC1',
): (Pair | undefined)[] {
  const line: (Pair | undefined)[] = times.map(() => undefined)
  const pictureAt = (us: number): number => times.findIndex(time => time >= us)
  captions.forEach(({ startUs, endUs }, i) => {
    line.splice(pictureAt(startUs), 2, ...showPairs(channel))
    const end = pictureAt(endUs)
    const next = captions[i + 1]
    if (end >= 0 && (next === undefined || next.startUs > endUs)) line.splice(end, 2, ...erasePairs(channel))
  })
  captions.forEach((caption, i) => {
    const earliest = i === 0 ? 0 : pictureAt(captions[i - 1]!.startUs)
    let at = pictureAt(caption.startUs)
    for (const sent of loadPairs(caption, channel).reverse()) {
      while (line[--at] !== undefined);
      if (at < earliest) throw new Error(`No time to load the caption at ${caption.startUs} µs.`)
      line[at] = sent
    }
  })
  return line
}

/** The bytes of cc_data triples in a user_data_registered_itu_t_t35 message, as a NAL unit (ANSI/SCTE 128-1 §8.1). */
export function captionNalUnit(
  triples: readonly (readonly [type: number, first: number, second: number])[],
  codec: 'h264' | 'hevc' = 'h264',
): Uint8Array {
  const head = [0xb5, 0x00, 0x31, 0x47, 0x41, 0x39, 0x34, 0x03, 0x40 | triples.length, 0xff]
  const payload = [...head, ...triples.flatMap(([type, first, second]) => [0xfc | type, first, second]), 0xff]
  const sei = [4, payload.length, ...payload, 0x80]
  const escaped: number[] = codec === 'h264' ? [0x06] : [0x4e, 0x01]
  let zeros = 0
  for (const byte of sei) {
    if (zeros >= 2 && byte <= 3) {
      escaped.push(3)
      zeros = 0
    }
    escaped.push(byte)
    zeros = byte === 0 ? zeros + 1 : 0
  }
  return Uint8Array.from(escaped)
}

/** The unit of one picture: a pair for field 1, one for field 2, padding where there is none. */
function pictureUnit(first: Pair | undefined, second: Pair | undefined, codec: 'h264' | 'hevc'): Uint8Array {
  return captionNalUnit(
    [
      [0, ...(first ?? ([0x80, 0x80] as const))],
      [1, ...(second ?? ([0x80, 0x80] as const))],
    ],
    codec,
  )
}

/** Captions by channel. One channel of each field. */
export type CaptionsByChannel = Partial<Record<TestChannel, readonly TestCaption[]>>

function schedules(captions: CaptionsByChannel, times: readonly number[]): (readonly (Pair | undefined)[])[] {
  const field = (channels: readonly TestChannel[]): readonly (Pair | undefined)[] => {
    const channel = channels.find(name => captions[name] !== undefined)
    return channel === undefined ? [] : scheduleCaptions(captions[channel]!, times, channel)
  }
  return [field(['CC1', 'CC2']), field(['CC3', 'CC4'])]
}

/**
 * A batch of H.264 or HEVC samples with captions put into them, in order of presentation, before each sample's first
 * slice.
 *
 * @param lengthSize bytes of the length before each NAL unit
 */
export function injectCaptions(
  batch: SampleBatch,
  captions: CaptionsByChannel,
  codec: 'h264' | 'hevc' = 'h264',
  lengthSize = 4,
): SampleBatch {
  const times = Array.from(batch.dts, (dts, i) => ((dts + batch.compositionOffset[i]!) * 1e6) / batch.timescale)
  const order = times.map((_, i) => i).sort((a, b) => times[a]! - times[b]!)
  const [first, second] = schedules(
    captions,
    order.map(i => times[i]!),
  )
  const data = [...batch.data]
  order.forEach((sample, i) => {
    const unit = pictureUnit(first?.[i], second?.[i], codec)
    data[sample] = insertUnit(batch.data[sample]!, unit, codec, lengthSize)
  })
  return { ...batch, data, size: Uint32Array.from(data, ({ length }) => length) }
}

function insertUnit(sample: Uint8Array, unit: Uint8Array, codec: 'h264' | 'hevc', lengthSize: number): Uint8Array {
  let at = 0
  while (at < sample.length && !isSlice(sample[at + lengthSize]!, codec)) {
    let length = 0
    for (let i = 0; i < lengthSize; i++) length = length * 256 + sample[at + i]!
    at += lengthSize + length
  }
  const out = new Uint8Array(sample.length + lengthSize + unit.length)
  out.set(sample.subarray(0, at))
  for (let i = 0; i < lengthSize; i++) out[at + i] = unit.length >>> (8 * (lengthSize - 1 - i))
  out.set(unit, at + lengthSize)
  out.set(sample.subarray(at), at + lengthSize + unit.length)
  return out
}

function isSlice(header: number, codec: 'h264' | 'hevc'): boolean {
  return codec === 'hevc' ? ((header >> 1) & 63) < 32 : [1, 2, 5].includes(header & 31)
}

/**
 * An Annex B stream of H.264 without reordered pictures and with one slice a picture, with captions put into it: what
 * `ffmpeg -c:v libx264 -bf 0 -slices 1 -f h264` writes, to be muxed with `-c copy`.
 *
 * @param frameUs time between pictures, µs; the first one is at 0
 */
export function injectIntoAnnexB(stream: Uint8Array, captions: CaptionsByChannel, frameUs: number): Uint8Array {
  const starts: number[] = []
  for (let at = 0; at + 3 < stream.length; at++) {
    if (stream[at] === 0 && stream[at + 1] === 0 && stream[at + 2] === 1 && isSlice(stream[at + 3]!, 'h264'))
      starts.push(at)
  }
  const [first, second] = schedules(
    captions,
    starts.map((_, i) => i * frameUs),
  )
  const parts: Uint8Array[] = []
  let from = 0
  starts.forEach((start, i) => {
    parts.push(stream.subarray(from, start), Uint8Array.of(0, 0, 1), pictureUnit(first?.[i], second?.[i], 'h264'))
    from = start
  })
  parts.push(stream.subarray(from))
  const out = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    out.set(part, at)
    at += part.length
  }
  return out
}
