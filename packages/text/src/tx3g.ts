import { readBoxes } from './boxes.js'
import { colourTag } from './colour.js'
import { MAX_CUE_INPUT } from './cue.js'
import { decodeText } from './decode-text.js'
import { PayloadWriter } from './payload.js'

/** The text of a 3GPP timed text sample. */
export interface Tx3gText {
  readonly payload: string
  /** The sample has a `frcd` box: shown even when subtitles are off. */
  readonly isForced: boolean
}

/** A style record: what applies from one character to another. */
interface StyleRun {
  readonly from: number
  readonly to: number
  readonly tags: readonly string[]
}

const MAX_RUNS = 2000

/**
 * A sample of `tx3g` (3GPP TS 26.245 §5.17): length, text in UTF-8 or, with a byte order mark, UTF-16; then boxes, of
 * which `styl` gives tags. Where the text is placed (`tbox`), highlights, scrolling and links are not kept.
 *
 * @param options `encoding` where the text is not UTF-8: QuickTime's `text` is in Mac Roman as a rule
 */
export function tx3gText(
  sample: Uint8Array,
  options: { readonly language?: string; readonly encoding?: string } = {},
): Tx3gText {
  const length = Math.min(sample.length < 2 ? 0 : sample[0]! * 256 + sample[1]!, sample.length - 2, MAX_CUE_INPUT)
  if (length <= 0) return { payload: '', isForced: false }
  const { text } = decodeText(sample.subarray(2, 2 + length), options)
  const boxes = readBoxes(sample, 2 + length)
  const writer = new PayloadWriter()
  writeStyled(
    [...text],
    boxes.filter(({ type }) => type === 'styl').flatMap(({ payload }) => readStyles(payload)),
    writer,
  )
  return { payload: writer.finish(), isForced: boxes.some(({ type }) => type === 'frcd') }
}

/** `styl` (§5.17.1.1): a count, and 12 bytes each: two characters, font, face, size, colour. */
function readStyles(payload: Uint8Array): StyleRun[] {
  const runs: StyleRun[] = []
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength)
  const count = payload.length < 2 ? 0 : Math.min(view.getUint16(0), Math.floor((payload.length - 2) / 12), MAX_RUNS)
  for (let i = 0; i < count; i++) {
    const at = 2 + i * 12
    const face = view.getUint8(at + 6)
    // A colour that can't be seen is no colour.
    const colour = view.getUint8(at + 11) === 0 ? '' : colourTag(view.getUint32(at + 8) >>> 8)
    const tags = colour === '' ? [] : [colour]
    if (face & 1) tags.push('b')
    if (face & 2) tags.push('i')
    if (face & 4) tags.push('u')
    runs.push({ from: view.getUint16(at), to: view.getUint16(at + 2), tags })
  }
  return runs.sort((a, b) => a.from - b.from)
}

/** Positions count characters, not code units or bytes. */
function writeStyled(characters: readonly string[], runs: readonly StyleRun[], writer: PayloadWriter): void {
  let at = 0
  for (const run of runs) {
    if (run.to <= at || run.from >= characters.length) continue
    writer.style([])
    writer.text(characters.slice(at, run.from).join(''))
    writer.style(run.tags)
    writer.text(characters.slice(Math.max(at, run.from), run.to).join(''))
    at = Math.max(at, run.to)
  }
  writer.style([])
  writer.text(characters.slice(at).join(''))
}
