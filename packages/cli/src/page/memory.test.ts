import { beforeEach, describe, expect, it, vi } from 'vitest'
import { keepPosition, keepSettings, readPosition, readSettings } from './memory.js'

let stored: Map<string, string>
beforeEach(() => {
  stored = new Map()
  vi.stubGlobal('localStorage', {
    getItem: (key: string) => stored.get(key) ?? null,
    setItem: (key: string, value: string) => stored.set(key, value),
  })
})

describe('settings', () => {
  it('are kept together', () => {
    keepSettings({ volume: 0.5, isMuted: false })
    keepSettings({ text: 'off' })
    expect(readSettings()).toEqual({ volume: 0.5, isMuted: false, text: 'off' })
  })

  it.each(['', '{', '7', 'null', '{"volume": 7, "isMuted": 1, "audio": [], "text": null}'])('are none in %j', text => {
    stored.set('cuemux.settings', text)
    expect(readSettings()).toEqual({})
  })

  it('are forgotten where nothing can be stored', () => {
    vi.stubGlobal('localStorage', undefined)
    keepSettings({ volume: 1 })
    expect(readSettings()).toEqual({})
  })
})

describe('positions', () => {
  it('are kept per film, but not near a beginning or an end', () => {
    keepPosition('a', 754, 7200)
    keepPosition('b', 4.9, 7200)
    keepPosition('c', 7190, 7200)
    expect(['a', 'b', 'c'].map(readPosition)).toEqual([754, undefined, undefined])
    keepPosition('a', 7190, 7200)
    expect(readPosition('a')).toBeUndefined()
  })

  it('are kept of the films seen last', () => {
    vi.useFakeTimers({ now: 0 })
    for (let n = 0; n < 210; n++) {
      vi.setSystemTime(n)
      keepPosition(`film ${n}`, 60, 7200)
    }
    vi.useRealTimers()
    expect(readPosition('film 9')).toBeUndefined()
    expect(readPosition('film 10')).toBe(60)
  })

  it('are left out where they are broken', () => {
    stored.set('cuemux.positions', '{"a": 5, "b": null, "c": {"at": "x", "savedAt": 1}, "d": {"at": 9, "savedAt": 1}}')
    expect(['a', 'b', 'c', 'd'].map(readPosition)).toEqual([undefined, undefined, undefined, 9])
  })
})
