import { forEachChild, readUint } from './ebml.js'
import { Id } from './elements.js'

/**
 * BlockAdditional of BlockAddID 1 in the payload of BlockAdditions (RFC 9559 §5.1.3.5.2): of a WebVTT block its settings,
 * identifier and comments. `undefined` without one.
 */
export function readAddition(bytes: Uint8Array, start: number, end: number): Uint8Array | undefined {
  let found: Uint8Array | undefined
  forEachChild(
    bytes,
    start,
    end,
    (id, from, to) => {
      if (id !== Id.BlockMore || found !== undefined) return
      // §5.1.3.5.2.3: BlockAddID is 1 where it isn't said.
      let addId = 1
      let addition: Uint8Array | undefined
      forEachChild(
        bytes,
        from,
        to,
        (child, childStart, childEnd) => {
          if (child === Id.BlockAddID) addId = readUint(bytes, childStart, childEnd)
          else if (child === Id.BlockAdditional) addition = bytes.subarray(childStart, childEnd)
        },
        true,
      )
      if (addId === 1) found = addition
    },
    true,
  )
  return found
}
