import { CuemuxError, toCuemuxError } from '@cuemux/core'

/** The error of a broken configuration record; {@link fromMedia} turns it into `CORRUPT_MEDIA` where samples are read. */
export function corrupt(message: string): CuemuxError {
  return new CuemuxError('CORRUPT_INDEX', message)
}

/** Runs a parser of configuration bytes: whatever it throws leaves as a CuemuxError, `CORRUPT_INDEX` as a rule. */
export function fromConfig<T>(parse: () => T): T {
  try {
    return parse()
  } catch (error) {
    throw toCuemuxError(error, 'CORRUPT_INDEX')
  }
}

/** Runs a parser of sample bytes: whatever it throws leaves as a CuemuxError, `CORRUPT_MEDIA` as a rule. */
export function fromMedia<T>(parse: () => T): T {
  try {
    return parse()
  } catch (error) {
    if (error instanceof CuemuxError && error.code === 'CORRUPT_INDEX') {
      throw new CuemuxError('CORRUPT_MEDIA', error.message, { cause: error })
    }
    throw toCuemuxError(error, 'CORRUPT_MEDIA')
  }
}

/** Throws unless `data` has `length` bytes from `offset`. */
export function need(data: Uint8Array, offset: number, length: number, what: string): void {
  if (offset + length > data.length) {
    throw corrupt(`${what} ends early: ${offset + length} bytes needed, ${data.length} there.`)
  }
}

/** The byte at `offset`; the caller has checked that it is there. */
export function u8(data: Uint8Array, offset: number): number {
  return data[offset] ?? 0
}

/** 16 bits, big-endian. */
export function u16(data: Uint8Array, offset: number): number {
  return u8(data, offset) * 0x100 + u8(data, offset + 1)
}

/** 24 bits, big-endian. */
export function u24(data: Uint8Array, offset: number): number {
  return u16(data, offset) * 0x100 + u8(data, offset + 2)
}

/** 32 bits, big-endian, unsigned. */
export function u32(data: Uint8Array, offset: number): number {
  return u16(data, offset) * 0x10000 + u16(data, offset + 2)
}

/** 16 bits, little-endian. */
export function u16le(data: Uint8Array, offset: number): number {
  return u8(data, offset) + u8(data, offset + 1) * 0x100
}

/** 32 bits, little-endian, unsigned. */
export function u32le(data: Uint8Array, offset: number): number {
  return u16le(data, offset) + u16le(data, offset + 2) * 0x10000
}

/** Whether `data` has the characters of `text` (Latin 1) at `offset`. */
export function hasText(data: Uint8Array, offset: number, text: string): boolean {
  if (offset + text.length > data.length) return false
  for (let i = 0; i < text.length; i++) if (data[offset + i] !== text.charCodeAt(i)) return false
  return true
}
