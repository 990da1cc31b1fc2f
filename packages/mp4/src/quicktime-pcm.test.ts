import { describe, expect, it } from 'vitest'
import { AUDIO, open } from '../testing/films.js'
import { box, join, soundEntry, words } from '../testing/movie-writer.js'

/** A sound entry with so many bits in its own field. */
function bits(entry: Uint8Array, count: number): Uint8Array {
  entry[8 + 19] = count
  return entry
}

const enda = box('wave', box('enda', Uint8Array.of(0, 1)))
/** Fields of version 2: 48 kHz as a float, two channels, bits, flags. */
const version2 = (count: number, flags: number): Uint8Array => {
  const entry = soundEntry('lpcm', words(72, 0x40e77000, 0, 2, 0x7f000000, count, flags, 6, 1))
  entry[8 + 9] = 2
  return entry
}

describe('PCM of QuickTime', () => {
  it.each([
    ['sowt', bits(soundEntry('sowt'), 16), 'ipcm', [1, 16]],
    ['twos', bits(soundEntry('twos'), 24), 'ipcm', [0, 24]],
    ['in24 that says 16', soundEntry('in24'), 'ipcm', [0, 24]],
    ['in24, little-endian', soundEntry('in24', enda), 'ipcm', [1, 24]],
    ['in32', soundEntry('in32'), 'ipcm', [0, 32]],
    ['fl32, little-endian', soundEntry('fl32', enda), 'fpcm', [1, 32]],
    ['fl64', soundEntry('fl64'), 'fpcm', [0, 64]],
    ['NONE of 16 bits', bits(soundEntry('NONE'), 16), 'ipcm', [0, 16]],
    ['lpcm of floats', version2(32, 1 | 8), 'fpcm', [1, 32]],
    ['lpcm, big-endian', version2(24, 2 | 4 | 8), 'ipcm', [0, 24]],
    ['sowt of 8 bits, which MP4 does not have', bits(soundEntry('sowt'), 8), undefined, [1, 8]],
  ])('%s', async (_, entry, codecString, [isLittle, depth]) => {
    const { index } = await open({ brand: 'qt  ', tracks: [{ ...AUDIO, entries: [entry] }] })
    const config = Uint8Array.of(0, 0, 0, 0, isLittle ?? 0, depth ?? 0)
    expect(index.tracks[0]).toMatchObject({ codec: 'pcm', bitDepth: depth, descriptions: [{ config, codecString }] })
  })

  it('of values without a sign has no counterpart in MP4', async () => {
    const { index } = await open({ brand: 'qt  ', tracks: [{ ...AUDIO, entries: [bits(soundEntry('raw '), 8)] }] })
    expect(index.tracks[0]).toMatchObject({ codec: 'pcm', bitDepth: 8, descriptions: [{ config: new Uint8Array(0) }] })
  })

  it.each([
    ['planar', 32 | 4],
    ['of 16 bits without a sign', 0],
  ])('lpcm that is %s is not known', async (_, flags) => {
    const { index } = await open({ brand: 'qt  ', tracks: [{ ...AUDIO, entries: [join(version2(16, flags))] }] })
    expect(index.tracks[0]).toMatchObject({ codec: 'unknown', containerCodec: 'lpcm' })
  })
})
