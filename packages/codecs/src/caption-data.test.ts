import { describe, expect, it } from 'vitest'
import { captionDataOf } from './caption-data.js'

/** A keyframe's beginning with an SEI message of these triples. */
function sampleOf(flags: number, ...triples: readonly number[]): Uint8Array {
  const head = [0xb5, 0x00, 0x31, 0x47, 0x41, 0x39, 0x34, 0x03, flags | (triples.length / 3), 0xff]
  return Uint8Array.of(0, 0, 0, 60, 6, 4, head.length + triples.length + 1, ...head, ...triples, 0xff, 0x80, 0xb5, 0)
}

describe('captionDataOf', () => {
  it.each([
    ['padding of CEA-608', [0x40, 0xfc, 0x80, 0x80, 0xfd, 0x80, 0x80], 'cea608'],
    ['both', [0x40, 0xff, 2, 0x21, 0xfc, 0x80, 0x80], 'cea608'],
    ['CEA-708 alone', [0x40, 0xf8, 0x80, 0x80, 0xff, 2, 0x21, 0xfe, 0, 0], 'cea708'],
    ['nothing that is valid', [0x40, 0xf8, 0x80, 0x80, 0xfa, 0, 0], undefined],
    ['what is not to be processed', [0, 0xfc, 0x80, 0x80], undefined],
  ] as const)('finds %s', (_, [flags, ...triples], expected) => {
    expect(captionDataOf(sampleOf(flags, ...triples))).toBe(expected)
  })

  it('finds nothing where a message ends or is another', () => {
    const whole = sampleOf(0x40, 0xfc, 0x80, 0x80)
    for (let length = 0; length < 17; length++) expect(captionDataOf(whole.subarray(0, length))).toBeUndefined()
    expect(captionDataOf(Uint8Array.of(0xb5, 0, 0x31, 0x44, 0x54, 0x47, 0x31, 0x41))).toBeUndefined()
  })
})
