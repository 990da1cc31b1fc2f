import type { AudioTrack } from '@cuemux/core'
import { describe, expect, it } from 'vitest'
import { describeBoxes } from '../test-support/box-tree.js'
import { audioTrack, description } from '../test-support/tracks.js'
import { serialize } from './boxes.js'
import { audioSampleEntry } from './sample-entry-audio.js'

const entryOf = (more: Partial<AudioTrack>, config: string): string => {
  const track = audioTrack({ ...more, descriptions: [description(config)] })
  return describeBoxes(serialize([audioSampleEntry(track, track.descriptions[0])]))
}

describe('audioSampleEntry of AAC', () => {
  it('has the buffer and the bound of LC frames, and the mean rate where it is known', () => {
    // 03 19: ES_Descriptor, 04 11: 40 MPEG-4 audio, 15, 000600, 576000, 128000; 05 02: the configuration; 06 01 02
    expect(entryOf({ bitrateBps: 128_000 }, '1190')).toBe(
      'mp4a ref 1 reserved 0 channels 2 bits 16 rate 48000\n' +
        '  esds 00000000 0319000000 0411401500060000 08ca00 0001f400 05021190 060102\n'.replaceAll(
          /(?<=[0-9a-f]) (?=0)/g,
          '',
        ),
    )
  })

  it('shows 5.1 and 7.1 as the configuration has them', () => {
    expect(entryOf({ channels: 2 }, '11b0')).toContain('channels 6 bits 16 rate 48000\n')
    expect(entryOf({ channels: 8 }, '11b8')).toContain('channels 8 bits 16 rate 48000\n')
  })

  it('asks the track where the configuration lists its channels itself', () => {
    expect(entryOf({ channels: 4 }, '118004c8')).toContain('channels 4 ')
  })

  it("shows the core's rate with SBR told afterwards, and the rate after SBR told first", () => {
    // AAC-LC 24 kHz stereo, then sync extension 0x2b7 SBR 48 kHz; and object type 5, 24 kHz, 48 kHz, 2
    expect(entryOf({ sampleRate: 48000 }, '131056e598')).toContain('channels 2 bits 16 rate 24000\n')
    expect(entryOf({ sampleRate: 48000 }, '2b118800')).toContain('channels 2 bits 16 rate 48000\n')
  })

  it('counts two channels for parametric stereo', () => {
    expect(entryOf({ channels: 2, sampleRate: 48000 }, 'eb098800')).toContain('channels 2 bits 16 rate 48000\n')
  })

  it('leaves a rate over 16 bits to the configuration', () => {
    expect(entryOf({ sampleRate: 96000, timescale: 96000 }, '1010')).toContain('channels 2 bits 16 rate 0\n')
  })

  it('takes a rate that is spelled out', () => {
    // 5 bits 2, index 15, 24 bits 11000, 4 bits 1
    expect(entryOf({ channels: 1, sampleRate: 11000 }, '1780157c08')).toContain('channels 1 bits 16 rate 11000\n')
  })

  it('takes what the track says when the configuration ends early', () => {
    expect(entryOf({ channels: 6, sampleRate: 44100 }, '12')).toContain('channels 6 bits 16 rate 44100\n')
  })
})

describe('audioSampleEntry of the other codecs', () => {
  it('MP3 has its own object types and no DecoderSpecificInfo', () => {
    expect(entryOf({ codec: 'mp3', sampleRate: 44100, bitrateBps: 192_000 }, '')).toBe(
      'mp4a ref 1 reserved 0 channels 2 bits 16 rate 44100\n' +
        '  esds 000000000315000000040d6b150004150004e2000002ee00060102\n',
    )
    expect(entryOf({ codec: 'mp3', sampleRate: 24000 }, '')).toContain(
      '04 0d 69 15 0001e1 00027100 00000000'.replaceAll(' ', ''),
    )
  })

  it('Opus is at 48 kHz whatever went in', () => {
    expect(entryOf({ codec: 'opus', channels: 6, sampleRate: 44100 }, '000601380000ac44000001')).toBe(
      'Opus ref 1 reserved 0 channels 6 bits 16 rate 48000\n  dOps 000601380000ac44000001\n',
    )
  })

  it('FLAC shows its bits, and a fraction of a rate over 16 bits', () => {
    const flac = (sampleRate: number): string =>
      entryOf({ codec: 'flac', bitDepth: 24, sampleRate }, '00000000 80000022')
    expect(flac(48000)).toBe('fLaC ref 1 reserved 0 channels 2 bits 24 rate 48000\n  dfLa 0000000080000022\n')
    expect(flac(96000)).toContain(' rate 48000\n')
    expect(flac(192000)).toContain(' rate 48000\n')
    expect(flac(88200)).toContain(' rate 44100\n')
    expect(flac(131071)).toContain(' rate 65535\n')
  })

  it('PCM has an entry for whole numbers and one for floats', () => {
    const pcm = (codecString: string, config: string, bitDepth: number): string => {
      const track = audioTrack({ codec: 'pcm', bitDepth, descriptions: [description(config, { codecString })] })
      return describeBoxes(serialize([audioSampleEntry(track, track.descriptions[0])]))
    }
    expect(pcm('ipcm', '000000000118', 24)).toBe(
      'ipcm ref 1 reserved 0 channels 2 bits 24 rate 48000\n  pcmC 000000000118\n',
    )
    expect(pcm('fpcm', '000000000120', 32)).toBe(
      'fpcm ref 1 reserved 0 channels 2 bits 32 rate 48000\n  pcmC 000000000120\n',
    )
    expect(() => entryOf({ codec: 'pcm' }, '')).toThrow(expect.objectContaining({ code: 'UNSUPPORTED_CODEC' }))
  })

  it('AC-3 and E-AC-3', () => {
    expect(entryOf({ codec: 'ac3', channels: 6 }, '103dc0')).toBe(
      'ac-3 ref 1 reserved 0 channels 6 bits 16 rate 48000\n  dac3 103dc0\n',
    )
    expect(entryOf({ codec: 'eac3', channels: 6 }, '06002020000110')).toBe(
      'ec-3 ref 1 reserved 0 channels 6 bits 16 rate 48000\n  dec3 06002020000110\n',
    )
  })

  it('ALAC: a bare cookie gets version and flags, a box payload keeps its own', () => {
    const cookie = '00001000 00 18 28 0a 0e 02 00ff 00000000 00000000 0000bb80'.replaceAll(' ', '')
    const expected = `alac ref 1 reserved 0 channels 2 bits 24 rate 48000\n  alac 00000000${cookie}\n`
    expect(entryOf({ codec: 'alac', bitDepth: 24 }, cookie)).toBe(expected)
    expect(entryOf({ codec: 'alac', bitDepth: 24 }, `00000000${cookie}`)).toBe(expected)
  })
})
