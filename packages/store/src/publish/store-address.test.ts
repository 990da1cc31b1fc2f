import { describe, expect, it } from 'vitest'
import { storeFromAddress } from './store-address.js'

const environment = { AWS_ACCESS_KEY_ID: 'id', AWS_SECRET_ACCESS_KEY: 'secret' }

describe('storeFromAddress', () => {
  it.each([
    ['out', 'folder'],
    ['./ipfs', 'folder'],
    ['C:\\films', 'folder'],
    ['/srv/s3', 'folder'],
    ['ipfs', 'ipfs'],
    ['ipfs:http://127.0.0.1:5001', 'kubo'],
    ['ipfs:https://node.example/api/v0', 'kubo'],
    ['s3://films', 's3'],
    ['s3://films/a/b/', 's3'],
  ])('%s is a store of kind %s', (address, kind) => {
    expect(storeFromAddress(address, { environment }).kind).toBe(kind)
  })

  it.each(['', ' ', 'https://films.example', 'ipfs:', 'ipfs:node', 's3://', 's3:///x', 's3://films?x=1', 'ftp://x'])(
    'refuses %j',
    address => {
      expect(() => storeFromAddress(address, { environment })).toThrow(expect.objectContaining({ code: 'BAD_REQUEST' }))
    },
  )

  it('passes on how files are named', () => {
    const file = { path: 'video-1/7.m4s', address: 'ipfs://c', cid: 'c', sizeBytes: 1 }
    const cdn = { environment, publicUrl: 'https://cdn.example' }
    for (const address of ['out', 's3://films']) {
      expect(storeFromAddress(address, cdn).playlistAddress(file, 'a.m3u8')).toBe('https://cdn.example/video-1/7.m4s')
    }
    for (const address of ['ipfs', 'ipfs:http://127.0.0.1:5001']) {
      const store = storeFromAddress(address, { gateway: 'https://gateway.example' })
      expect(store.playlistAddress(file, 'a.m3u8')).toBe('https://gateway.example/ipfs/c')
    }
  })

  it('says which credentials are missing', () => {
    expect(() => storeFromAddress('s3://films', { environment: {} })).toThrow(
      expect.objectContaining({
        code: 'BAD_REQUEST',
        hint: 'Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the environment.',
      }),
    )
  })
})
