import type { TrackMedia } from './build-index.js'
import type { FragmentTables } from './moof.js'

/** What fragments told, by track. Nothing can be added to them afterwards. */
export function mediaOf(tables: FragmentTables): Map<number, TrackMedia> {
  const media = new Map<number, TrackMedia>()
  for (const [id, writer] of tables.writers) {
    media.set(id, { tables: writer.finish(), base: writer.base, isEncrypted: tables.encrypted.has(id) })
  }
  return media
}
