import { CuemuxError } from '@cuemux/core'
import type { Problems } from './problems.js'

/** Characters of the longest playlist that is read: 150,000 segments with addresses of 200 characters. */
const MAX_LENGTH = 32 * 1024 * 1024
/** Lines of the longest playlist that is read. */
const MAX_LINES = 500_000

/** §4.1: what no playlist may hold; tabs are needed by EXT-X-SKIP. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
const CONTROLS = /[\u0000-\u0008\u000a-\u001f\u007f-\u009f]/g

/**
 * The lines of a playlist (RFC 8216bis §4.1) that hold anything, trimmed; `problems.line` is the number of each.
 *
 * @throws CuemuxError `LIMIT_EXCEEDED`
 */
export function* playlistLines(text: string, problems: Problems): Generator<string, void, undefined> {
  if (text.length > MAX_LENGTH) {
    throw new CuemuxError('LIMIT_EXCEEDED', `The playlist has ${text.length} characters; ${MAX_LENGTH} are read.`)
  }
  // §4.1: a playlist must not start with a byte order mark.
  let from = text.startsWith('\ufeff') ? 1 : 0
  if (from === 1) problems.add('A playlist starts with #EXTM3U, without a byte order mark.', 1)
  const lineEnd = text.includes('\n') || !text.includes('\r') ? '\n' : '\r'
  if (lineEnd === '\r') problems.add('A line ends with LF or CR LF, not with CR alone.', 1)
  let number = 0
  while (from < text.length) {
    if (++number > MAX_LINES) throw new CuemuxError('LIMIT_EXCEEDED', `Only ${MAX_LINES} lines of a playlist are read.`)
    const found = text.indexOf(lineEnd, from)
    const end = found < 0 ? text.length : found
    let line = text.slice(from, end).trim()
    from = end + 1
    problems.line = number
    if (line.search(CONTROLS) >= 0) {
      problems.add('A playlist must have no control characters but line ends.')
      line = line.replace(CONTROLS, ' ').trim()
    }
    if (line !== '') yield line
  }
}
