import type { Attachment, Chapter } from '@cuemux/core'
import { type BoxPlace, childBoxes, firstOf, u32, u64 } from './boxes.js'

/** A title, a chapter or a cover of more than this is not kept. */
const MAX_TEXT_BYTES = 4096
const MAX_CHAPTERS = 4096

/** What user data says about the film. */
interface MovieUserData {
  readonly title: string | undefined
  readonly chapters: readonly Chapter[]
  readonly attachments: readonly Attachment[]
}

const decoder = new TextDecoder()

function text(bytes: Uint8Array, start: number, end: number): string | undefined {
  const stop = Math.min(end, start + MAX_TEXT_BYTES)
  const zero = bytes.subarray(start, stop).indexOf(0)
  const value = decoder.decode(bytes.subarray(start, zero < 0 ? stop : start + zero)).trim()
  return value === '' ? undefined : value
}

/** The children of `meta`, a FullBox in MP4 and a plain box in QuickTime. */
function metaChildren(bytes: Uint8Array, meta: BoxPlace): BoxPlace[] {
  const plain = childBoxes(bytes, meta.body, meta.end)
  return firstOf(plain, 'hdlr') === undefined ? childBoxes(bytes, meta.body + 4, meta.end) : plain
}

/** iTunes' `data` boxes of an item (type indicator, locale, value). */
function itemData(bytes: Uint8Array, items: readonly BoxPlace[], type: string): BoxPlace[] {
  const item = firstOf(items, type)
  if (item === undefined) return []
  return childBoxes(bytes, item.body, item.end).filter(box => box.type === 'data' && box.end - box.body > 8)
}

/** Nero's chapters: times in 100 ns, titles with a length byte. */
function neroChapters(bytes: Uint8Array, chpl: BoxPlace): Chapter[] {
  const starts: { startMs: number; title: string }[] = []
  // Version 1 has four reserved bytes before the count.
  let at = chpl.body + (bytes[chpl.body] === 0 ? 4 : 8)
  const count = bytes[at++] ?? 0
  for (let i = 0; i < Math.min(count, MAX_CHAPTERS) && at + 9 <= chpl.end; i++) {
    const length = bytes[at + 8]!
    const title = text(bytes, at + 9, Math.min(chpl.end, at + 9 + length)) ?? ''
    starts.push({ startMs: Math.round(u64(bytes, at) / 10000), title })
    at += 9 + length
  }
  return starts.map((chapter, i) => ({ ...chapter, endMs: starts[i + 1]?.startMs }))
}

/** What pictures begin with. */
const PICTURES: readonly (readonly [extension: string, mimeType: string, magic: readonly number[]])[] = [
  ['jpg', 'image/jpeg', [0xff, 0xd8, 0xff]],
  ['png', 'image/png', [0x89, 0x50, 0x4e, 0x47]],
  ['gif', 'image/gif', [0x47, 0x49, 0x46, 0x38]],
  ['bmp', 'image/bmp', [0x42, 0x4d]],
  ['webp', 'image/webp', [0x52, 0x49, 0x46, 0x46]],
]

/** Cover art, where it lies in the file. By what it begins with: taggers write any type indicator. */
function covers(bytes: Uint8Array, items: readonly BoxPlace[], moovOffset: number): Attachment[] {
  return itemData(bytes, items, 'covr').map((data, i) => {
    const at = data.body + 8
    const found = PICTURES.find(([, , magic]) => magic.every((byte, k) => bytes[at + k] === byte))
    // Type 14 is PNG, 13 JPEG.
    const [extension, mimeType] = found ?? PICTURES[u32(bytes, data.body) === 14 ? 1 : 0]!
    return {
      name: `cover${i === 0 ? '' : i + 1}.${extension}`,
      mimeType,
      offsetBytes: moovOffset + at,
      sizeBytes: data.end - at,
    }
  })
}

/** Reads the movie's user data: iTunes' items, QuickTime's `©nam`, Nero's chapters. */
export function readUserData(
  bytes: Uint8Array,
  udta: BoxPlace | undefined,
  movieMeta: BoxPlace | undefined,
  moovOffset: number,
): MovieUserData {
  const boxes = udta === undefined ? [] : childBoxes(bytes, udta.body, udta.end)
  const meta = firstOf(boxes, 'meta') ?? movieMeta
  const ilst = meta === undefined ? undefined : firstOf(metaChildren(bytes, meta), 'ilst')
  const items = ilst === undefined ? [] : childBoxes(bytes, ilst.body, ilst.end)
  const named = itemData(bytes, items, '©nam')[0]
  const chpl = firstOf(boxes, 'chpl')
  return {
    title: named === undefined ? quickTimeText(bytes, boxes) : text(bytes, named.body + 8, named.end),
    chapters: chpl === undefined ? [] : neroChapters(bytes, chpl),
    attachments: covers(bytes, items, moovOffset),
  }
}

/** QuickTime's `©nam`: length, language, text. */
function quickTimeText(bytes: Uint8Array, boxes: readonly BoxPlace[]): string | undefined {
  const box = firstOf(boxes, '©nam')
  return box === undefined || box.end - box.body < 4 ? undefined : text(bytes, box.body + 4, box.end)
}

/** Names that muxers write into every file: "VideoHandler", "Core Media Audio", "GPAC ISO Audio Handler" … */
const IDLE_NAMES =
  /handler|^core media|^apple |^(main|stereo|mono|surround|video|sound|audio|subtitles?|text)( track)?$|^\W*$/i

/** A track's title: `name` of its user data, else a handler's name that says something. */
export function trackTitle(bytes: Uint8Array, udta: BoxPlace | undefined, handlerName: string): string | undefined {
  const boxes = udta === undefined ? [] : childBoxes(bytes, udta.body, udta.end)
  const name = firstOf(boxes, 'name')
  const title = (name === undefined ? undefined : text(bytes, name.body, name.end)) ?? quickTimeText(bytes, boxes)
  if (title !== undefined) return title
  const handler = handlerName.trim()
  return handler.length <= MAX_TEXT_BYTES && !IDLE_NAMES.test(handler) ? handler : undefined
}
