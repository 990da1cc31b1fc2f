import { integer, uriLine } from './attributes.js'
import { keyTag, type PlaylistKey } from './key.js'
import { type PlaylistStart, startTag } from './media-playlist.js'
import { type MediaRendition, mediaTag, RenditionGroups } from './rendition.js'
import { type ContentSteering, contentSteeringTag, type SessionData, sessionDataTag } from './session.js'
import {
  type IFrameStream,
  type ImageStream,
  iFrameStreamTag,
  imageStreamTag,
  type StreamVariant,
  streamTag,
} from './stream-inf.js'
import { type Definition, defineTags, definitionsVersion } from './variables.js'

/** A multivariant playlist as RFC 8216bis §4.4.6 has it. */
export interface MultivariantPlaylist {
  readonly variants: readonly StreamVariant[]
  readonly renditions?: readonly MediaRendition[] | undefined
  readonly iFrameStreams?: readonly IFrameStream[] | undefined
  readonly imageStreams?: readonly ImageStream[] | undefined
  readonly sessionData?: readonly SessionData[] | undefined
  /** EXT-X-SESSION-KEY (§4.4.6.5): keys to fetch ahead. */
  readonly sessionKeys?: readonly PlaylistKey[] | undefined
  readonly contentSteering?: ContentSteering | undefined
  readonly definitions?: readonly Definition[] | undefined
  /** EXT-X-VERSION; by default 7, or what the definitions need. */
  readonly version?: number | undefined
  /** EXT-X-INDEPENDENT-SEGMENTS (§4.4.2.1): every segment of every rendition can be decoded by itself. */
  readonly hasIndependentSegments?: boolean | undefined
  readonly start?: PlaylistStart | undefined
}

/**
 * Writes a multivariant playlist. Where no variant has closed captions, each with a picture says so:
 * CLOSED-CAPTIONS=NONE (§4.4.6.2: all say it or none).
 */
export function writeMultivariantPlaylist(playlist: MultivariantPlaylist): string {
  const { variants, definitions } = playlist
  const version = playlist.version ?? Math.max(7, definitionsVersion(definitions))
  let text = `#EXTM3U\n#EXT-X-VERSION:${integer(version)}\n${defineTags(definitions)}`
  if (playlist.hasIndependentSegments) text += '#EXT-X-INDEPENDENT-SEGMENTS\n'
  if (playlist.start) text += startTag(playlist.start)
  if (playlist.contentSteering) text += contentSteeringTag(playlist.contentSteering)
  for (const data of playlist.sessionData ?? []) text += sessionDataTag(data)
  for (const key of playlist.sessionKeys ?? []) text += keyTag('EXT-X-SESSION-KEY', key)
  const groups = new RenditionGroups()
  for (const rendition of playlist.renditions ?? []) text += mediaTag(rendition, groups.admit(rendition))
  const saysNone = !variants.some(variant => variant.closedCaptionsGroup !== undefined)
  for (const variant of variants) text += `${streamTag(variant, saysNone)}${uriLine(variant.uri)}\n`
  for (const stream of playlist.iFrameStreams ?? []) text += iFrameStreamTag(stream)
  for (const stream of playlist.imageStreams ?? []) text += imageStreamTag(stream)
  return text
}
