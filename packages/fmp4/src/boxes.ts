import { toCuemuxError } from '@cuemux/core'
import { Box, BoxParser, DataStream } from 'mp4box'

/** mp4box's classes of boxes by their four characters. */
export const boxClass: typeof BoxParser.box = BoxParser.box

/** Sets a box's fields and gives it back. */
export function withFields<T extends Box>(box: T, fields: Partial<T>): T {
  return Object.assign(box, fields)
}

/** A box of boxes, in the order of its children. */
export function container<T extends Box>(box: T, children: readonly Box[]): T {
  for (const child of children) box.addBox(child)
  return box
}

/**
 * A box whose payload is written as it is. Decoder configuration goes through here: mp4box's own writers of `hvcC`,
 * `dac3` and others drop or change fields. A FullBox's version and flags are part of the payload.
 */
export function payloadBox(type: string, payload: Uint8Array): Box {
  const box = new Box()
  box.type = type
  // mp4box copies from the start of the view's buffer, not of the view. A Buffer's own `slice` would be such a view.
  box.data = new Uint8Array(payload)
  return box
}

/** The bytes of boxes one after the other. */
export function serialize(boxes: readonly Box[]): Uint8Array {
  const stream = new DataStream()
  try {
    // mp4box declares most writers for its subclass of DataStream, but none uses more than DataStream has.
    for (const box of boxes) box.write(stream)
  } catch (error) {
    throw toCuemuxError(error, 'BAD_REQUEST', 'The init segment could not be written')
  }
  return new Uint8Array(stream.buffer)
}
