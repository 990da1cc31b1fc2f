import { describe, expect, it } from 'vitest'
import { writeAudioSpecificConfig } from './aac.js'
import { BitWriter } from './bit-writer.js'
import { codecString } from './codec-string.js'
import { describeAudio } from './describe.js'
import { audioConfigFromFrame } from './from-frame.js'

const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'))

describe('AudioSpecificConfig', () => {
  it.each([
    ['LC 48 kHz stereo', '1190', { sampleRate: 48000, channels: 2, frameSamples: 1024, objectType: 2 }, 'mp4a.40.2'],
    [
      'LC that denies SBR (written by ffmpeg)',
      '119056e500',
      { sampleRate: 48000, channels: 2, frameSamples: 1024, objectType: 2 },
      'mp4a.40.2',
    ],
    ['LC 5.1', '11b0', { sampleRate: 48000, channels: 6, frameSamples: 1024, objectType: 2 }, 'mp4a.40.2'],
    ['LC 7.1', '11b8', { sampleRate: 48000, channels: 8, frameSamples: 1024, objectType: 2 }, 'mp4a.40.2'],
    ['LC, 960 samples', '1194', { sampleRate: 48000, channels: 2, frameSamples: 960, objectType: 2 }, 'mp4a.40.2'],
    [
      'SBR, explicit: 24 kHz core',
      '2b118800',
      { sampleRate: 48000, channels: 2, frameSamples: 2048, objectType: 5 },
      'mp4a.40.5',
    ],
    [
      'parametric stereo, explicit: mono core of 22.05 kHz',
      'eb8a0800',
      { sampleRate: 44100, channels: 2, frameSamples: 2048, objectType: 29 },
      'mp4a.40.29',
    ],
    [
      'SBR, backwards-compatible',
      '131056e598',
      { sampleRate: 48000, channels: 2, frameSamples: 2048, objectType: 5 },
      'mp4a.40.5',
    ],
    [
      'SBR and parametric stereo, backwards-compatible',
      '130856e59d4880',
      { sampleRate: 48000, channels: 2, frameSamples: 2048, objectType: 29 },
      'mp4a.40.29',
    ],
    [
      'sample rate index 15: 47250 Hz',
      '17805c4910',
      { sampleRate: 47250, channels: 2, frameSamples: 1024, objectType: 2 },
      'mp4a.40.2',
    ],
    [
      'ELD by escape, 512',
      'f8e64000',
      { sampleRate: 48000, channels: 2, frameSamples: 512, objectType: 39 },
      'mp4a.40.39',
    ],
  ])('%s', (_, config, description, string) => {
    expect(describeAudio('aac', hex(config))).toEqual(description)
    expect(codecString('aac', hex(config))).toBe(string)
  })

  it('counts the channels of a program config element', () => {
    // front: 1 single, 1 pair; side: none; back: 1 pair; 1 LFE; a comment of one byte
    const writer = new BitWriter().bits(2, 5).bits(3, 4).bits(0, 4).bits(0, 3)
    writer.bits(0, 4).bits(1, 2).bits(3, 4).bits(2, 4).bits(0, 4).bits(1, 4).bits(1, 2).bits(0, 3).bits(0, 4).bits(0, 3)
    writer.bits(0, 5).bits(0b10000, 5).bits(0b10001, 5).bits(0, 4)
    const config = writer.bits(0, 3).bits(1, 8).bits(0x20, 8).toBytes()
    expect(describeAudio('aac', config)).toMatchObject({ channels: 6, sampleRate: 48000 })
  })

  it('refuses a reserved rate', () => {
    expect(() => describeAudio('aac', hex('1690'))).toThrow(expect.objectContaining({ code: 'CORRUPT_INDEX' }))
  })
})

describe('writeAudioSpecificConfig', () => {
  it.each([
    [{ sampleRate: 48000, channels: 2 }, '1190'],
    [{ sampleRate: 44100, channels: 8 }, '1238'],
    [{ sampleRate: 48000, channels: 2, objectType: 1 }, '0990'],
    [{ sampleRate: 47250, channels: 2 }, '17805c4910'],
    [{ sampleRate: 24000, channels: 2, sbrRate: 48000 }, '131056e598'],
  ])('%j', (parameters, config) => {
    expect(writeAudioSpecificConfig(parameters)).toEqual(hex(config))
  })

  it.each([
    { sampleRate: 48000, channels: 7 },
    { sampleRate: 48000, channels: 0 },
    { sampleRate: 0.5, channels: 2 },
    { sampleRate: 48000, channels: 2, objectType: 31 },
  ])('refuses %j', parameters => {
    expect(() => writeAudioSpecificConfig(parameters)).toThrow(expect.objectContaining({ code: 'BAD_REQUEST' }))
  })
})

it('ADTS gives an AudioSpecificConfig', () => {
  const found = audioConfigFromFrame('aac', hex('fff14c80 2e7ffc'))
  expect(found?.config).toEqual(hex('1190'))
  expect(found?.description).toMatchObject({ sampleRate: 48000, channels: 2 })
  expect(audioConfigFromFrame('aac', hex('211b94802e7ffc'))).toBeUndefined()
})
