import { rescale, type SampleBatch } from '@cuemux/core'

const OWNER = 'com.apple.streaming.transportStreamTimestamp\0'
const ID3_HEADER_BYTES = 10
const FRAME_HEADER_BYTES = 10
const CLOCK = 90_000
/** Timestamps of transport streams have 33 bits. */
const WRAP = 2 ** 33

/**
 * A segment of packed audio (RFC 8216 §3.4): frames that find their own boundaries (MP3) one after the other, behind an ID3
 * tag that says when the first one is heard. For players whose Media Source Extensions take MP3 as `audio/mpeg`
 * but not within MP4, as Chromium's. Its playlist has no EXT-X-MAP.
 *
 * @param shift what is added to the batch's times, ticks of its timescale
 * @returns the pieces, of which all but the first are the batch's own views
 */
export function writePackedAudio(batch: SampleBatch, shift: number): readonly Uint8Array[] {
  const first = (batch.dts[0] ?? 0) + (batch.compositionOffset[0] ?? 0) + shift
  return [timestampTag(rescale(first, batch.timescale, CLOCK)), ...batch.data]
}

/** An ID3v2.4 tag with one PRIV frame: the timestamp in eight bytes, of which the upper 31 bits are 0. */
function timestampTag(ticks: number): Uint8Array {
  const body = OWNER.length + 8
  const tag = new Uint8Array(ID3_HEADER_BYTES + FRAME_HEADER_BYTES + body)
  const ascii = (text: string, at: number): void => tag.set(new TextEncoder().encode(text), at)
  ascii('ID3\x04', 0)
  // Both sizes are of four times 7 bits, and below 128.
  tag[9] = FRAME_HEADER_BYTES + body
  ascii('PRIV', ID3_HEADER_BYTES)
  tag[ID3_HEADER_BYTES + 7] = body
  ascii(OWNER, ID3_HEADER_BYTES + FRAME_HEADER_BYTES)
  const view = new DataView(tag.buffer)
  const wrapped = ((ticks % WRAP) + WRAP) % WRAP
  view.setUint32(tag.length - 8, Math.floor(wrapped / 0x1_0000_0000))
  view.setUint32(tag.length - 4, wrapped >>> 0)
  return tag
}
