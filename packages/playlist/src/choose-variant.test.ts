import { describe, expect, it } from 'vitest'
import { chooseVariant, resolveUri, type StreamVariant } from './index.js'

const variant = (
  uri: string,
  bandwidthBps: number,
  height?: number,
  codecs: readonly string[] = [],
): StreamVariant => ({
  uri,
  bandwidthBps,
  codecs,
  ...(height === undefined ? {} : { resolution: { width: height * 2, height } }),
})

describe('chooseVariant', () => {
  const variants = [
    variant('sound', 64_000),
    variant('sd', 1_000_000, 480, ['avc1.4d401f', 'mp4a.40.2']),
    variant('hd', 4_000_000, 1080, ['avc1.640028', 'mp4a.40.2']),
    variant('hd+', 6_000_000, 1080, ['hvc1.1.6.L120', 'mp4a.40.2']),
    variant('uhd', 15_000_000, 2160, ['hvc1.2.4.L153', 'ec-3']),
  ]
  it.each([
    [{}, 'uhd'],
    [{ maxHeight: 1080 }, 'hd+'],
    [{ maxHeight: 1080, codecs: ['AVC1', 'mp4a.40'] }, 'hd'],
    [{ maxBandwidthBps: 4_000_000 }, 'hd'],
    [{ maxBandwidthBps: 500_000 }, 'sound'],
    [{ maxBandwidthBps: 1 }, 'sound'],
  ])('%j: %s', (limits, uri) => {
    expect(chooseVariant({ variants }, limits)?.uri).toBe(uri)
  })

  it('gives nothing where nothing plays', () => {
    expect(chooseVariant({ variants: variants.slice(1) }, { codecs: ['av01'] })).toBeUndefined()
    expect(chooseVariant({ variants: [] })).toBeUndefined()
  })
})

describe('resolveUri', () => {
  it('resolves against the playlist', () => {
    expect(resolveUri('../a b/0.m4s?x=1', 'https://host/film/v/playlist.m3u8?y=2')).toBe(
      'https://host/film/a%20b/0.m4s?x=1',
    )
    expect(resolveUri('//cdn/x', 'https://host/')).toBe('https://cdn/x')
  })

  it('says what is no address', () => {
    expect(() => resolveUri('a', 'b')).toThrow('"a" is no address below "b".')
  })
})
