import { corrupt, hasText, need, u8, u32le } from './bytes.js'
import type { AudioDescription } from './description.js'

/**
 * What the identification header says (Vorbis I §4.2.2), alone or as the first of the three Xiph-laced headers of
 * Matroska's CodecPrivate.
 */
export function describeVorbis(config: Uint8Array): AudioDescription {
  let offset = 0
  if (config[0] === 2) {
    offset = 1
    for (let sizes = 0; sizes < 2; sizes++) {
      while (u8(config, offset) === 255) offset++
      offset++
    }
  }
  need(config, offset, 30, 'The Vorbis identification header')
  if (config[offset] !== 1 || !hasText(config, offset + 1, 'vorbis')) throw corrupt('The Vorbis headers begin wrongly.')
  const sampleRate = u32le(config, offset + 12)
  const channels = u8(config, offset + 11)
  if (sampleRate === 0 || channels === 0) throw corrupt('The Vorbis header has no sample rate or no channels.')
  // The nominal rate is a wish of the encoder's, which quiet sound stays far below.
  return { sampleRate, channels }
}
