import { rescale, type SampleBatch } from '@cuemux/core'
import type { ClientProfile, RenditionPlan } from '@cuemux/planner'

/** What RFC 6381 has for MP3 in MP4, in small letters. */
export const MP3_IN_MP4: readonly string[] = ['mp4a.6b', 'mp4a.69']

/**
 * Whether a rendition goes out as packed audio (RFC 8216bis §3.1.4) rather than in MP4: MP3 for browsers, as media sources
 * of Chromium play the bare stream but not MP3 in MP4. A client with a list says so by `mp3`, without one of MP4's names.
 */
export function isPackedAudio(rendition: RenditionPlan, client: ClientProfile): boolean {
  const [track, ...others] = rendition.tracks
  if (track?.codec !== 'mp3' || others.length > 0) return false
  if (client.capabilities === undefined) return client.name !== 'native'
  const listed = client.capabilities.map(name => name.toLowerCase())
  return listed.includes('mp3') && !listed.some(name => MP3_IN_MP4.includes(name))
}

const OWNER = 'com.apple.streaming.transportStreamTimestamp\0'
const MPEG_CLOCK = 90_000
const PTS_MODULUS = 2 ** 33

/**
 * A segment of packed audio: an ID3 tag with the first frame's time, then the frames as they are.
 *
 * @param shift ticks of the batch's timescale that lead from its times to the output's
 */
export function writePackedAudio(batches: readonly SampleBatch[], shift: number): Uint8Array[] {
  const [first] = batches
  if (first === undefined) return []
  const time = rescale((first.dts[0] ?? 0) + (first.compositionOffset[0] ?? 0) + shift, first.timescale, MPEG_CLOCK)
  return [timestampTag(time), ...batches.flatMap(batch => batch.data)]
}

/** ID3v2.4 with one PRIV frame: the 33 bits of an MPEG-2 timestamp (RFC 8216bis §3.1.4). */
function timestampTag(time: number): Uint8Array {
  const frameSize = OWNER.length + 8
  const tag = new Uint8Array(10 + 10 + frameSize)
  const view = new DataView(tag.buffer)
  tag.set(new TextEncoder().encode('ID3\u0004'), 0)
  // Sizes have seven bits a byte; these stay below 128.
  tag[9] = 10 + frameSize
  tag.set(new TextEncoder().encode('PRIV'), 10)
  tag[17] = frameSize
  tag.set(new TextEncoder().encode(OWNER), 20)
  const wrapped = time % PTS_MODULUS
  view.setUint32(tag.length - 8, Math.floor(wrapped / 2 ** 32))
  view.setUint32(tag.length - 4, wrapped % 2 ** 32)
  return tag
}
