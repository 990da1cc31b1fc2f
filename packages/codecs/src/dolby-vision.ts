import type { VideoCodec } from '@cuemux/core'
import { u8 } from './bytes.js'

/** Sample entries of Dolby Vision for each codec of the base layer, parameter sets out of band. */
const ENTRIES: { readonly [codec in VideoCodec]?: string } = { hevc: 'dvh1', h264: 'dva1', av1: 'dav1' }

/** Brands of what the base layer alone is, by its compatibility id (HLS authoring specification, SUPPLEMENTAL-CODECS). */
const BRANDS: Readonly<Record<number, string>> = { 1: 'db1p', 2: 'db2g', 4: 'db4h' }

/**
 * The string of a Dolby Vision configuration: `dvh1.08.06/db1p` where the base layer is a picture of its own, so that it is a
 * SUPPLEMENTAL-CODECS entry beside the codec's own string; `dvh1.05.06` where only Dolby Vision decoders show it rightly,
 * so that it stands for the codec's own. `undefined` for two layers and for what is neither.
 *
 * @param config payload of `dvcC`, `dvvC` or `dvwC` (Dolby Vision Streams Within the ISO Base Media File Format §3.2)
 */
export function dolbyVisionString(codec: VideoCodec, config: Uint8Array): string | undefined {
  const entry = ENTRIES[codec]
  if (entry === undefined || config.length < 5) return undefined
  const profile = u8(config, 2) >> 1
  const level = ((u8(config, 2) & 1) << 5) | (u8(config, 3) >> 3)
  const hasEnhancementLayer = (u8(config, 3) & 2) !== 0
  const compatibility = u8(config, 4) >> 4
  if (hasEnhancementLayer) return undefined
  const string = [entry, ...[profile, level].map(value => String(value).padStart(2, '0'))].join('.')
  if (compatibility === 0) return profile === 5 || profile === 10 ? string : undefined
  const brand = BRANDS[compatibility]
  return brand === undefined ? undefined : `${string}/${brand}`
}
