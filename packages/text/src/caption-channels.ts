import type { SampleBatch } from '@cuemux/core'
import { type CaptionTrack, type CcData, type CcTriple, readCcData } from './cc-data.js'

/** A channel of captions, named as HLS' INSTREAM-ID (RFC 8216 §4.3.4.1): CEA-608 or CEA-708. */
export type CaptionChannel = 'CC1' | 'CC2' | 'CC3' | 'CC4' | `SERVICE${number}`

/**
 * Which channels have text in these samples, sorted. Reads SEI messages alone, without mux.js; a track that can't have
 * captions has none.
 *
 * @param batches of the track, in decode order
 */
export function captionChannels(track: CaptionTrack, batches: readonly SampleBatch[]): CaptionChannel[] {
  return channelsOf(readCcData(track, batches))
}

/** {@link captionChannels} of caption data in order of presentation. */
export function channelsOf(data: readonly CcData[]): CaptionChannel[] {
  const found = new Set<CaptionChannel>()
  const fields = new LineFields()
  const packet: number[] = []
  for (const { triples } of data) {
    for (const triple of triples) {
      const [type, first, second] = triple
      if (type < 2) {
        const channel = fields.channelOf(triple)
        if (channel !== undefined && (first & 0x7f) >= 0x20) found.add(channel)
        continue
      }
      if (type === 3) addServices(packet.splice(0), found)
      // A packet has 128 bytes at most (ANSI/CTA-708 §5).
      if (packet.length < 128) packet.push(first, second)
    }
  }
  addServices(packet, found)
  return [...found].sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))
}

/**
 * Caption data of one channel of CEA-608, as if it were the first one: a decoder of CC1 decodes each. Field 2 has codes
 * of its own for some commands, which some encoders don't use.
 */
export function asFirstChannel(data: readonly CcData[], channel: CaptionChannel): CcData[] {
  const fields = new LineFields()
  return data.map(({ timeUs, triples }) => {
    const own = triples.filter(triple => triple[0] < 2 && fields.channelOf(triple) === channel)
    return { timeUs, triples: own.map(asFirst) }
  })
}

function asFirst([, firstByte, second]: CcTriple): CcTriple {
  const first = firstByte & 0x7f
  if (first >= 0x20) return [0, first, second]
  const code = first & 0x17
  return [0, code === 0x15 && (second & 0x7f) < 0x40 ? 0x14 : code, second]
}

/** Follows the two fields of line 21 (ANSI/CTA-608): control codes choose the channel that characters belong to. */
class LineFields {
  /** Channel 0 or 1 of each field, `undefined` in text mode, XDS, or before the first code. */
  readonly #active: [number | undefined, number | undefined] = [undefined, undefined]

  /** The channel that a pair belongs to; `undefined` for what is no caption. */
  channelOf([field, firstByte, secondByte]: CcTriple): CaptionChannel | undefined {
    const first = firstByte & 0x7f
    const line = field === 1 ? 1 : 0
    if (first >= 0x10 && first < 0x20) {
      const isText = (first & 0x76) === 0x14 && (secondByte & 0x7e) === 0x2a
      this.#active[line] = isText ? undefined : (first >> 3) & 1
    } else if (first > 0 && first < 0x10) this.#active[line] = undefined
    const channel = this.#active[line]
    return channel === undefined ? undefined : `CC${(line * 2 + channel + 1) as 1 | 2 | 3 | 4}`
  }
}

/** Services whose blocks have characters (ANSI/CTA-708 §6.2); the commands' arguments may look like some. */
function addServices(packet: readonly number[], found: Set<CaptionChannel>): void {
  for (let at = 1; at < packet.length; ) {
    const size = packet[at]! & 31
    let service = packet[at]! >> 5
    at++
    if (service === 7 && size > 0) service = packet[at++]! & 63
    if (service === 0 || size === 0) continue
    const block = packet.slice(at, at + size)
    if (block.some(byte => (byte >= 0x20 && byte < 0x80) || byte >= 0xa0)) found.add(`SERVICE${service}`)
    at += size
  }
}
