/** Bytes from `start` up to `end`, which is not in it. */
export interface ByteRange {
  readonly start: number
  readonly end: number
}

/**
 * The range that a Range header asks for (RFC 9110 §14.1.2): `undefined` where there is no header or one that is to
 * be ignored, `unsatisfiable` where it lies behind the end. Of several ranges only the first counts.
 */
export function parseRange(header: string | undefined, sizeBytes: number): ByteRange | 'unsatisfiable' | undefined {
  const [, from = '', to = ''] = /^bytes=(\d{0,15})-(\d{0,15})/.exec(header ?? '') ?? []
  if (from === '' && to === '') return undefined
  if (from === '') {
    const start = Math.max(0, sizeBytes - Number(to))
    return start < sizeBytes ? { start, end: sizeBytes } : 'unsatisfiable'
  }
  const start = Number(from)
  const end = to === '' ? sizeBytes : Math.min(sizeBytes, Number(to) + 1)
  if (start >= sizeBytes) return 'unsatisfiable'
  return end > start ? { start, end } : undefined
}
