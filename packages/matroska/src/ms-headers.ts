/** What a WAVEFORMATEX says, which A_MS/ACM has as its CodecPrivate. */
export interface WaveFormat {
  /** wFormatTag; of an extensible one that of its sub-format. */
  readonly tag: number
  /** wBitsPerSample. */
  readonly bitDepth: number
  /** The codec's own configuration. */
  readonly extra: Uint8Array
}

const WAVE_BYTES = 18
const EXTENSIBLE = 0xfffe
/** The sub-format's GUID begins with a format tag, behind valid bits and channel mask. */
const SUBFORMAT_AT = 24

/** Reads a WAVEFORMATEX; `undefined` where not even the tag is there. Missing fields are 0 (a WAVEFORMAT has no last one). */
export function readWaveFormat(bytes: Uint8Array): WaveFormat | undefined {
  if (bytes.length < 2) return undefined
  const u16 = (at: number): number => (bytes[at] ?? 0) + 256 * (bytes[at + 1] ?? 0)
  const tag = u16(0)
  const extra = bytes.subarray(WAVE_BYTES, WAVE_BYTES + u16(16))
  const isExtensible = tag === EXTENSIBLE && bytes.length >= SUBFORMAT_AT + 2
  return { tag: isExtensible ? u16(SUBFORMAT_AT) : tag, bitDepth: u16(14), extra }
}

/** What a BITMAPINFOHEADER says, which V_MS/VFW/FOURCC has as its CodecPrivate. */
export interface BitmapInfo {
  /** biCompression, in capital letters. */
  readonly fourcc: string
  /** The codec's own configuration. */
  readonly extra: Uint8Array
}

const BITMAP_INFO_BYTES = 40

/** Reads a BITMAPINFOHEADER; `undefined` where the bytes are too few. */
export function readBitmapInfo(bytes: Uint8Array): BitmapInfo | undefined {
  if (bytes.length < 20) return undefined
  // biSize counts what follows the header only as some muxers write it: the rest of CodecPrivate is the extra data.
  return {
    fourcc: String.fromCharCode(...bytes.subarray(16, 20)).toUpperCase(),
    extra: bytes.subarray(BITMAP_INFO_BYTES),
  }
}
