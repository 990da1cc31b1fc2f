import { describe, expect, it } from 'vitest'
import { alacToBox } from './alac.js'
import { BitWriter } from './bit-writer.js'
import { describeAudio } from './describe.js'
import { flacToDfla } from './flac.js'
import { audioConfigFromFrame } from './from-frame.js'
import { parseMpegAudioHeader } from './mpeg-audio.js'
import { opusConfigOfChannels, opusHeadToDops, opusPacketSamples } from './opus.js'

const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'))

describe('Opus', () => {
  it.each([
    ['stereo', '4f707573486561640102380180bb0000000000', '000201380000bb80000000', 2],
    [
      '5.1 of mapping family 1',
      '4f707573486561640106380180bb00000000010402000401020305',
      '000601380000bb800000010402000401020305',
      6,
    ],
    ['with gain', '4f707573486561640101380144ac0000fe0100', '000101380000ac4401fe00', 1],
  ])('OpusHead → dOps: %s', (_, head, dops, channels) => {
    expect(opusHeadToDops(hex(head))).toEqual(hex(dops))
    expect(describeAudio('opus', hex(dops))).toEqual({ sampleRate: 48000, channels, preSkip: 312 })
  })

  it.each([
    ['another magic', '4f707573546167730102380180bb0000000000'],
    ['a version that is incompatible', '4f707573486561641002380180bb0000000000'],
    ['three channels of family 0', '4f707573486561640103380180bb0000000000'],
    ['a mapping that breaks off', '4f707573486561640106380180bb000000000104020004'],
    ['too short', '4f7075734865616401'],
  ])('refuses %s', (_, head) => {
    expect(() => opusHeadToDops(hex(head))).toThrow(expect.objectContaining({ code: 'CORRUPT_INDEX' }))
  })

  it.each([
    ['fc', 960],
    ['e0', 120],
    ['04', 480],
    ['1b81', 2880],
    ['fd', 1920],
    ['fb06', 5760],
    ['fb3f', 0],
    ['', 0],
  ])('packet %s has %i samples', (packet, samples) => {
    expect(opusPacketSamples(hex(packet))).toBe(samples)
  })

  it('stands in for a missing OpusHead', () => {
    const found = audioConfigFromFrame('opus', hex('fcca7068'))
    expect(found?.config).toEqual(hex('000200000000bb80000000'))
    expect(found?.description).toEqual({ sampleRate: 48000, channels: 2, preSkip: 0, frameSamples: 960 })
  })
})

describe('opusConfigOfChannels', () => {
  it.each([
    [1, '000100000000bb80000000'],
    [2, '000200000000bb80000000'],
    [6, '000600000000bb800000010402000401020305'],
    [8, '000800000000bb8000000105030006010203040507'],
  ])('%i channels', (channels, dops) => {
    expect(opusConfigOfChannels(channels)).toEqual(hex(dops))
    expect(describeAudio('opus', hex(dops)).channels).toBe(channels)
  })

  it.each([0, 9, 0x81, 255])('knows no layout for %i', channels => {
    expect(opusConfigOfChannels(channels)).toBeUndefined()
  })
})

describe('FLAC', () => {
  const INFO = '120012000020bc00347b0bb80370002bf200259237268e8de5a089cd190a791bc021'

  it('CodecPrivate → dfLa keeps STREAMINFO alone', () => {
    const dfla = hex(`00000000 80000022 ${INFO}`)
    expect(flacToDfla(hex(`664c6143 00000022 ${INFO} 84000004 00000000`))).toEqual(dfla)
    expect(flacToDfla(hex(`80000022 ${INFO}`))).toEqual(dfla)
    expect(flacToDfla(hex(INFO))).toEqual(dfla)
    expect(describeAudio('flac', dfla)).toEqual({ sampleRate: 48000, channels: 2, bitDepth: 24, frameSamples: 4608 })
  })

  it('refuses another first block', () => {
    expect(() => flacToDfla(hex(`664c6143 84000022 ${INFO}`))).toThrow('no STREAMINFO')
    expect(() => flacToDfla(hex('664c6143 00000022 1200'))).toThrow('ends early')
  })
})

describe('AC-3', () => {
  it('frame → dac3, 5.1 at 384 kbit/s', () => {
    const found = audioConfigFromFrame('ac3', hex('0b776d441c40ebf8403eff748a6a7165'))
    expect(found?.config).toEqual(hex('103dc0'))
    expect(found?.description).toEqual({ sampleRate: 48000, channels: 6, frameSamples: 1536, bitrateBps: 384000 })
  })

  it('refuses reserved codes and says nothing without a sync word', () => {
    expect(() => audioConfigFromFrame('ac3', hex('0b77000 0dc40ebf8403e'))).toThrow(
      expect.objectContaining({ code: 'CORRUPT_MEDIA' }),
    )
    expect(audioConfigFromFrame('ac3', hex('770b'))).toBeUndefined()
  })
})

/** A syncframe of E-AC-3 with 6 blocks at 48 kHz, filled up to its size. */
function eac3(streamType: number, acmod: number, lfe: number, tail: (writer: BitWriter) => BitWriter): Uint8Array {
  const writer = new BitWriter().bits(0x0b77, 16).bits(streamType, 2).bits(0, 3).bits(31, 11)
  writer.bits(0, 2).bits(3, 2).bits(acmod, 3).bits(lfe, 1).bits(16, 5).bits(27, 5).bits(0, 1)
  const frame = new Uint8Array(64)
  frame.set(tail(writer).toBytes())
  return frame
}

describe('E-AC-3', () => {
  it('frame → dec3, stereo at 256 kbit/s', () => {
    const frame = new Uint8Array(1024)
    frame.set(hex('0b7701ff3487c0002084210840c0cc08e1a7bbe7d5d4c71875dfbe7d5df3'))
    const found = audioConfigFromFrame('eac3', frame)
    expect(found?.config).toEqual(hex('0800200400'))
    expect(found?.description).toEqual({
      sampleRate: 48000,
      channels: 2,
      frameSamples: 1536,
      bitrateBps: 256000,
      hasJoc: false,
    })
  })

  it('counts a dependent substream with Lrs/Rrs: 7.1', () => {
    const main = eac3(0, 7, 1, writer => writer.bits(0, 3))
    // chanmap: L, R are not replaced; Lrs/Rrs is bit 6 from the left
    const rear = eac3(1, 2, 0, writer => writer.bits(1, 1).bits(0x0200, 16).bits(0, 3))
    const found = audioConfigFromFrame('eac3', Uint8Array.from([...main, ...rear]))
    // 64 + 64 bytes in 32 ms; chan_loc 2
    expect(found?.config).toEqual(hex('0100 200f 0202'))
    expect(found?.description).toMatchObject({ channels: 8, bitrateBps: 32000, hasJoc: false })
  })

  it('takes the length of a unit from its first substream, whatever its number', () => {
    const found = audioConfigFromFrame('eac3', hex('0b7708ff3487c0'))
    expect(found?.description).toMatchObject({ frameSamples: 1536, channels: 2 })
  })

  it('finds joint object coding behind mixing and informational metadata', () => {
    const joc = eac3(0, 7, 1, writer => {
      writer.bits(1, 1).bits(0, 2).bits(0, 6).bits(0, 6).bits(1, 1).bits(9, 5)
      writer.bits(1, 1).bits(9, 6).bits(0, 1).bits(1, 2).bits(0, 5).bits(0, 1)
      writer.bits(1, 1).bits(2, 3).bits(0, 2).bits(0, 2).bits(1, 1).bits(0, 8).bits(0, 1)
      return writer.bits(1, 1).bits(1, 6).bits(0, 7).bits(1, 1).bits(16, 8)
    })
    const found = audioConfigFromFrame('eac3', joc)
    expect(found?.config).toEqual(hex('0080 202f00 0110'))
    expect(found?.description).toMatchObject({ channels: 6, hasJoc: true })
    expect(describeAudio('eac3', hex('0080 202f00 0110'))).toMatchObject({ channels: 6, hasJoc: true })
  })
})

describe('MPEG audio', () => {
  it.each([
    ['Layer II', 'fffda404', [1, 2, 48000, 2, 1152, 192000, 576]],
    ['Layer III', 'fffb9064', [1, 3, 44100, 2, 1152, 128000, 417]],
    ['Layer III with padding, mono', 'fffb92c4', [1, 3, 44100, 1, 1152, 128000, 418]],
    ['MPEG-2 Layer III', 'fff384c4', [2, 3, 24000, 1, 576, 64000, 192]],
    ['MPEG-2.5 Layer III', 'ffe348c4', [2.5, 3, 8000, 1, 576, 32000, 288]],
    ['Layer I', 'ffff9004', [1, 1, 44100, 2, 384, 288000, 312]],
  ])('%s', (_, bytes, expected) => {
    const [version, layer, sampleRate, channels, frameSamples, bitrateBps, frameBytes] = expected
    const header = { version, layer, sampleRate, channels, frameSamples, bitrateBps, frameBytes }
    expect(parseMpegAudioHeader(hex(bytes))).toEqual(header)
  })

  it.each(['fffbf064', 'fffb9c64', 'fffb0064', 'ffeb9064', 'fff99064', 'fffb90'])('%s is no header', bytes => {
    expect(parseMpegAudioHeader(hex(bytes))).toBeUndefined()
  })

  it('describes a track', () => {
    expect(audioConfigFromFrame('mp3', hex('fffde404'))).toMatchObject({
      config: new Uint8Array(0),
      description: { sampleRate: 48000, channels: 2, frameSamples: 1152 },
    })
  })
})

it('DTS core: 5.1', () => {
  const found = audioConfigFromFrame('dts', hex('7ffe8001fc3c3ff275e005380009ef7bdeffffff'))
  expect(found?.description).toEqual({ sampleRate: 48000, channels: 6, frameSamples: 512 })
})

it('TrueHD: 5.1', () => {
  const found = audioConfigFromFrame('truehd', hex('5030ffd8f8726fba0097c00fb752000000008c7f'))
  expect(found?.description).toEqual({ sampleRate: 48000, channels: 6, frameSamples: 40 })
})

describe('ALAC', () => {
  const COOKIE = '0000100000 10 280a0e 01 0000 00002004 000ac440 0000ac44'

  it.each([
    ['bare', COOKIE],
    ['the box payload', `00000000 ${COOKIE}`],
    ['the whole box', `00000024 616c6163 00000000 ${COOKIE}`],
    ['behind frma', `0000000c 66726d61 616c6163 00000024 616c6163 00000000 ${COOKIE}`],
  ])('%s', (_, config) => {
    expect(describeAudio('alac', hex(config))).toEqual({
      sampleRate: 44100,
      channels: 1,
      bitDepth: 16,
      frameSamples: 4096,
      bitrateBps: 705600,
    })
    expect(alacToBox(hex(config))).toEqual(hex(`00000000 ${COOKIE}`))
  })
})

it('Vorbis: laced headers and the first alone', () => {
  const first = '01766f72626973 00000000 01 44ac0000 00000000 80380100 00000000 b801'
  const description = { sampleRate: 44100, channels: 1 }
  expect(describeAudio('vorbis', hex(first))).toEqual(description)
  expect(describeAudio('vorbis', hex(`02 1e ff01 ${first}`))).toEqual(description)
  expect(() => describeAudio('vorbis', hex(`02 1e 5d 03${first.slice(2)}`))).toThrow('begin wrongly')
})
