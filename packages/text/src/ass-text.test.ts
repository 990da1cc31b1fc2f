import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { faultOf } from '../testing/safe-payload.js'
import { assCue } from './ass-event.js'
import { parseAssHeader } from './ass-style.js'

const HEADER = `[Script Info]
; a comment
ScriptType: v4.00+
PlayResX: 640
PlayResY: 360

[V4+ Styles]
Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, Italic, Underline, StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, Alignment, MarginL, MarginR, MarginV, Encoding
Style: Default,Arial,20,&H00FFFFFF,&H000000FF,&H00000000,&H00000000,0,0,0,0,100,100,0,0,1,2,2,2,10,10,10,1
Style: Sign,Arial,20,&H0000FFFF,&H000000FF,&H00000000,&H00000000,-1,0,0,0,100,100,0,0,1,2,2,8,10,10,10,1
Style: Slanted,Arial,20,&H00FFFFFF,&H000000FF,&H00000000,&H00000000,0,1,0,0,100,100,0,0,1,2,2,2,10,10,10,1
Style: LeftSide,Arial,20,&H00FFFFFF,&H000000FF,&H00000000,&H00000000,0,0,0,0,100,100,0,0,1,2,2,1,64,10,10,1
`

function convert(text: string, style = 'Default', margins: Partial<{ marginV: number }> = {}) {
  const event = { startUs: 0, endUs: 1, style, marginL: 0, marginR: 0, marginV: 0, ...margins, text }
  const { payload, settings } = assCue(event, parseAssHeader(HEADER))
  return settings === undefined ? payload : [payload, settings]
}

describe('assCue', () => {
  it.each([
    ['a {\\i1}b{\\i0} {\\b1}c{\\b0} {\\u1}d', 'a <i>b</i> <b>c</b> <u>d</u>'],
    ['{\\b700}heavy{\\b400} light', '<b>heavy</b> light'],
    ['{\\bord2\\be1\\blur3\\fad(100,200)\\fscx120}plain', 'plain'],
    ['one\\Ntwo\\nthree\\hfour', 'one\ntwo three\u00a0four'],
    ['{a comment}text{another}', 'text'],
    ['{\\k20}ka{\\kf30}ra{\\ko10}o{\\K5}ke', 'karaoke'],
    ['{\\p1}m 0 0 l 100 0 100 100{\\p0} after', 'after'],
    ['{\\p2}m 0 0 l 1 1', ''],
    ['{\\c&H00FF00&}green{\\c} {\\1c&H0000FF&}red', '<c.lime>green</c> <c.red>red</c>'],
    ['{\\i1}a{\\r}b{\\rSlanted}c', '<i>a</i>b<i>c</i>'],
    ['{\\t(0,500,\\c&HFF&\\clip(0,0,1,1))\\i1}x', '<i>x</i>'],
    ['an { open brace', 'an { open brace'],
    ['\\{not a tag\\}', '{not a tag}'],
    [
      '<script>alert(1)</script> & --> {\\i1}<b>',
      '&lt;script&gt;alert(1)&lt;/script&gt; &amp; --&gt; <i>&lt;b&gt;</i>',
    ],
    ['a\\N\\N\\Nb\\N', 'a\nb'],
  ])('%s', (text, payload) => {
    expect(convert(text)).toBe(payload)
  })

  it('begins with the style of the event', () => {
    expect(convert('x', 'Slanted')).toBe('<i>x</i>')
    expect(convert('x', '*slanted')).toBe('<i>x</i>')
    expect(convert('{\\i0}x', 'Slanted')).toBe('x')
    expect(convert('x', 'Sign')).toEqual(['<c.yellow><b>x</b></c>', 'line:0'])
    expect(convert('x', 'unknown')).toBe('x')
  })

  it('keeps a place that says something', () => {
    expect(convert('{\\an8}top')).toEqual(['top', 'line:0'])
    expect(convert('{\\a6}top')).toEqual(['top', 'line:0'])
    expect(convert('{\\an5}middle')).toEqual(['middle', 'line:47%'])
    expect(convert('{\\an9}right')).toEqual(['right', 'line:0 position:98% align:right'])
    expect(convert('left', 'LeftSide')).toEqual(['left', 'position:10% align:left'])
    expect(convert('{\\an2}bottom')).toBe('bottom')
    expect(convert('high', 'Default', { marginV: 180 })).toEqual(['high', 'line:45%'])
    expect(convert('{\\an8}{\\an2}the first wins')).toEqual(['the first wins', 'line:0'])
  })

  it('puts a text where \\pos says', () => {
    expect(convert('{\\an7\\pos(64,90)}sign')).toEqual(['sign', 'line:25% position:10% align:left'])
    expect(convert('{\\pos(320,345)}where it is anyway')).toBe('where it is anyway')
    expect(convert('{\\an5\\pos(480,180)}right of the middle')).toEqual([
      'right of the middle',
      'line:47% position:75%',
    ])
    expect(convert('{\\an8\\move(320,36,320,300)}moves')).toEqual(['moves', 'line:10%'])
    expect(convert('{\\an7\\pos(-900,99999)}outside')).toEqual(['outside', 'line:95% position:0% align:left'])
  })

  it('is safe whatever the text', () => {
    const piece = fc.constantFrom(
      ...[
        '{',
        '}',
        '\\',
        '\\i1',
        '\\b',
        '\\c&HFF&',
        '\\p1',
        '\\p0',
        '\\t(',
        ')',
        '(',
        '\\pos(1,2)',
        '\\N',
        '\\h',
        '\\an8',
      ],
      ...['<i>', '-->', '&', '\\rSign', '\\r', '\n'],
    )
    fc.assert(
      fc.property(fc.array(fc.oneof(piece, fc.string()), { maxLength: 40 }), pieces => {
        const shown = convert(pieces.join(''))
        const payload = typeof shown === 'string' ? shown : shown[0]!
        expect(payload === '' ? undefined : faultOf(payload)).toBeUndefined()
      }),
    )
  })
})

describe('parseAssHeader', () => {
  it('reads SSA: its own order of fields and alignments', () => {
    const header = parseAssHeader(`[Script Info]
PlayResY: 480
[V4 Styles]
Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, TertiaryColour, BackColour, Bold, Italic, BorderStyle, Outline, Shadow, Alignment, MarginL, MarginR, MarginV, AlphaLevel, Encoding
Style: Default,Arial,20,65535,255,0,0,-1,0,1,2,2,6,10,11,12,0,1`)
    expect(header.playResX).toBe(640)
    expect(header.styles.get('default')).toEqual({
      bold: true,
      italic: false,
      underline: false,
      colour: 0xffff00,
      alignment: 8,
      marginL: 10,
      marginR: 11,
      marginV: 12,
    })
  })

  it('takes anything', () => {
    fc.assert(
      fc.property(fc.string(), text => {
        expect(parseAssHeader(`[V4+ Styles]\nStyle: ${text}\n${text}`).playResX).toBeGreaterThan(0)
      }),
    )
  })
})
