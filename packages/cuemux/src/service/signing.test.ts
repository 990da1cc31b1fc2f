import { afterEach, describe, expect, it, vi } from 'vitest'
import { Signer } from './signing.js'

const signer = new Signer({ secret: 'a secret of sixteen bytes or more' })
afterEach(() => {
  vi.useRealTimers()
})

describe('Signer', () => {
  it('opens what it signed, until its end', async () => {
    vi.useFakeTimers({ now: 1_700_000_000_000 })
    const query = new URLSearchParams(await signer.sign('film', { expiresAt: new Date(1_700_000_060_000) }))
    expect([...query.keys()]).toEqual(['expires', 'signature'])
    expect(query.get('expires')).toBe('1700000060')
    expect(await signer.verify('film', query)).toEqual(Object.fromEntries(query))
    vi.setSystemTime(1_700_000_060_000)
    await expect(signer.verify('film', query)).rejects.toMatchObject({ code: 'FORBIDDEN' })
  })

  it('is the same in every process with the same secret, by RFC 2104', async () => {
    // printf 'cuemux-1\n1700000060\nfilm' | openssl dgst -sha256 -hmac 'a secret of sixteen bytes or more' -binary | base64
    const query = await signer.sign('film', { expiresAt: 1_700_000_060_000 })
    expect(query).toBe('expires=1700000060&signature=kXOanXRQ0cqdyoBK6sf5NTJbjKHDLJ8VdXNSql_yfCc')
  })

  it.each([
    ['no signature', () => ''],
    ['another end', (query: string) => query.replace(/expires=\d/, 'expires=9')],
    ['an end that is no number', (query: string) => query.replace(/expires=\d+/, 'expires=1e99')],
    [
      'a changed signature',
      (query: string) => query.replace(/signature=./, match => (match.endsWith('A') ? 'signature=B' : 'signature=A')),
    ],
    ['a signature that is cut', (query: string) => query.slice(0, -1)],
  ])('refuses %s', async (_, change) => {
    const query = new URLSearchParams(change(await signer.sign('film')))
    await expect(signer.verify('film', query)).rejects.toMatchObject({ code: 'FORBIDDEN' })
  })

  it("refuses another film's signature, and another secret's", async () => {
    const query = new URLSearchParams(await signer.sign('film'))
    await expect(signer.verify('other', query)).rejects.toMatchObject({ code: 'FORBIDDEN' })
    const other = new Signer({ secret: new Uint8Array(32) })
    await expect(other.verify('film', query)).rejects.toMatchObject({ code: 'FORBIDDEN' })
  })

  it('does not take a secret that can be guessed', () => {
    expect(() => new Signer({ secret: 'short' })).toThrow(/16 bytes/)
  })
})
