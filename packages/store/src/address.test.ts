import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { cacheFromAddress } from './address.js'
import { cacheKey } from './key.js'

describe('cacheFromAddress', () => {
  it('makes memory, a folder or Redis', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'cuemux-address-'))
    const layersOf = async (address: string): Promise<readonly string[] | undefined> => {
      const cache = cacheFromAddress(address)
      await cache.set('a', Uint8Array.of(1))
      await cache.close()
      return cache.stats().layers?.map(({ name }) => name)
    }
    expect(await layersOf('memory')).toBeUndefined()
    expect(await layersOf(path.join(folder, 'films'))).toEqual(['memory', 'disk'])
    expect(readdirSync(path.join(folder, 'films'))).toEqual(['v1'])
    expect(await layersOf('redis://127.0.0.1:1')).toEqual(['memory', 'redis'])
    expect(await layersOf('rediss://:secret@127.0.0.1:1')).toEqual(['memory', 'redis'])
    rmSync(folder, { recursive: true })
  })

  it.each(['', ' ', 'http://127.0.0.1', 's3://bucket', 'redis:/nowhere'])('refuses %j', address => {
    expect(() => cacheFromAddress(address)).toThrow(expect.objectContaining({ code: 'BAD_REQUEST' }))
  })
})

describe('cacheKey', () => {
  it('tells apart what joined strings would not', () => {
    expect(cacheKey('a', 'b', 1)).toBe('["a","b",1]')
    expect(cacheKey('a', 'b,c')).not.toBe(cacheKey('a,b', 'c'))
    expect(cacheKey('1')).not.toBe(cacheKey(1))
  })
})
