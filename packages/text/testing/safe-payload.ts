const TOKEN = /<(\/?)(b|i|u|c|v|lang|ruby|rt)((?:\.[a-z_]+)*)(?: ([^<>\n]+))?>|&(?:amp|lt|gt|[a-z][a-z\d]+);/gi

/** What is wrong with a payload that is to be safe; `undefined` where nothing is. */
export function faultOf(payload: string): string | undefined {
  if (payload === '') return 'empty'
  if (/[\0\r]|\p{Surrogate}/u.test(payload)) return 'a character that must not be there'
  if (payload.includes('-->')) return 'an arrow'
  if (payload.split('\n').some(line => /^[ \t]*$/.test(line))) return 'a blank line'
  if (payload.length > 64 * 1024) return 'too long'
  const open: string[] = []
  for (const [, slash, name] of payload.matchAll(TOKEN)) {
    if (name === undefined) continue
    if (slash === '') open.push(name)
    else if (open.pop() !== name) return `</${name}> closes another tag`
  }
  if (open.length > 0) return `<${open.at(-1)}> is open`
  return /[<>&]/.test(payload.replace(TOKEN, '')) ? 'markup' : undefined
}
