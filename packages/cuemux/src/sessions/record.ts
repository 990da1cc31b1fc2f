import type { MediaInfo } from '../info.js'
import type { SessionSettings } from './options.js'
import type { ViewerRecord } from './viewers.js'

/** Version of {@link SessionRecord}: others are not read. */
export const RECORD_VERSION = 1

/** A session as its `session.json` has it: no address, no credentials, no token. */
export interface SessionRecord {
  readonly version: typeof RECORD_VERSION
  readonly id: string
  readonly kind: 'vod'
  readonly reference: string
  readonly settings: SessionSettings
  readonly sourceId?: string
  /** ms since 1970. */
  readonly createdAtMs: number
  readonly usedAtMs: number
  readonly viewers: readonly ViewerRecord[]
  /** All that is known of the film: tracks with codecs, colour, HDR range, scan; length, chapters. */
  readonly probe?: MediaInfo
}
