import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { faultOf } from '../testing/safe-payload.js'
import { srtText } from './srt-text.js'

describe('srtText', () => {
  it.each([
    ['a <i>b</i> & <B>c</B>', 'a <i>b</i> &amp; <b>c</b>'],
    ['<u>open', '<u>open</u>'],
    ['<b><i>x</b>y</i>', '<b><i>x</i></b><i>y</i>'],
    ['<font color="#ffff00">yellow</font> <font color=RED>red</font>', '<c.yellow>yellow</c> <c.red>red</c>'],
    ['<font face="Arial">plain</font>', 'plain'],
    ['<font color="white"><i>w</i></font>', '<i>w</i>'],
    ['<script>alert(1)</script>', '&lt;script&gt;alert(1)&lt;/script&gt;'],
    ['<img src=x onerror=alert(1)>', '&lt;img src=x onerror=alert(1)&gt;'],
    ['<i onclick="x">a</i>', '<i>a</i>'],
    ['1 < 2 && 3 --> 4', '1 &lt; 2 &amp;&amp; 3 --&gt; 4'],
    ['R&amp;B &lt;b&gt; &copy;', 'R&amp;B &lt;b&gt; &amp;copy;'],
    ['one<br>two<br/>three', 'one\ntwo\nthree'],
    ['{\\i1}slanted{\\i0} not {a comment}', '<i>slanted</i> not {a comment}'],
    ['<s>gone</s>', 'gone'],
  ])('%s', (source, payload) => {
    expect(srtText(source)).toEqual({ payload })
  })

  it('keeps where a text is to stand', () => {
    expect(srtText('{\\an8}top')).toEqual({ payload: 'top', settings: 'line:0' })
    expect(srtText('{\\an7}left')).toEqual({ payload: 'left', settings: 'line:0 position:3% align:left' })
    expect(srtText('{\\a6}top')).toEqual({ payload: 'top', settings: 'line:0' })
    expect(srtText('{\\pos(192,60)}a\nb')).toEqual({ payload: 'a\nb', settings: 'line:10%' })
    expect(srtText('{\\an2}bottom')).toEqual({ payload: 'bottom' })
  })

  it('is safe whatever the text', () => {
    const piece = fc.constantFrom(
      ...[
        '<i>',
        '</i>',
        '<b',
        '>',
        '<',
        '</',
        '{\\an8}',
        '{\\',
        '}',
        '&amp;',
        '&',
        ';',
        '-->',
        '\n',
        ' ',
        'font color=',
      ],
      ...['<font color="red">', '</font>', '\r', 'text', '<script>', '\ud800', '\0'],
    )
    fc.assert(
      fc.property(fc.array(fc.oneof(piece, fc.string()), { maxLength: 40 }), pieces => {
        const { payload } = srtText(pieces.join(''))
        expect(payload === '' ? undefined : faultOf(payload)).toBeUndefined()
      }),
    )
  })
})
