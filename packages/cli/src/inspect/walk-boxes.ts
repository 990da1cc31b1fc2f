import * as mp4box from 'mp4box'
import type { ByteRun, InspectInput, OpaqueBox } from './request.js'
import { type OpenNode, TreeBuilder, type TreeNode } from './tree.js'

/** The boxes of an MP4 as mp4box reads them; each top-level box is a run. */
export function walkBoxes(input: InspectInput): TreeNode {
  const tree = new TreeBuilder(input.name, input.sizeBytes, input)
  let from = 0
  const runs = input.runs.map(run => {
    from += run.lengthBytes
    return { run, bytes: input.bytes.subarray(from - run.lengthBytes, from) }
  })
  const parts: { place: ByteRun; add: () => void }[] = [
    ...input.opaque.map(box => ({ place: box, add: () => addOpaque(tree, box) })),
    ...runs.map(({ run, bytes }) => ({ place: run, add: () => addRun(tree, run, bytes) })),
  ]
  parts.sort((a, b) => a.place.offsetBytes - b.place.offsetBytes)
  for (const part of parts) part.add()
  return tree.finish()
}

function addOpaque(tree: TreeBuilder, box: OpaqueBox): void {
  tree.add(tree.root, box.type, box.offsetBytes, box.lengthBytes)
}

function addRun(tree: TreeBuilder, run: ByteRun, bytes: Uint8Array): void {
  // A file of its own for each box: mp4box would wait for the bytes between them.
  const file = mp4box.createFile()
  file.appendBuffer(mp4box.MP4BoxBuffer.fromArrayBuffer(new Uint8Array(bytes).buffer, 0))
  file.flush()
  const boxes: readonly mp4box.Box[] = file.boxes
  if (boxes.length === 0) {
    const type = String.fromCharCode(...bytes.subarray(4, 8))
    tree.add(tree.root, type, run.offsetBytes, run.lengthBytes, 'mp4box cannot read this box')
  }
  for (const box of boxes) addBox(tree, tree.root, box, run.offsetBytes)
}

function addBox(tree: TreeBuilder, parent: OpenNode | undefined, box: mp4box.Box, base: number): void {
  const node = tree.add(parent, box.type, base + (box.start ?? 0), box.size, describeBox(box))
  for (const child of childrenOf(box)) addBox(tree, node, child, base)
}

/** Boxes in a box; sample entries lie beside them in mp4box's model. */
function childrenOf(box: mp4box.Box): readonly mp4box.Box[] {
  const own = 'entries' in box && Array.isArray(box.entries) ? box.entries.filter(isBox) : []
  return [...own, ...(box.boxes ?? []).filter(other => !own.includes(other))]
}

function isBox(value: unknown): value is mp4box.Box {
  return value instanceof mp4box.Box
}

/** What mp4box keeps for itself, and what the other columns show. */
const HIDDEN: ReadonlySet<string> = new Set([
  'size',
  'start',
  'hdr_size',
  'original_size',
  'sizePosition',
  'type',
  'box_name',
  'boxes',
  'data',
  'has_unparsed_data',
  'reserved',
  'language',
  'subBoxNames',
  'samples',
  'samples_duration',
  'samples_size',
])
const MAX_ITEMS = 6

/** The fields of a box: `timescale=24000 duration=1152000`. */
function describeBox(box: mp4box.Box): string {
  const parts: string[] = []
  for (const [key, value] of Object.entries(box)) {
    if (HIDDEN.has(key) || ((key === 'version' || key === 'flags') && value === 0)) continue
    const text = describeField(value)
    if (text !== undefined) parts.push(`${key}=${text}`)
  }
  return parts.join(' ')
}

function describeField(value: unknown): string | undefined {
  if (typeof value === 'string') return value === '' ? undefined : value
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean') return String(value)
  if (value instanceof Date) return value.toISOString()
  if (ArrayBuffer.isView(value)) return describeList(Array.from(value as Uint8Array))
  if (!Array.isArray(value) || value.length === 0 || value.some(isBox)) return undefined
  return describeList(value)
}

/** The first items of a list, where they are short; else how many there are. */
function describeList(items: readonly unknown[]): string | undefined {
  if (items.length === 0) return undefined
  const isShort = items.every(item => ['number', 'string', 'bigint'].includes(typeof item))
  if (!isShort) return `[${items.length} items]`
  const shown = items.slice(0, MAX_ITEMS).join(',')
  return items.length > MAX_ITEMS ? `[${shown},… ${items.length} items]` : `[${shown}]`
}
