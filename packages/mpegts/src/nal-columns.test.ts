import fc from 'fast-check'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { NalColumns } from './nal-columns.js'

afterEach(() => {
  vi.unstubAllGlobals()
  vi.resetModules()
})

function unitsOf(columns: NalColumns, bytes: Uint8Array, from: number, to: number): [number, number][] {
  columns.scan(bytes, from, to)
  return Array.from({ length: columns.count }, (_, i) => [columns.start[i]!, columns.end[i]!])
}

describe('NalColumns', () => {
  it('finds units behind start codes, without the zeros that trail them', () => {
    const bytes = Uint8Array.of(9, 0, 0, 0, 1, 0x67, 1, 0, 0, 1, 0x68, 0, 0, 0, 1, 0x65, 7, 7, 0, 0)
    expect(unitsOf(new NalColumns(), bytes, 0, bytes.length)).toEqual([
      [5, 7],
      [10, 11],
      [15, 18],
    ])
    expect(unitsOf(new NalColumns(), bytes, 6, 16)).toEqual([
      [10, 11],
      [15, 16],
    ])
  })

  it('finds the same without the search of the engine', async () => {
    vi.stubGlobal('Buffer', undefined)
    vi.resetModules()
    const other = await import('./nal-columns.js')
    vi.unstubAllGlobals()
    const bytes = fc.array(fc.constantFrom(0, 0, 0, 1, 2, 255), { maxLength: 400 }).map(list => Uint8Array.from(list))
    fc.assert(
      fc.property(bytes, fc.nat(20), (view, from) => {
        const to = view.length
        expect(unitsOf(new other.NalColumns(), view, from, to)).toEqual(unitsOf(new NalColumns(), view, from, to))
      }),
    )
  })
})
