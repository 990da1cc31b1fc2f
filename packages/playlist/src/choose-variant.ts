import type { MultivariantPlaylist } from './multivariant-playlist.js'
import type { StreamVariant } from './stream-inf.js'

/** What a player can take. */
export interface VariantLimits {
  /** Lines of the picture. */
  readonly maxHeight?: number | undefined
  /** Peak, bits/s. */
  readonly maxBandwidthBps?: number | undefined
  /** Beginnings of the RFC 6381 strings that it plays, as `avc1`, `mp4a.40`; each codec of a variant must have one. */
  readonly codecs?: readonly string[] | undefined
}

/**
 * The best variant within the limits: the largest picture, and of these the highest rate. Where none is within them, the
 * one of the lowest rate that the codecs allow; `undefined` where they allow none. A variant that doesn't name its codecs
 * or its size passes.
 */
export function chooseVariant(playlist: MultivariantPlaylist, limits: VariantLimits = {}): StreamVariant | undefined {
  const { codecs, maxHeight = Number.POSITIVE_INFINITY, maxBandwidthBps = Number.POSITIVE_INFINITY } = limits
  const playable = playlist.variants.filter(
    variant => codecs === undefined || variant.codecs.every(codec => isPlayed(codec, codecs)),
  )
  const within = playable.filter(
    ({ bandwidthBps, resolution }) => bandwidthBps <= maxBandwidthBps && (resolution?.height ?? 0) <= maxHeight,
  )
  const first = within[0]
  if (first !== undefined) return within.reduce((best, one) => (isBetter(one, best) ? one : best), first)
  return playable.reduce<StreamVariant | undefined>(
    (least, one) => (least === undefined || one.bandwidthBps < least.bandwidthBps ? one : least),
    undefined,
  )
}

function isPlayed(codec: string, played: readonly string[]): boolean {
  const name = codec.toLowerCase()
  return played.some(beginning => name.startsWith(beginning.toLowerCase()))
}

function isBetter(one: StreamVariant, other: StreamVariant): boolean {
  const height = one.resolution?.height ?? 0
  const otherHeight = other.resolution?.height ?? 0
  return height === otherHeight ? one.bandwidthBps > other.bandwidthBps : height > otherHeight
}
