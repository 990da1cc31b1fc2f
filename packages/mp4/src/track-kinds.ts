import type { TrackRole } from '@cuemux/core'
import { type BoxPlace, childBoxes } from './boxes.js'

/** What a track is for. */
export interface TrackPurpose {
  readonly isForced: boolean
  readonly roles: readonly TrackRole[]
}

/** Schemes of roles: DASH's (ISO/IEC 23009-1 §5.8.5.5) and HTML's, which say the same in other words. */
const SCHEMES = new Set(['urn:mpeg:dash:role:2011', 'about:html-kind'])

const ROLES: ReadonlyMap<string, TrackRole> = new Map([
  ['caption', 'hearing-impaired'],
  ['captions', 'hearing-impaired'],
  ['description', 'visual-impaired'],
  ['descriptions', 'visual-impaired'],
  ['main-desc', 'visual-impaired'],
  ['commentary', 'commentary'],
])

/** More of these boxes than a track has meanings are not read. */
const MAX_KINDS = 32

/** What the `kind` boxes of a track's user data say (ISO/IEC 14496-12 §8.10.4). */
export function readTrackKinds(bytes: Uint8Array, udta: BoxPlace | undefined): TrackPurpose {
  const boxes = udta === undefined ? [] : childBoxes(bytes, udta.body, udta.end)
  const roles = new Set<TrackRole>()
  let isForced = false
  for (const { body, end } of boxes.filter(({ type }) => type === 'kind').slice(0, MAX_KINDS)) {
    // A scheme and a value, each with a zero behind it; the known ones are short.
    const text = String.fromCharCode(...bytes.subarray(body + 4, Math.min(end, body + 4 + 128)))
    const [scheme = '', value = ''] = text.split('\0')
    if (!SCHEMES.has(scheme)) continue
    const role = ROLES.get(value)
    if (role !== undefined) roles.add(role)
    // Both spellings are in use: the standard's own changed.
    if (value === 'forced-subtitle' || value === 'forced_subtitle') isForced = true
  }
  return { isForced, roles: [...roles] }
}
