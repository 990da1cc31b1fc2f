import { dolbyVisionString } from '@cuemux/codecs'
import type { VideoTrack } from '@cuemux/core'

/**
 * SUPPLEMENTAL-CODECS of a video track (RFC 8216bis §4.4.6.2): what a player may decode instead of the base layer that
 * CODECS names, as `dvh1.08.06/db1p`; empty where there is nothing of the kind.
 */
export function supplementalCodecs(track: VideoTrack): readonly string[] {
  const { dolbyVision } = track.hdr
  const string = dolbyVision === undefined ? undefined : dolbyVisionString(track.codec, dolbyVision.payload)
  return string?.includes('/') ? [string] : []
}
