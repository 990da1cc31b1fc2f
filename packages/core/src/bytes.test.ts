import { expect, it } from 'vitest'
import { concatBytes } from './bytes.js'

it('puts parts together in a new array', () => {
  const one = Uint8Array.of(1, 2)
  expect(concatBytes([one, new Uint8Array(0), Uint8Array.of(3)])).toEqual(Uint8Array.of(1, 2, 3))
  expect(concatBytes([])).toEqual(new Uint8Array(0))
  expect(concatBytes([one])).toEqual(one)
  expect(concatBytes([one])).not.toBe(one)
})
