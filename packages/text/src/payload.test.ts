import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { faultOf } from '../testing/safe-payload.js'
import { PayloadWriter, plainPayload } from './payload.js'

describe('PayloadWriter', () => {
  it('escapes what is no tag', () => {
    expect(plainPayload('<script>alert("a&b")</script> 1 --> 2')).toBe(
      '&lt;script&gt;alert("a&amp;b")&lt;/script&gt; 1 --&gt; 2',
    )
  })

  it('drops blank lines, white space at the ends of lines, NUL and byte order marks', () => {
    expect(plainPayload(' \r\n one \r\n\r\n\t\n two\0 \ufeff\n')).toBe('one\ntwo')
  })

  it('keeps no-break spaces, and replaces halves of characters', () => {
    expect(plainPayload('\u00a0a\ud800b😀')).toBe('\u00a0a\ufffdb😀')
  })

  it('nests what the source crosses, and closes what it leaves open', () => {
    const writer = new PayloadWriter()
    writer.open('b', 'b')
    writer.text('one ')
    writer.open('i', 'i')
    writer.text('two ')
    writer.close('b')
    writer.text('three')
    expect(writer.finish()).toBe('<b>one <i>two</i></b> <i>three</i>')
  })

  it('writes no empty tags, and passes over those that close nothing', () => {
    const writer = new PayloadWriter()
    writer.close('u')
    writer.open('i', 'i')
    writer.text(' \n')
    writer.close('i')
    expect(writer.finish()).toBe('')
  })

  it('is cut at a character, 64 KiB at most', () => {
    const payload = plainPayload('😀&'.repeat(100_000))
    expect(payload.length).toBeLessThanOrEqual(65_536)
    expect(faultOf(payload)).toBeUndefined()
  })

  it('is safe whatever is asked for', () => {
    const name = fc.constantFrom('b', 'i', 'u', 'c')
    const text = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('-->', '\n\n', '<b>', '&', '\r', ' '))
    const step = fc.oneof(
      fc.record({ kind: fc.constant('open' as const), value: name }),
      fc.record({ kind: fc.constant('close' as const), value: name }),
      fc.record({ kind: fc.constant('text' as const), value: text }),
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), steps => {
        const writer = new PayloadWriter()
        for (const { kind, value } of steps) {
          if (kind === 'open') writer.open(value, value)
          else writer[kind](value)
        }
        const payload = writer.finish()
        expect(payload === '' ? undefined : faultOf(payload)).toBeUndefined()
      }),
    )
  })
})
