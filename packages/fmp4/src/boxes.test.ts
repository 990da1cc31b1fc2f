import { describe, expect, it } from 'vitest'
import { payloadBox, serialize } from './boxes.js'

describe('payloadBox', () => {
  it('writes the view that it is given, not the buffer under it', () => {
    const whole = Uint8Array.of(9, 9, 9, 1, 2, 3, 9)
    expect([...serialize([payloadBox('avcC', whole.subarray(3, 6))])]).toEqual([
      0, 0, 0, 11, 0x61, 0x76, 0x63, 0x43, 1, 2, 3,
    ])
  })
})
