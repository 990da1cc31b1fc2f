import { describe, expect, test } from 'vitest'
import { readCells } from './clock-cells.js'

/** Grey levels of the row: white, black, 16 bits, parity, white. */
const row = (bits: string, parity: number): number[] => [
  235,
  16,
  ...[...bits].map(bit => (bit === '1' ? 230 : 20)),
  parity,
  235,
]

describe('readCells', () => {
  test('reads the number', () => {
    expect(readCells(row('0000001100100100', 16))).toBe(804)
    expect(readCells(row('0000010001111111', 16))).toBe(1151)
    expect(readCells(row('0000000000000001', 235))).toBe(1)
  })
  test('refuses a picture without a clock', () => {
    expect(() => readCells(row('0000001100100100', 235))).toThrow('no clock in the picture')
    expect(() => readCells(Array.from({ length: 20 }, () => 128))).toThrow('no clock in the picture')
  })
})
