import { createHeader, readHeader, UNKNOWN_SIZE } from './ebml.js'
import { ELEMENTS, type ElementType, Id } from './elements.js'

/** One element of a file, as {@link walkElements} meets it. */
export interface ElementInfo {
  readonly id: number
  /** Its name by the schema; `undefined` for an ID that isn't in it. */
  readonly name: string | undefined
  readonly type: ElementType | undefined
  /** How many masters it is in. */
  readonly level: number
  /** Offset of its header, bytes. */
  readonly offset: number
  /** Offset of its payload, bytes. */
  readonly dataOffset: number
  /** Payload bytes; `undefined` for an unknown size. */
  readonly size: number | undefined
}

const SCHEMA = new Map(ELEMENTS.map(([id, name, type]) => [id, { name, type }]))
const MAX_DEPTH = 32

/**
 * Every element in the bytes in the order of the file, masters before their children, for inspection and tests. Ends
 * where the bytes do or where they can't be read as elements. Masters of unknown size end with the bytes, a cluster of
 * unknown size with the next one.
 */
export function* walkElements(bytes: Uint8Array): Generator<ElementInfo, void, undefined> {
  const header = createHeader()
  const masters: { id: number; end: number }[] = []
  let pos = 0
  while (pos < bytes.length) {
    if (readHeader(bytes, pos, bytes.length, header) <= 0) return
    const { id, dataStart, size } = header
    const known = SCHEMA.get(id)
    const isUnknown = size === UNKNOWN_SIZE
    while (masters.length > 0 && endsBefore(masters.at(-1)!, pos, id)) masters.pop()
    yield {
      id,
      name: known?.name,
      type: known?.type,
      level: masters.length,
      offset: pos,
      dataOffset: dataStart,
      size: isUnknown ? undefined : size,
    }
    if (known?.type === 'm' && masters.length < MAX_DEPTH) {
      masters.push({ id, end: isUnknown ? Number.POSITIVE_INFINITY : dataStart + size })
      pos = dataStart
    } else if (isUnknown) return
    else pos = dataStart + size
  }
}

const TOP_LEVEL: ReadonlySet<number> = new Set([Id.Cluster, Id.Cues, Id.Tags, Id.SeekHead, Id.Chapters, Id.Attachments])

function endsBefore(master: { id: number; end: number }, pos: number, id: number): boolean {
  if (master.end !== Number.POSITIVE_INFINITY) return pos >= master.end
  return master.id === Id.Cluster && TOP_LEVEL.has(id)
}
