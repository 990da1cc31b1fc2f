import { describe, expect, it } from 'vitest'
import { payloadBox, serialize } from './boxes.js'

describe('payloadBox', () => {
  it('writes the view that it is given, not the buffer under it', () => {
    const whole = [9, 9, 9, 1, 2, 3, 9]
    const written = [0, 0, 0, 11, 0x61, 0x76, 0x63, 0x43, 1, 2, 3]
    for (const bytes of [Uint8Array.from(whole), Buffer.from(whole)]) {
      expect([...serialize([payloadBox('avcC', bytes.subarray(3, 6))])]).toEqual(written)
    }
  })
})
