import { annexBToLengthPrefixed, type KeyframeKind, keyframeKind } from '@cuemux/codecs'
import type { VideoCodec } from '@cuemux/core'
import { nalRole } from './nal-types.js'

/** What the beginning of an access unit tells: `unknown` where its first slice isn't in it. */
export type PictureKind = KeyframeKind | 'unknown'

/**
 * Whether decoding can start at an access unit, by its NAL units or its picture header, whatever its packet's
 * random_access_indicator says.
 *
 * @param isComplete the bytes are the whole access unit
 */
export function pictureKind(codec: VideoCodec, bytes: Uint8Array, isComplete: boolean): PictureKind {
  if (codec !== 'h264' && codec !== 'hevc') {
    const kind = safely(() => keyframeKind(codec, bytes, 4))
    return kind === 'none' && bytes.length < 8 && !isComplete ? 'unknown' : kind
  }
  let hasMore = false
  // Hot: once per access unit, over its first NAL units.
  for (let at = 2; at + 1 < bytes.length; at++) {
    if (bytes[at] !== 1 || bytes[at - 1] !== 0 || bytes[at - 2] !== 0) continue
    const role = nalRole(codec, bytes, at + 1)
    if (role === 'key-slice') return codec === 'h264' ? 'closed' : kindOf(codec, bytes)
    // Only a message or new parameters can make a common slice one at which decoding starts.
    if (role === 'slice') return hasMore && codec === 'h264' ? kindOf(codec, bytes) : 'none'
    if (role === 'prefix') hasMore = true
  }
  return isComplete ? 'none' : 'unknown'
}

function kindOf(codec: VideoCodec, bytes: Uint8Array): KeyframeKind {
  return safely(() => keyframeKind(codec, annexBToLengthPrefixed(bytes), 4))
}

function safely(kind: () => KeyframeKind): KeyframeKind {
  try {
    return kind()
  } catch {
    return 'none'
  }
}
