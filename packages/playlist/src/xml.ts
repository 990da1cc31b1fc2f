// XML 1.0, as far as it is written.

/** Characters that XML can't hold even escaped, lone surrogates among them. */
const IMPOSSIBLE =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
}

/** A text so that it can stand in an element or an attribute and comes out as it was; what XML can't hold is left out. */
function escapeXml(text: string): string {
  return text
    .replace(IMPOSSIBLE, '')
    .replace(/[&<>"'\t\n\r]/g, character => ENTITIES[character] ?? `&#${character.charCodeAt(0)};`)
}

/** Names and values of attributes; those without a value are not written. */
export type XmlAttributes = Readonly<Record<string, string | number | boolean | undefined>>

/** An element with its children, each of which is an element; two blanks further in. */
export function element(name: string, attributes: XmlAttributes, children: readonly string[] = []): string {
  const head = startTag(name, attributes)
  if (children.length === 0) return `${head}/>`
  return `${head}>\n${indented(children)}\n</${name}>`
}

/** An element with a text. */
export function textElement(name: string, text: string): string {
  return `<${name}>${escapeXml(text)}</${name}>`
}

function startTag(name: string, attributes: XmlAttributes): string {
  let tag = `<${name}`
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== undefined) tag += ` ${key}="${escapeXml(String(value))}"`
  }
  return tag
}

/** Line ends within a text are escaped: each line here starts an element or ends one. */
function indented(children: readonly string[]): string {
  return `  ${children.join('\n').replaceAll('\n', '\n  ')}`
}

/** An xs:duration, to the µs. */
export function durationText(durationUs: number): string {
  const us = Math.max(0, Math.round(durationUs))
  const whole = Math.floor(us / 1e6)
  const fraction = String(us % 1e6)
    .padStart(6, '0')
    .replace(/0+$/, '')
  const hours = Math.floor(whole / 3600)
  const minutes = Math.floor(whole / 60) % 60
  const rest = `${whole % 60}${fraction === '' ? '' : `.${fraction}`}S`
  return `PT${hours > 0 ? `${hours}H` : ''}${hours > 0 || minutes > 0 ? `${minutes}M` : ''}${rest}`
}
