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
