import { describe, expect, it } from 'vitest'
import { measureClient } from './capabilities.js'

/** A browser that plays these codecs. */
const browser =
  (...codecs: string[]) =>
  (type: string): boolean =>
    codecs.some(codec => type.endsWith(`codecs="${codec}"`))

describe('measureClient', () => {
  it('names what the browser plays', () => {
    const isSupported = browser('avc1.640028', 'mp4a.40.2', 'vp09.00.40.08', 'hvc1.1.6.L120.90')
    expect(measureClient(isSupported)).toEqual(['avc1', 'hvc1.1', 'vp09.00', 'vp9', 'mp4a.40.2'])
  })

  it("asks for a film's own strings where no name covers them", () => {
    const isSupported = browser('avc1.640028', 'hvc1.4.10.L120.90')
    const film = ['avc1.64001e', 'hvc1.4.10.L120.90', 'ac-3']
    expect(measureClient(isSupported, film)).toEqual(['avc1', 'hvc1.4.10.L120.90'])
  })

  it('is empty for a browser that plays nothing', () => {
    expect(measureClient(() => false, ['avc1.64001e'])).toEqual([])
  })
})
