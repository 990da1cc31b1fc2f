import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { faultOf } from '../testing/safe-payload.js'
import { cleanId, cleanSettings } from './settings.js'
import { webVttText } from './webvtt-text.js'

describe('webVttText', () => {
  it.each([
    ['<v Tom &amp; Ann>Hi</v> <b>you</b>', '<v Tom &amp; Ann>Hi</v> <b>you</b>'],
    ['<v.loud Fred>hey', '<v Fred>hey</v>'],
    ['<c.yellow.bg_blue.mine>x</c> <c.mine>y</c>', '<c.yellow.bg_blue>x</c> y'],
    ['<lang en-GB>colour</lang>', '<lang en-GB>colour</lang>'],
    ['<lang "><b>x', '<b>x</b>'],
    ['<ruby>漢<rt>kan</rt></ruby>', '<ruby>漢<rt>kan</rt></ruby>'],
    ['one <00:00:02.000>two', 'one two'],
    ['caf&eacute; &#65;&#x42;&#0; &amp &nbsp;', 'caf&eacute; AB &amp;amp &nbsp;'],
    ['&#60;b&#62;', '&lt;b&gt;'],
    ['<script>x</script>', '&lt;script&gt;x&lt;/script&gt;'],
    ['<B>x</B>', '&lt;B&gt;x&lt;/B&gt;'],
  ])('%s', (source, payload) => {
    expect(webVttText(source)).toBe(payload)
  })

  it('is safe whatever the text', () => {
    const piece = fc.constantFrom(
      ...[
        '<v ',
        '<c.red',
        '.',
        '>',
        '</v>',
        '</c>',
        '<',
        '<00:01.000>',
        '&lt;',
        '&#10;',
        '&#13;',
        '&#xd800;',
        '&',
        '\n',
      ],
      ...['<lang en>', '</lang>', '<ruby>', '<rt>', '--', '-->', 'Bob', ' '],
    )
    fc.assert(
      fc.property(fc.array(fc.oneof(piece, fc.string()), { maxLength: 40 }), pieces => {
        const payload = webVttText(pieces.join(''))
        expect(payload === '' ? undefined : faultOf(payload)).toBeUndefined()
      }),
    )
  })
})

describe('cleanSettings', () => {
  it.each([
    ['line:0 position:20%,line-left size:60% align:start', 'line:0 position:20%,line-left size:60% align:start'],
    ['align:middle line:-2', 'align:center line:-2'],
    ['vertical:rl region:fred line:50%,center', 'vertical:rl line:50%,center'],
    ['position:120% size:-1% line:x align:up', undefined],
    ['line:1 line:2', 'line:1'],
    ['constructor:x <b> line:1\n00:00', undefined],
  ])('%s', (raw, settings) => {
    expect(cleanSettings(raw)).toBe(settings)
  })
})

describe('cleanId', () => {
  it('is one line without an arrow', () => {
    expect(cleanId('a\n\nb--->c\0')).toBe('a  bc')
    expect(cleanId(' \n')).toBeUndefined()
  })
})
