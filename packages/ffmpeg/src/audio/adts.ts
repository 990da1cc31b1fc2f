import { CuemuxError, concatBytes } from '@cuemux/core'

const HEADER_BYTES = 7
/** Without an error check, as ffmpeg writes it; with one the header has two bytes more. */
const CRC_BYTES = 2

/** Takes a stream of ADTS frames apart (ISO/IEC 14496-3 §1.A.2), however it is cut into pieces. */
export class AdtsReader {
  #rest: Uint8Array = new Uint8Array(0)

  /**
   * The frames that are complete with this piece, without their headers.
   *
   * @throws CuemuxError `ENCODER_FAILED` where the bytes are no ADTS
   */
  push(piece: Uint8Array): Uint8Array[] {
    const bytes = this.#rest.length === 0 ? piece : concatBytes([this.#rest, piece])
    const frames: Uint8Array[] = []
    let at = 0
    while (at + HEADER_BYTES <= bytes.length) {
      const flags = bytes[at + 1] ?? 0
      if (bytes[at] !== 0xff || (flags & 0xf6) !== 0xf0) throw broken()
      const length = (((bytes[at + 3] ?? 0) & 3) << 11) | ((bytes[at + 4] ?? 0) << 3) | ((bytes[at + 5] ?? 0) >> 5)
      const header = HEADER_BYTES + (flags & 1 ? 0 : CRC_BYTES)
      if (length <= header) throw broken()
      if (at + length > bytes.length) break
      // A copy: the views would hold on to whole pieces of the pipe.
      frames.push(bytes.slice(at + header, at + length))
      at += length
    }
    this.#rest = bytes.slice(at)
    return frames
  }
}

function broken(): CuemuxError {
  return new CuemuxError('ENCODER_FAILED', 'ffmpeg wrote something that is no ADTS.')
}
