import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { checkAddress, checkResolved } from './address-policy.js'
import { isPublicAddress } from './ip-address.js'

const refused = expect.objectContaining({ code: 'BAD_REQUEST' })

describe('an address of the network', () => {
  test.each([
    '8.8.8.8',
    '172.15.255.255',
    '172.32.0.0',
    '100.63.255.255',
    '100.128.0.1',
    '169.253.1.1',
    '192.167.255.255',
    '2606:4700::1111',
    '2a00:1450:4001:81b::200e',
    '::ffff:8.8.8.8',
    '64:ff9b::808:808',
    '2002:808:808::1',
  ])('%s is public', address => {
    expect(isPublicAddress(address)).toBe(true)
  })

  test.each([
    '0.0.0.0',
    '10.1.2.3',
    '100.64.0.1',
    '100.100.100.200',
    '127.0.0.1',
    '127.255.255.254',
    '168.63.129.16',
    '169.254.169.254',
    '172.16.0.1',
    '172.31.255.255',
    '192.0.0.192',
    '192.168.1.1',
    '198.19.0.1',
    '224.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    '[::1]',
    'fe80::1%eth0',
    'fc00::1',
    'fd00:ec2::254',
    'fec0::1',
    'ff02::1',
    '::ffff:127.0.0.1',
    '::ffff:7f00:1',
    '::127.0.0.1',
    '64:ff9b::7f00:1',
    '64:ff9b:1::1',
    '2002:7f00:1::',
    '2001::1',
    '2001:db8::1',
    'no address',
    '1.2.3',
    '1:2:3',
    '1::2::3',
    '',
  ])('%j is not', address => {
    expect(isPublicAddress(address)).toBe(false)
  })

  test('any text at all is judged', () => {
    fc.assert(fc.property(fc.string(), text => typeof isPublicAddress(text) === 'boolean'))
    fc.assert(fc.property(fc.ipV6(), text => !isPublicAddress(text) || /^([23]|::ffff|64:ff9b|0)/i.test(text)))
  })
})

describe('a policy', () => {
  test.each([
    ['http://127.0.0.1/'],
    ['http://127.1/'],
    ['http://2130706433/'],
    ['http://0x7f.0.0.1/'],
    ['http://0177.0.0.1/'],
    ['http://[::ffff:127.0.0.1]/'],
    ['http://[::1]:80/'],
    ['http://１２７.0.0.1/'],
    ['file:///etc/passwd'],
    ['gopher://example.com/'],
    ['nonsense'],
  ])('of nothing said refuses %s', url => {
    expect(() => checkAddress(url, {})).toThrow(refused)
  })

  test('of nothing said allows what is public', () => {
    expect(checkAddress('https://films.example.com:8443/a?b', {}).port).toBe('8443')
    expect(checkAddress('http://8.8.8.8/', {}).hostname).toBe('8.8.8.8')
  })

  test('names hosts, and hosts below them', () => {
    const policy = { allowHosts: ['films.example.com', '*.Cdn.example.com', '127.0.0.1'] }
    for (const host of ['films.example.com', 'FILMS.example.com.', 'a.cdn.example.com', 'a.b.cdn.example.com']) {
      expect(checkAddress(`http://${host}/`, policy)).toBeInstanceOf(URL)
    }
    // A private address is not lifted by the list alone.
    for (const host of [
      'example.com',
      'cdn.example.com',
      'evilcdn.example.com',
      'films.example.com.evil',
      '127.0.0.1',
    ]) {
      expect(() => checkAddress(`http://${host}/`, policy)).toThrow(refused)
    }
    expect(checkAddress('http://127.0.0.1/', { ...policy, allowPrivate: true })).toBeInstanceOf(URL)
    expect(() => checkAddress('http://films.example.com@evil/', policy)).toThrow(refused)
    expect(() => checkAddress('http://films.example.com/', { allowHosts: [] })).toThrow(refused)
  })

  test('names schemes and ports', () => {
    expect(() => checkAddress('http://a.example/', { schemes: ['https'] })).toThrow(/http is not an allowed scheme/)
    expect(() => checkAddress('http://a.example:22/', { allowPorts: [80, 443] })).toThrow(/22 is not an allowed port/)
    expect(checkAddress('https://a.example/', { allowPorts: [443] })).toBeInstanceOf(URL)
  })

  test('judges what a name resolves to', () => {
    expect(() => checkResolved('10.0.0.1', {})).toThrow(refused)
    expect(() => checkResolved('10.0.0.1', { allowPrivate: true })).not.toThrow()
    expect(() => checkResolved('1.1.1.1', {})).not.toThrow()
  })
})
