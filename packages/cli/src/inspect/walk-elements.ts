/// <reference path="./libraries.d.ts" />
import ebml from 'ebml'
import type { InspectInput } from './request.js'
import { type OpenNode, TreeBuilder, type TreeNode } from './tree.js'

const CHUNK_BYTES = 64 * 1024
/** RFC 8794 §11.3: these may stand in any element. */
const GLOBAL_LEVEL = -1

interface OpenElement {
  readonly node: OpenNode | undefined
  readonly level: number
  readonly end: number | undefined
}

/**
 * The elements of a Matroska or WebM file as `ebml` reads them. Where masters end is worked out here: `ebml` takes sizes
 * of eight bytes for unknown ones, and those of unknown size to end at once.
 */
export async function walkElements(input: InspectInput): Promise<TreeNode> {
  const tree = new TreeBuilder(input.name, input.sizeBytes, input)
  const decoder = new ebml.Decoder()
  const open: OpenElement[] = [{ node: tree.root, level: -2, end: undefined }]
  decoder.on('data', ([event, element]) => {
    if (event !== 'end') addElement(tree, open, event, element, input.bytes)
  })
  const done = new Promise<void>((resolve, reject) => decoder.on('end', () => resolve()).on('error', reject))
  for (let at = 0; at < input.bytes.length; at += CHUNK_BYTES) {
    if (!decoder.write(input.bytes.subarray(at, at + CHUNK_BYTES))) {
      await new Promise<void>(resolve => decoder.once('drain', resolve))
    }
  }
  decoder.end()
  await done
  return tree.finish()
}

function addElement(
  tree: TreeBuilder,
  open: OpenElement[],
  event: string,
  element: ebml.Element,
  bytes: Uint8Array,
): void {
  const level = ebml.schema.get(Number.parseInt(element.tagStr, 16))?.level ?? GLOBAL_LEVEL
  while (open.length > 1 && isOver(open[open.length - 1], element.start, level)) open.pop()
  const parent = open[open.length - 1]
  const isKnown = element.name !== 'unknown'
  const name = isKnown ? element.name : `0x${element.tagStr.toUpperCase()}`
  const size = readSize(bytes, element.start, element.tagStr.length / 2)
  const value = event === 'tag' ? describeElement(element) : undefined
  const node = tree.add(parent?.node, name, element.start, size, value)
  if (event !== 'start') return
  open.push({ node, level, end: size === undefined ? undefined : element.start + size })
}

/** Length of an element with its header, bytes; `undefined` where all bits say that it isn't known (RFC 8794 §6). */
function readSize(bytes: Uint8Array, start: number, idBytes: number): number | undefined {
  const first = bytes[start + idBytes] ?? 0
  const width = Math.clz32(first) - 23
  if (width > 8) return undefined
  let value = first & ((0x80 >> (width - 1)) - 1)
  for (let i = 1; i < width; i++) value = value * 256 + (bytes[start + idBytes + i] ?? 0)
  return value >= 2 ** (7 * width) - 1 ? undefined : idBytes + width + value
}

/** RFC 8794 §6.2: an element of unknown size ends before the first one that can't lie in it. */
function isOver(element: OpenElement | undefined, next: number, level: number): boolean {
  if (element === undefined) return false
  if (element.end !== undefined) return next >= element.end
  return level !== GLOBAL_LEVEL && level <= element.level
}

const MAX_BYTES = 16

function describeElement(element: ebml.Element): string {
  const { name, type, value } = element
  if (name === 'SimpleBlock' || name === 'Block') {
    const time = `${Number(value) < 0 ? '' : '+'}${value}`
    return `track ${element.track}, ${time}${element.keyframe ? ', keyframe' : ''}, ${element.payload?.length ?? 0} bytes`
  }
  if ((type === 'u' || type === 'i' || type === 'f') && typeof value === 'number') return String(value)
  if ((type === 's' || type === '8') && typeof value === 'string') return JSON.stringify(value)
  if (type === 'd' && value instanceof Date && !Number.isNaN(value.getTime())) return value.toISOString()
  const data = element.data
  if (data === undefined || data.length === 0 || name === 'Void') return ''
  const shown = Buffer.from(data.subarray(0, MAX_BYTES)).toString('hex')
  return data.length > MAX_BYTES ? `${shown}… ${data.length} bytes` : shown
}
