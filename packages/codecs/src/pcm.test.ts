import { expect, it } from 'vitest'
import { describeAudio } from './describe.js'
import { pcmConfig } from './pcm.js'

it('writes pcmC and reads it again', () => {
  expect(pcmConfig({ bitDepth: 24, isLittleEndian: true })).toEqual(Uint8Array.of(0, 0, 0, 0, 1, 24))
  expect(pcmConfig({ bitDepth: 32, isLittleEndian: false })).toEqual(Uint8Array.of(0, 0, 0, 0, 0, 32))
  expect(describeAudio('pcm', Uint8Array.of(0, 0, 0, 0, 1, 24))).toEqual({ bitDepth: 24 })
  expect(describeAudio('pcm', new Uint8Array(0))).toEqual({})
  expect(() => describeAudio('pcm', Uint8Array.of(0, 0, 0, 0, 1, 7))).toThrow('7 bits')
})
